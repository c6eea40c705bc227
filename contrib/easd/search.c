/* Search (MS-ASCMD 2.2.1.16): in the address list, and in the mailbox. */
#include <stdio.h>
#include <string.h>

#include "contrib/easd/command.h"
#include "contrib/easd/edit.h"
#include "contrib/easd/item.h"
#include "contrib/easd/long_id.h"
#include "contrib/easd/mail_search.h"
#include "contrib/easd/people.h"
#include "contrib/easd/times.h"

enum {
    STATUS_OK = 1,
    STATUS_INVALID = 2,
    STATUS_DENIED = 5,
    STATUS_TOO_COMPLEX = 8,
    STATUS_HIERARCHY = 11,
    STATUS_RANGE = 12,
};

struct search {
    struct request *request;
    struct item_writer writer;
    const struct eas_node *query, *options;
    guint from, to;
};

/* ---- the answer's frame ---- */

static void write_head(struct wbxml_writer *wbxml, int status)
{
    wbxml_open(wbxml, TAG_Search_Search);
    wbxml_number(wbxml, TAG_Search_Status, STATUS_OK);
    wbxml_open(wbxml, TAG_Search_Response);
    wbxml_open(wbxml, TAG_Search_Store);
    wbxml_number(wbxml, TAG_Search_Status, status);
}

static void write_tail(struct wbxml_writer *wbxml, const struct search *search, guint total)
{
    char range[32];

    if (total == 0) {
        wbxml_empty(wbxml, TAG_Search_Result);
    } else {
        snprintf(range, sizeof range, "%u-%u", search->from, MIN(search->to, total - 1));
        wbxml_text(wbxml, TAG_Search_Range, range);
        wbxml_number(wbxml, TAG_Search_Total, total);
    }
}

/* ---- the address list ---- */

static struct pictures read_pictures(const struct search *search)
{
    const struct eas_node *node = eas_node_child(search->options, TAG_Search_Picture);

    return (struct pictures){.wanted = node && search->request->version >= 141,
                             .max_size = eas_node_number(node, TAG_Search_MaxSize, -1),
                             .max_count = eas_node_number(node, TAG_Search_MaxPictures, -1)};
}

static int search_people(struct search *search)
{
    struct wbxml_writer *wbxml = &search->writer.wbxml;
    struct pictures pictures = read_pictures(search);
    g_autoptr(GPtrArray) people = NULL;

    if (search->query->first || search->query->length == 0)
        return STATUS_INVALID;
    people = people_find(search->request->server, search->query->text);
    if (search->from > 0 && search->from >= people->len)
        return STATUS_RANGE;
    write_head(wbxml, STATUS_OK);
    for (guint i = search->from; i < people->len && i <= search->to; i++) {
        wbxml_open(wbxml, TAG_Search_Result);
        wbxml_open(wbxml, TAG_Search_Properties);
        person_write(wbxml, people->pdata[i], &pictures);
        wbxml_close(wbxml);
        wbxml_close(wbxml);
    }
    write_tail(wbxml, search, people->len);
    return STATUS_OK;
}

/* ---- the mailbox ---- */

static bool class_named(const char *name, enum item_class *class)
{
    for (int i = 0; i < CLASS_COUNT; i++)
        if (g_strcmp0(class_name((enum item_class)i), name) == 0) {
            *class = (enum item_class)i;
            return true;
        }
    return false;
}

static int read_limit(const struct eas_node *node, gint64 *limit)
{
    return eas_node_child(node, TAG_Email_DateReceived) && times_read(eas_node_text(node, TAG_Search_Value), limit)
               ? STATUS_OK
               : STATUS_INVALID;
}

static int read_folder(const struct search *search, const char *id, struct mail_query *query)
{
    struct folder *folder = mailbox_folder(search->request->mailbox, id);

    if (!folder)
        return STATUS_HIERARCHY;
    g_ptr_array_add(query->folders, folder);
    return STATUS_OK;
}

static int read_condition(const struct search *search, const struct eas_node *node, struct mail_query *query)
{
    switch (node->tag) {
    case TAG_Search_FreeText:
        query->text = node->text;
        return node->length ? STATUS_OK : STATUS_INVALID;
    case TAG_AirSync_Class:
        return class_named(node->text, &query->class) ? STATUS_OK : STATUS_INVALID;
    case TAG_AirSync_CollectionId:
        return read_folder(search, node->text, query);
    case TAG_Search_GreaterThan:
        return read_limit(node, &query->after);
    case TAG_Search_LessThan:
        return read_limit(node, &query->before);
    default:
        return STATUS_TOO_COMPLEX;
    }
}

