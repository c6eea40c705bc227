/* Find (MS-ASCMD 2.2.1.2, 16.1): what Search is before it, with words, and without bodies. */
#include <stdio.h>
#include <string.h>

#include "contrib/easd/command.h"
#include "contrib/easd/draft_parts.h"
#include "contrib/easd/edit.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/mail_search.h"
#include "contrib/easd/people.h"
#include "contrib/easd/store.h"
#include "contrib/easd/times.h"

enum { STATUS_OK = 1, STATUS_INVALID = 2, STATUS_HIERARCHY = 3, STATUS_RANGE = 4, PREVIEW = 255, DRAFTS = 3 };

struct find {
    struct request *request;
    struct wbxml_writer wbxml;
    const struct eas_node *criterion, *options;
    guint from, to;
    struct pictures pictures;
};

static void write_head(struct find *find, int status)
{
    wbxml_open(&find->wbxml, TAG_Find_Find);
    wbxml_number(&find->wbxml, TAG_Find_Status, status == STATUS_INVALID ? STATUS_INVALID : STATUS_OK);
    if (status == STATUS_INVALID)
        return;
    wbxml_open(&find->wbxml, TAG_Find_Response);
    wbxml_text(&find->wbxml, TAG_ItemOperations_Store,
               find->criterion->tag == TAG_Find_GalSearchCriterion ? "GAL" : "Mailbox");
    wbxml_number(&find->wbxml, TAG_Find_Status, status);
}

static void write_tail(struct find *find, guint total)
{
    char range[32];

    snprintf(range, sizeof range, "%u-%u", find->from, total ? MIN(find->to, total - 1) : 0);
    if (total)
        wbxml_text(&find->wbxml, TAG_Find_Range, range);
    wbxml_number(&find->wbxml, TAG_Find_Total, total);
}

static int find_people(struct find *find)
{
    const char *query = edit_text(find->criterion, TAG_Find_Query);
    g_autoptr(GPtrArray) people = query ? people_find(find->request->server, query) : NULL;

    if (!people)
        return STATUS_INVALID;
    write_head(find, STATUS_OK);
    for (guint i = find->from; i < people->len && i <= find->to; i++) {
        wbxml_open(&find->wbxml, TAG_Find_Result);
        wbxml_open(&find->wbxml, TAG_Find_Properties);
        person_write(&find->wbxml, people->pdata[i], &find->pictures);
        wbxml_close(&find->wbxml);
        wbxml_close(&find->wbxml);
    }
    write_tail(find, people->len);
    return STATUS_OK;
}

/* ---- messages ---- */

static void write_addresses(struct wbxml_writer *wbxml, eas_tag tag, InternetAddressList *list)
{
    g_autofree char *text = list ? internet_address_list_to_string(list, NULL, FALSE) : NULL;

    if (text && *text)
        wbxml_text(wbxml, tag, text);
}

static void write_preview(struct wbxml_writer *wbxml, const struct draft_parts *parts)
{
    g_autofree char *text = parts->plain  ? g_mime_text_part_get_text(GMIME_TEXT_PART(parts->plain))
                            : parts->html ? g_mime_text_part_get_text(GMIME_TEXT_PART(parts->html))
                                          : NULL;
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    g_autofree char *plain = parts->plain ? g_strdup(valid) : edit_plain_text(valid);
    g_autofree char *cut = g_utf8_substring(plain, 0, MIN(PREVIEW, g_utf8_strlen(plain, -1)));

    wbxml_text(wbxml, TAG_Find_Preview, cut);
}

static void write_message(struct find *find, const struct mail_hit *hit, GMimeMessage *message)
{
    struct wbxml_writer *wbxml = &find->wbxml;
    g_autofree char *read = store_state(hit->folder, hit->entry, "read");
    const char *subject = g_mime_message_get_subject(message);
    struct draft_parts parts;
    char when[TIMES_TEXT];

    draft_open_parts(&parts, message);
    wbxml_text(wbxml, TAG_Email_Subject, subject);
    wbxml_text(wbxml, TAG_Email_DateReceived, times_dashed(hit->date, when));
    write_addresses(wbxml, TAG_Email_DisplayTo, g_mime_message_get_to(message));
    write_addresses(wbxml, TAG_Find_DisplayCc, g_mime_message_get_cc(message));
    write_addresses(wbxml, TAG_Find_DisplayBcc, g_mime_message_get_bcc(message));
    wbxml_text(wbxml, TAG_Email_Read, g_strcmp0(read, "1") == 0 ? "1" : "0");
    wbxml_text(wbxml, TAG_Email2_IsDraft, hit->folder->type == DRAFTS ? "1" : "0");
    write_preview(wbxml, &parts);
    wbxml_text(wbxml, TAG_Find_HasAttachments, parts.attachments->len ? "1" : "0");
    write_addresses(wbxml, TAG_Email_From, g_mime_message_get_from(message));
    g_ptr_array_unref(parts.attachments);
}

