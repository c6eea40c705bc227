/* ItemOperations Fetch (MS-ASCMD 2.2.1.10), inline or multipart. Range is for attachments; bodies
 * leave it aside, as Exchange does: TruncationSize is what shortens them. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "contrib/easd/attachment.h"
#include "contrib/easd/command.h"
#include "contrib/easd/item.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/long_id.h"

enum {
    STATUS_OK = 1,
    STATUS_PROTOCOL = 2,
    STATUS_NOT_FOUND = 6,
    STATUS_BAD_RANGE = 8,
    STATUS_UNKNOWN_STORE = 9,
    STATUS_BAD_ATTACHMENT = 15,
    STATUS_DENIED = 16,
    STATUS_TOO_MANY = 103,
};

struct fetch {
    const char *collection_id, *server_id, *long_id, *file_reference, *range;
    GBytes *attachment;
    char *type; /* of the attachment */
    gsize from, length;
    struct folder *folder;
    struct entry *entry;
    struct options options;
};

static int find_item(struct fetch *fetch, const struct request *request)
{
    if (fetch->long_id) {
        fetch->entry = long_id_find(request->mailbox, fetch->long_id, &fetch->folder);
    } else {
        fetch->folder = mailbox_folder(request->mailbox, fetch->collection_id);
        fetch->entry = fetch->folder ? folder_entry(fetch->folder, fetch->server_id) : NULL;
    }
    return fetch->entry && entry_served(fetch->entry, request->version) ? STATUS_OK : STATUS_NOT_FOUND;
}

/* "0-9" is ten bytes; an end past the last one is the last one (MS-ASCMD 2.2.3.143.2). */
static int find_attachment(struct fetch *fetch, const struct request *request)
{
    unsigned long long from = 0, to = ULLONG_MAX - 1;
    gsize size;

    fetch->attachment = attachment_read(request->mailbox, fetch->file_reference, &fetch->type);
    if (!fetch->attachment)
        return STATUS_BAD_ATTACHMENT;
    size = g_bytes_get_size(fetch->attachment);
    if (fetch->range && (sscanf(fetch->range, "%9llu-%9llu", &from, &to) != 2 || to < from || from >= size))
        return STATUS_BAD_RANGE;
    fetch->from = (gsize)from;
    fetch->length = (gsize)MIN(to - from + 1, size - from);
    return STATUS_OK;
}

static int read_fetch(struct fetch *fetch, const struct eas_node *node, const struct request *request)
{
    const char *store = eas_node_text(node, TAG_ItemOperations_Store);
    const struct eas_node *options = eas_node_child(node, TAG_ItemOperations_Options);
    int status;

    memset(fetch, 0, sizeof *fetch);
    options_init(&fetch->options);
    fetch->collection_id = eas_node_text(node, TAG_AirSync_CollectionId);
    fetch->server_id = eas_node_text(node, TAG_AirSync_ServerId);
    if (!store)
        return STATUS_PROTOCOL;
    if (g_ascii_strcasecmp(store, "Mailbox") != 0)
        return STATUS_UNKNOWN_STORE;
    fetch->file_reference = eas_node_text(node, TAG_AirSyncBase_FileReference);
    fetch->range = eas_node_text(options, TAG_ItemOperations_Range);
    if (fetch->file_reference)
        return find_attachment(fetch, request);
    fetch->long_id = eas_node_text(node, TAG_Search_LongId);
    if (!fetch->long_id && (!fetch->collection_id || !fetch->server_id))
        return STATUS_PROTOCOL;
    status = find_item(fetch, request);
    if (status == STATUS_OK && options && options_read(&fetch->options, options, fetch->folder->class) != 1)
        return STATUS_PROTOCOL;
    return status;
}

static void write_head(struct wbxml_writer *wbxml, const struct fetch *fetch, int status)
{
    wbxml_open(wbxml, TAG_ItemOperations_Fetch);
    wbxml_number(wbxml, TAG_ItemOperations_Status, status);
    if (fetch->collection_id)
        wbxml_text(wbxml, TAG_AirSync_CollectionId, fetch->collection_id);
    if (fetch->server_id)
        wbxml_text(wbxml, TAG_AirSync_ServerId, fetch->server_id);
    if (fetch->long_id)
        wbxml_text(wbxml, TAG_Search_LongId, fetch->long_id);
    if (fetch->file_reference)
        wbxml_text(wbxml, TAG_AirSyncBase_FileReference, fetch->file_reference);
}

static void write_attachment(struct item_writer *writer, const struct fetch *fetch)
{
    struct wbxml_writer *wbxml = &writer->wbxml;
    const guchar *bytes = (const guchar *)g_bytes_get_data(fetch->attachment, NULL) + fetch->from;

    wbxml_open(wbxml, TAG_ItemOperations_Properties);
    if (fetch->range) {
        g_autofree char *range = g_strdup_printf("%zu-%zu", fetch->from, fetch->from + fetch->length - 1);

        wbxml_text(wbxml, TAG_ItemOperations_Range, range);
        wbxml_number(wbxml, TAG_ItemOperations_Total, (long long)g_bytes_get_size(fetch->attachment));
    }
    wbxml_text(wbxml, TAG_AirSyncBase_ContentType, fetch->type);
    if (writer->parts) {
        struct answer *part = answer_new();

        g_byte_array_append(part->bytes, bytes, (guint)fetch->length);
        g_ptr_array_add(writer->parts->parts, part);
        wbxml_number(wbxml, TAG_ItemOperations_Part, writer->parts->parts->len);
    } else {
        g_autofree char *text = g_base64_encode(bytes, fetch->length);

        wbxml_text(wbxml, TAG_ItemOperations_Data, text);
    }
    wbxml_close(wbxml);
}