static int read_query(const struct search *search, struct mail_query *query)
{
    const struct eas_node *first = search->query->first;
    const struct eas_node *list = first && first->tag == TAG_Search_And ? first : search->query;
    int status = list->first ? STATUS_OK : STATUS_INVALID;

    for (const struct eas_node *node = list->first; node && status == STATUS_OK; node = node->next)
        status = read_condition(search, node, query);
    return status;
}

static void write_hit(struct search *search, const struct mail_hit *hit, const struct options *options)
{
    struct wbxml_writer *wbxml = &search->writer.wbxml;
    g_autofree char *long_id = long_id_of(hit->folder, hit->entry);
    guint mark = wbxml->out->len;
    unsigned page = wbxml->page;

    wbxml_open(wbxml, TAG_Search_Result);
    wbxml_text(wbxml, TAG_AirSync_Class, class_name(hit->folder->class));
    wbxml_text(wbxml, TAG_Search_LongId, long_id);
    wbxml_text(wbxml, TAG_AirSync_CollectionId, hit->folder->id);
    wbxml_open(wbxml, TAG_Search_Properties);
    if (item_write(&search->writer, hit->folder, hit->entry, options) == ITEM_WRITTEN) {
        wbxml_close(wbxml);
        wbxml_close(wbxml);
        return;
    }
    g_byte_array_set_size(wbxml->out, mark); /* it turned out to be none */
    wbxml->page = page;
}

static int search_mailbox(struct search *search)
{
    struct mail_query query = {.folders = g_ptr_array_new(), .after = INT64_MIN, .before = INT64_MAX};
    g_autoptr(GPtrArray) folders = query.folders;
    g_autoptr(GArray) hits = NULL;
    struct options options;
    int status;

    query.deep = eas_node_child(search->options, TAG_Search_DeepTraversal);
    status = read_query(search, &query);
    options_init(&options);
    if (status == STATUS_OK && search->options && options_read(&options, search->options, query.class) != 1)
        status = STATUS_INVALID;
    if (status != STATUS_OK)
        return status;
    hits = mail_search(search->request->mailbox, &query, search->request->version);
    if (search->from > 0 && search->from >= hits->len)
        return STATUS_RANGE;
    write_head(&search->writer.wbxml, STATUS_OK);
    for (guint i = search->from; i < hits->len && i <= search->to; i++)
        write_hit(search, &g_array_index(hits, struct mail_hit, i), &options);
    write_tail(&search->writer.wbxml, search, hits->len);
    return STATUS_OK;
}

static int run_store(struct search *search, const struct eas_node *store)
{
    const char *name = eas_node_text(store, TAG_Search_Name);

    search->query = eas_node_child(store, TAG_Search_Query);
    search->options = eas_node_child(store, TAG_Search_Options);
    if (!name || !search->query ||
        !range_read(edit_text(search->options, TAG_Search_Range), &search->from, &search->to))
        return STATUS_INVALID;
    if (g_ascii_strcasecmp(name, "GAL") == 0)
        return search_people(search);
    if (g_ascii_strcasecmp(name, "Mailbox") == 0)
        return search_mailbox(search);
    return g_ascii_strcasecmp(name, "DocumentLibrary") == 0 ? STATUS_DENIED : STATUS_INVALID;
}

void run_search(struct request *request, struct answer *answer)
{
    const struct eas_node *store = eas_node_child(request->root, TAG_Search_Store);
    struct search search = {.request = request, .writer = {.answer = answer, .version = request->version}};
    int status;

    if (!store) {
        answer_global_status(request, answer, 103);
        return;
    }
    search.writer.buffer = g_byte_array_new();
    answer_begin(answer, &search.writer.wbxml);
    status = run_store(&search, store);
    if (status != STATUS_OK)
        write_head(&search.writer.wbxml, status);
    for (int i = 0; i < 3; i++)
        wbxml_close(&search.writer.wbxml);
    g_byte_array_unref(search.writer.buffer);
}