static void write_hit(struct find *find, const struct mail_hit *hit)
{
    g_autofree char *path = folder_path(hit->folder, hit->entry);
    GMimeMessage *message = draft_open(path);
    char id[EASD_ID_BYTES];

    folder_server_id(hit->folder, hit->entry, id);
    wbxml_open(&find->wbxml, TAG_Find_Result);
    wbxml_text(&find->wbxml, TAG_AirSync_Class, class_name(hit->folder->class));
    wbxml_text(&find->wbxml, TAG_AirSync_ServerId, id);
    wbxml_text(&find->wbxml, TAG_AirSync_CollectionId, hit->folder->id);
    wbxml_open(&find->wbxml, TAG_Find_Properties);
    if (message)
        write_message(find, hit, message);
    wbxml_close(&find->wbxml);
    wbxml_close(&find->wbxml);
    g_clear_object(&message);
}

static int find_mail(struct find *find)
{
    const struct eas_node *asked = eas_node_child(find->criterion, TAG_Find_Query);
    const char *class = edit_text(asked, TAG_AirSync_Class), *id = edit_text(asked, TAG_AirSync_CollectionId);
    g_autoptr(GPtrArray) folders = g_ptr_array_new();
    struct mail_query query = {.text = edit_text(asked, TAG_Find_FreeText),
                               .folders = folders,
                               .deep = eas_node_child(find->options, TAG_Find_DeepTraversal),
                               .after = INT64_MIN,
                               .before = INT64_MAX};
    g_autoptr(GArray) hits = NULL;

    if (!query.text || (class && strcmp(class, "Email") != 0))
        return STATUS_INVALID;
    if (id && !mailbox_folder(find->request->mailbox, id))
        return STATUS_HIERARCHY;
    if (id)
        g_ptr_array_add(folders, mailbox_folder(find->request->mailbox, id));
    hits = mail_search(find->request->mailbox, &query, find->request->version);
    write_head(find, STATUS_OK);
    for (guint i = find->from; i < hits->len && i <= find->to; i++)
        write_hit(find, &g_array_index(hits, struct mail_hit, i));
    write_tail(find, hits->len);
    return STATUS_OK;
}

/* ---- the request ---- */

/* A search's later pages name it again; a new one begins at its beginning. */
static bool is_new(const struct find *find, const char *search_id)
{
    struct device *device = find->request->device;

    if (g_strcmp0(device->search_id, search_id) == 0)
        return false;
    g_free(device->search_id);
    device->search_id = g_strdup(search_id);
    return true;
}

static int run_criterion(struct find *find)
{
    const struct eas_node *picture;
    const char *search_id = edit_text(find->request->root, TAG_Find_SearchId);

    if (!search_id || !find->criterion)
        return STATUS_INVALID;
    find->options = eas_node_child(find->criterion, TAG_Find_Options);
    picture = eas_node_child(find->options, TAG_Find_Picture);
    find->pictures = (struct pictures){.wanted = picture != NULL,
                                       .max_size = eas_node_number(picture, TAG_Find_MaxSize, -1),
                                       .max_count = eas_node_number(picture, TAG_Find_MaxPictures, -1)};
    if (!range_read(edit_text(find->options, TAG_Find_Range), &find->from, &find->to))
        return STATUS_INVALID;
    if (is_new(find, search_id) && find->from != 0)
        return STATUS_RANGE;
    return find->criterion->tag == TAG_Find_GalSearchCriterion ? find_people(find) : find_mail(find);
}

void run_find(struct request *request, struct answer *answer)
{
    const struct eas_node *execute = eas_node_child(request->root, TAG_Find_ExecuteSearch);
    struct find find = {.request = request, .criterion = execute ? execute->first : NULL};
    int status;

    if (request->version < 161) {
        answer_global_status(request, answer, 137);
        return;
    }
    answer_begin(answer, &find.wbxml);
    status = run_criterion(&find);
    if (status != STATUS_OK)
        write_head(&find, status);
    if (status != STATUS_INVALID)
        wbxml_close(&find.wbxml);
    wbxml_close(&find.wbxml);
}