static void write_fetch(struct item_writer *writer, const struct eas_node *node, const struct request *request)
{
    struct wbxml_writer *wbxml = &writer->wbxml;
    struct fetch fetch;
    int status = read_fetch(&fetch, node, request);
    guint mark = wbxml->out->len;
    unsigned page = wbxml->page;

    write_head(wbxml, &fetch, status);
    if (status == STATUS_OK && fetch.attachment) {
        write_attachment(writer, &fetch);
    } else if (status == STATUS_OK) {
        wbxml_text(wbxml, TAG_AirSync_Class, class_name(fetch.folder->class));
        wbxml_open(wbxml, TAG_ItemOperations_Properties);
        if (item_write(writer, fetch.folder, fetch.entry, &fetch.options) == ITEM_WRITTEN) {
            wbxml_close(wbxml);
        } else {
            g_byte_array_set_size(wbxml->out, mark);
            wbxml->page = page;
            write_head(wbxml, &fetch, STATUS_NOT_FOUND);
        }
    }
    wbxml_close(wbxml);
    g_clear_pointer(&fetch.attachment, g_bytes_unref);
    g_free(fetch.type);
}

/* Nothing here empties or moves: the directory is the truth. */
static void write_denied(struct wbxml_writer *wbxml, const struct eas_node *node)
{
    wbxml_open(wbxml, node->tag);
    wbxml_number(wbxml, TAG_ItemOperations_Status, STATUS_DENIED);
    if (node->tag == TAG_ItemOperations_Move)
        wbxml_text(wbxml, TAG_ItemOperations_ConversationId, eas_node_text(node, TAG_ItemOperations_ConversationId));
    else
        wbxml_text(wbxml, TAG_AirSync_CollectionId, eas_node_text(node, TAG_AirSync_CollectionId));
    wbxml_close(wbxml);
}

/* 1, or what is wrong with the request as a whole. */
static int check_operations(const struct eas_node *root)
{
    guint count = 0;

    for (const struct eas_node *node = root->first; node; node = node->next, count++)
        if (node->tag != TAG_ItemOperations_Fetch && node->tag != TAG_ItemOperations_Move &&
            node->tag != TAG_ItemOperations_EmptyFolderContents)
            return STATUS_PROTOCOL;
    return count == 0 ? STATUS_PROTOCOL : count > EASD_FETCHES ? STATUS_TOO_MANY : STATUS_OK;
}

static void put_le32(GByteArray *out, uint64_t number)
{
    guint8 bytes[] = {number & 0xff, number >> 8 & 0xff, number >> 16 & 0xff, number >> 24 & 0xff};

    g_byte_array_append(out, bytes, sizeof bytes);
}

/* count, offset and length of each part, then the parts; the document is the first (MS-ASCMD 2.2.2.10.1). */
static void join_parts(struct answer *answer, GPtrArray *parts)
{
    struct answer *whole = answer_new(), *document = answer_new();
    uint64_t offset = 4 + 8 * ((uint64_t)parts->len + 1);

    answer_append(document, answer);
    g_ptr_array_insert(parts, 0, document);
    put_le32(whole->bytes, parts->len);
    for (guint i = 0; i < parts->len; i++) {
        put_le32(whole->bytes, offset);
        put_le32(whole->bytes, answer_length(parts->pdata[i]));
        offset += answer_length(parts->pdata[i]);
    }
    for (guint i = 0; i < parts->len; i++)
        answer_append(whole, parts->pdata[i]);
    answer_append(answer, whole);
    answer->content_type = "application/vnd.ms-sync.multipart";
    answer_free(whole);
}

static void free_part(void *part)
{
    answer_free(part);
}

void run_item_operations(struct request *request, struct answer *answer)
{
    int status = check_operations(request->root);
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func(free_part);
    struct item_parts parts = {bodies};
    struct item_writer writer = {.answer = answer, .version = request->version};

    if (status != STATUS_OK) {
        answer_status(answer, request->command->root, request->command->status, status);
        return;
    }
    writer.parts = request->multipart ? &parts : NULL;
    writer.buffer = g_byte_array_new();
    answer_begin(answer, &writer.wbxml);
    wbxml_open(&writer.wbxml, TAG_ItemOperations_ItemOperations);
    wbxml_number(&writer.wbxml, TAG_ItemOperations_Status, STATUS_OK);
    wbxml_open(&writer.wbxml, TAG_ItemOperations_Response);
    for (const struct eas_node *node = request->root->first; node; node = node->next)
        if (node->tag == TAG_ItemOperations_Fetch)
            write_fetch(&writer, node, request);
        else
            write_denied(&writer.wbxml, node);
    wbxml_close(&writer.wbxml);
    wbxml_close(&writer.wbxml);
    g_byte_array_unref(writer.buffer);
    if (request->multipart)
        join_parts(answer, bodies);
}
