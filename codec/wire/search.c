#include "codec/wire/search.h"

#include <string.h>

#include "codec/limits.h"
#include "codec/wire/answer.h"

/* ---- requests ---- */

static void write_range(struct wbxml_writer *writer, eas_tag tag, int count)
{
    char range[32];

    g_snprintf(range, sizeof range, "0-%d", CLAMP(count, 1, LIMIT_SEARCH_HITS) - 1);
    wbxml_text(writer, tag, range);
}

static void write_picture(struct wbxml_writer *writer, eas_tag picture, eas_tag size, eas_tag count)
{
    wbxml_open(writer, picture);
    wbxml_number(writer, size, LIMIT_GAL_PICTURE_BYTES);
    wbxml_number(writer, count, LIMIT_GAL_PICTURES);
    wbxml_close(writer);
}

static void search_open(struct wbxml_writer *writer, GByteArray *out, const char *store)
{
    wbxml_writer_init(writer, out);
    wbxml_open(writer, TAG_Search_Search);
    wbxml_open(writer, TAG_Search_Store);
    wbxml_text(writer, TAG_Search_Name, store);
}

static void search_close(struct wbxml_writer *writer)
{
    wbxml_close(writer);
    wbxml_close(writer);
}

static void find_open(struct wbxml_writer *writer, GByteArray *out, const struct search_question *question,
                      eas_tag criterion)
{
    wbxml_writer_init(writer, out);
    wbxml_open(writer, TAG_Find_Find);
    wbxml_text(writer, TAG_Find_SearchId, question->search_id);
    wbxml_open(writer, TAG_Find_ExecuteSearch);
    wbxml_open(writer, criterion);
}

static void find_close(struct wbxml_writer *writer)
{
    wbxml_close(writer);
    wbxml_close(writer);
    wbxml_close(writer);
}

static bool finds(enum eas_version version, const struct search_question *question)
{
    return question->find && version >= EAS_16_1;
}

static void find_gal(GByteArray *out, const struct search_question *question)
{
    struct wbxml_writer writer;

    find_open(&writer, out, question, TAG_Find_GalSearchCriterion);
    wbxml_text(&writer, TAG_Find_Query, question->text);
    wbxml_open(&writer, TAG_Find_Options);
    write_range(&writer, TAG_Find_Range, question->count);
    if (question->pictures)
        write_picture(&writer, TAG_Find_Picture, TAG_Find_MaxSize, TAG_Find_MaxPictures);
    wbxml_close(&writer);
    find_close(&writer);
}

void search_gal_request(GByteArray *out, enum eas_version version, const struct search_question *question)
{
    struct wbxml_writer writer;

    if (finds(version, question)) {
        find_gal(out, question);
        return;
    }
    search_open(&writer, out, "GAL");
    wbxml_text(&writer, TAG_Search_Query, question->text);
    wbxml_open(&writer, TAG_Search_Options);
    write_range(&writer, TAG_Search_Range, question->count);
    if (question->pictures && version >= EAS_14_1)
        write_picture(&writer, TAG_Search_Picture, TAG_Search_MaxSize, TAG_Search_MaxPictures);
    wbxml_close(&writer);
    search_close(&writer);
}

static void find_mailbox(GByteArray *out, const struct search_question *question)
{
    struct wbxml_writer writer;

    find_open(&writer, out, question, TAG_Find_MailBoxSearchCriterion);
    wbxml_open(&writer, TAG_Find_Query);
    wbxml_text(&writer, TAG_AirSync_Class, "Email");
    if (question->collection_id)
        wbxml_text(&writer, TAG_AirSync_CollectionId, question->collection_id);
    wbxml_text(&writer, TAG_Find_FreeText, question->text);
    wbxml_close(&writer);
    wbxml_open(&writer, TAG_Find_Options);
    write_range(&writer, TAG_Find_Range, question->count);
    wbxml_empty(&writer, TAG_Find_DeepTraversal);
    wbxml_close(&writer);
    find_close(&writer);
}

/* CollectionId before Class, or some servers fail (NOTES section 18). No BodyPreference: properties are enough, the
 * body is in the replica or fetched when it is opened. */
void search_mailbox_request(GByteArray *out, enum eas_version version, const struct search_question *question)
{
    struct wbxml_writer writer;

    if (finds(version, question)) {
        find_mailbox(out, question);
        return;
    }
    search_open(&writer, out, "Mailbox");
    wbxml_open(&writer, TAG_Search_Query);
    wbxml_open(&writer, TAG_Search_And);
    if (question->collection_id)
        wbxml_text(&writer, TAG_AirSync_CollectionId, question->collection_id);
    wbxml_text(&writer, TAG_AirSync_Class, "Email");
    wbxml_text(&writer, TAG_Search_FreeText, question->text);
    wbxml_close(&writer);
    wbxml_close(&writer);
    wbxml_open(&writer, TAG_Search_Options);
    wbxml_empty(&writer, TAG_Search_RebuildResults);
    wbxml_empty(&writer, TAG_Search_DeepTraversal);
    write_range(&writer, TAG_Search_Range, question->count);
    wbxml_close(&writer);
    search_close(&writer);
}

/* ---- answers ---- */

/* Where the hits of either command stand. */
struct form {
    eas_tag result, properties, long_id;
};
static const struct form search_form = {TAG_Search_Result, TAG_Search_Properties, TAG_Search_LongId};
static const struct form find_form = {TAG_Find_Result, TAG_Find_Properties, EAS_TAG_NONE};

static const struct eas_node *open_answer(const struct eas_node *root, const struct form **form, int *status)
{
    const struct eas_node *holder;

    *status = answer_status(root);
    *form = &search_form;
    if (root && root->tag == TAG_Find_Find) {
        *form = &find_form;
        holder = eas_node_child(root, TAG_Find_Response);
        *status = (int)eas_node_number(holder, TAG_Find_Status, *status);
        return holder;
    }
    if (!root || root->tag != TAG_Search_Search)
        return NULL;
    holder = eas_node_child(eas_node_child(root, TAG_Search_Response), TAG_Search_Store);
    *status = (int)eas_node_number(holder, TAG_Search_Status, *status);
    return holder;
}

static void take_text(char **to, const struct eas_node *properties, eas_tag tag)
{
    const char *text = eas_node_text(properties, tag);

    *to = text && *text ? g_strndup(text, LIMIT_GAL_TEXT_BYTES) : NULL;
}

/* As bytes, or as base64 text (NOTES section 9). */
static GBytes *read_picture(const struct eas_node *properties)
{
    const struct eas_node *picture = eas_node_child(properties, TAG_GAL_Picture);
    const struct eas_node *data = eas_node_child(picture, TAG_GAL_Data);
    gsize size;

    if (!data || !data->length || eas_node_number(picture, TAG_GAL_Status, 1) != 1)
        return NULL;
    if (data->opaque)
        return g_bytes_new(data->text, data->length);
    guchar *bytes = g_base64_decode(data->text, &size);

    return size ? g_bytes_new_take(bytes, size) : (g_free(bytes), NULL);
}

static void entry_clear(void *data)
{
    struct gal_entry *entry = data;

    g_free(entry->display_name);
    g_free(entry->first_name);
    g_free(entry->last_name);
    g_free(entry->email);
    g_free(entry->alias);
    g_free(entry->phone);
    g_free(entry->mobile_phone);
    g_free(entry->home_phone);
    g_free(entry->office);
    g_free(entry->title);
    g_free(entry->company);
    g_clear_pointer(&entry->picture, g_bytes_unref);
}

static void read_entry(const struct eas_node *properties, GArray *entries)
{
    struct gal_entry entry = {0};
    const struct {
        char **to;
        eas_tag tag;
    } rows[] = {
        {&entry.display_name, TAG_GAL_DisplayName},
        {&entry.first_name, TAG_GAL_FirstName},
        {&entry.last_name, TAG_GAL_LastName},
        {&entry.email, TAG_GAL_EmailAddress},
        {&entry.alias, TAG_GAL_Alias},
        {&entry.phone, TAG_GAL_Phone},
        {&entry.mobile_phone, TAG_GAL_MobilePhone},
        {&entry.home_phone, TAG_GAL_HomePhone},
        {&entry.office, TAG_GAL_Office},
        {&entry.title, TAG_GAL_Title},
        {&entry.company, TAG_GAL_Company},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        take_text(rows[i].to, properties, rows[i].tag);
    entry.picture = read_picture(properties);
    if (entry.display_name || entry.email)
        g_array_append_val(entries, entry);
    else
        entry_clear(&entry); /* an empty Result stands for "none" */
}

void search_gal_read(const struct eas_node *root, struct search_answer *answer)
{
    const struct form *form;
    const struct eas_node *holder = open_answer(root, &form, &answer->status);

    answer->hits = NULL;
    answer->entries = g_array_new(FALSE, TRUE, sizeof(struct gal_entry));
    g_array_set_clear_func(answer->entries, entry_clear);
    for (const struct eas_node *result = eas_node_child(holder, form->result);
         result && answer->entries->len < LIMIT_SEARCH_HITS; result = eas_node_next(result)) {
        const struct eas_node *properties = eas_node_child(result, form->properties);

        if (properties)
            read_entry(properties, answer->entries);
    }
}

static void hit_clear(void *data)
{
    struct search_hit *hit = data;

    g_free(hit->long_id);
    g_free(hit->collection_id);
    g_free(hit->server_id);
    g_free(hit->class);
    eas_node_free(hit->properties);
}

static void take_id(char **to, const struct eas_node *result, eas_tag tag)
{
    const char *id = tag == EAS_TAG_NONE ? NULL : eas_node_text(result, tag);

    *to = id && *id && strlen(id) <= LIMIT_KEY_BYTES ? g_strdup(id) : NULL;
}

static void read_hit(const struct eas_node *result, const struct form *form, GArray *hits)
{
    const struct eas_node *properties = eas_node_child(result, form->properties);
    struct search_hit hit = {0};

    take_id(&hit.long_id, result, form->long_id);
    take_id(&hit.collection_id, result, TAG_AirSync_CollectionId);
    take_id(&hit.server_id, result, TAG_AirSync_ServerId);
    take_id(&hit.class, result, TAG_AirSync_Class);
    hit.properties = properties ? eas_node_copy(properties) : eas_node_new(form->properties, "");
    if (hit.long_id || (hit.collection_id && hit.server_id))
        g_array_append_val(hits, hit);
    else
        hit_clear(&hit);
}

void search_mailbox_read(const struct eas_node *root, struct search_answer *answer)
{
    const struct form *form;
    const struct eas_node *holder = open_answer(root, &form, &answer->status);

    answer->entries = NULL;
    answer->hits = g_array_new(FALSE, TRUE, sizeof(struct search_hit));
    g_array_set_clear_func(answer->hits, hit_clear);
    for (const struct eas_node *result = eas_node_child(holder, form->result);
         result && answer->hits->len < LIMIT_SEARCH_HITS; result = eas_node_next(result))
        read_hit(result, form, answer->hits);
}

void search_answer_clear(struct search_answer *answer)
{
    g_clear_pointer(&answer->entries, g_array_unref);
    g_clear_pointer(&answer->hits, g_array_unref);
}
