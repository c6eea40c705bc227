#include <string.h>

#include "codec/wire/wbxml_writer.h"
#include "tests/unit/lib/fake_mailbox.h"

/* The body as this server gives it: one that rebuilds puts a number before it that never comes twice. */
static GBytes *body_of(const struct fake_mailbox *mailbox, struct fake_item *item)
{
    gsize size;
    const char *bytes = g_bytes_get_data(item->mime, &size);

    item->bodies++;
    if (!mailbox->rebuilds)
        return g_bytes_ref(item->mime);
    char *built = g_strdup_printf("X-Copy: %u\r\n%.*s", item->bodies, (int)size, bytes);

    return g_bytes_new_take(built, strlen(built));
}

/* As SOGo's XML does it: control characters are left out. */
static char *as_text(GBytes *body)
{
    gsize size, to = 0;
    const char *bytes = g_bytes_get_data(body, &size);
    char *text = g_malloc(size + 1);

    for (gsize i = 0; i < size; i++)
        if ((guchar)bytes[i] >= ' ' || strchr("\t\r\n", bytes[i]))
            text[to++] = bytes[i];
    text[to] = '\0';
    return text;
}

static void add_number(struct eas_node *node, eas_tag tag, long long number)
{
    g_autofree char *text = g_strdup_printf("%lld", number);

    eas_node_add(node, tag, text);
}

static void add_data(const struct fake_mailbox *mailbox, struct eas_node *body, GBytes *bytes)
{
    g_autofree char *text = mailbox->text ? as_text(bytes) : NULL;
    struct eas_node *data = eas_node_add(body, TAG_AirSyncBase_Data, text);
    gsize size;
    const char *raw = g_bytes_get_data(bytes, &size);

    if (text)
        return;
    g_free(data->text);
    data->opaque = true;
    data->text = g_malloc(size + 1);
    memcpy(data->text, raw, size);
    data->text[size] = '\0';
    data->length = size;
}

static void add_body(struct fake_mailbox *mailbox, struct eas_node *data, struct fake_item *item, long inline_bytes)
{
    struct eas_node *body = eas_node_add(data, TAG_AirSyncBase_Body, NULL);
    gsize size = g_bytes_get_size(item->mime);

    add_number(body, TAG_AirSyncBase_Type, mailbox->no_mime ? 1 : 4);
    if (!mailbox->no_sizes)
        add_number(body, TAG_AirSyncBase_EstimatedDataSize, (long long)size);
    if (mailbox->no_mime) {
        eas_node_add(body, TAG_AirSyncBase_Data, "only the text");
        return;
    }
    if (inline_bytes < (long)size) {
        add_number(body, TAG_AirSyncBase_Truncated, 1);
        return;
    }
    g_autoptr(GBytes) bytes = body_of(mailbox, item);

    add_data(mailbox, body, bytes);
}

static struct eas_node *mail_data(struct fake_mailbox *mailbox, struct fake_item *item, long inline_bytes, bool whole)
{
    struct eas_node *data = eas_node_new(TAG_AirSync_ApplicationData, NULL);

    add_number(data, TAG_Email_Read, item->read);
    if (item->flag)
        add_number(eas_node_add(data, TAG_Email_Flag, NULL), TAG_Email_Status, item->flag);
    if (!whole)
        return data;
    g_autofree char *date = g_strdup_printf("2026-01-%02uT%02u:00:00.000Z", 1 + item->hour / 24 % 28, item->hour % 24);

    eas_node_add(data, TAG_Email_From, "\"Ann\" <ann@partner.test>");
    eas_node_add(data, TAG_Email_To, "bob@here.test");
    eas_node_add(data, TAG_Email_Subject, item->subject);
    eas_node_add(data, TAG_Email_DateReceived, date);
    add_body(mailbox, data, item, inline_bytes);
    return data;
}

static struct eas_node *event_data(const struct fake_item *item, bool whole)
{
    struct eas_node *data = eas_node_new(TAG_AirSync_ApplicationData, NULL);

    if (item->partial && !whole) {
        eas_node_add(data, TAG_Calendar_Subject, item->subject);
        return data;
    }
    eas_node_add(data, TAG_Calendar_StartTime, "20260105T090000Z");
    eas_node_add(data, TAG_Calendar_EndTime, "20260105T100000Z");
    eas_node_add(data, TAG_Calendar_Subject, item->subject);
    eas_node_add(data, TAG_Calendar_UID, item->uid);
    return data;
}

static struct eas_node *contact_data(const struct fake_item *item)
{
    struct eas_node *data = eas_node_new(TAG_AirSync_ApplicationData, NULL);

    eas_node_add(data, TAG_Contacts_FileAs, item->subject);
    eas_node_add(data, TAG_Contacts_LastName, item->subject);
    return data;
}

static struct eas_node *note_data(const struct fake_item *item)
{
    struct eas_node *data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    struct eas_node *body = eas_node_add(data, TAG_AirSyncBase_Body, NULL);

    add_number(body, TAG_AirSyncBase_Type, 1);
    eas_node_add(body, TAG_AirSyncBase_Data, "as the server has it");
    eas_node_add(data, TAG_Notes_Subject, item->subject);
    eas_node_add(data, TAG_Notes_MessageClass, "IPM.StickyNote");
    return data;
}

struct eas_node *fake_data(struct fake_mailbox *mailbox, struct fake_folder *folder, struct fake_item *item,
                           long inline_bytes, bool whole)
{
    if (item->data)
        return eas_node_copy(item->data);
    if (folder->class == EAS_NOTES)
        return note_data(item);
    if (folder->class == EAS_MAIL)
        return mail_data(mailbox, item, inline_bytes, whole);
    return folder->class == EAS_CALENDAR ? event_data(item, whole) : contact_data(item);
}

/* ---- ItemOperations ---- */

struct fake_item *fake_item_by_id(const struct fake_folder *folder, const char *id)
{
    for (guint i = 0; folder && i < folder->items->len; i++) {
        struct fake_item *each = folder->items->pdata[i];

        if (!g_strcmp0(each->id, id))
            return each;
    }
    return NULL;
}

static void append_u32(GByteArray *out, guint32 value)
{
    guint32 little = GUINT32_TO_LE(value);

    g_byte_array_append(out, (const guint8 *)&little, sizeof little);
}

static void reply_parts(struct script_reply *reply, struct eas_node *root, GPtrArray *parts)
{
    g_autoptr(GByteArray) body = g_byte_array_new();
    g_autoptr(GBytes) document = eas_node_bytes(root);
    guint32 at = 4 + 8 * (parts->len + 1);

    g_ptr_array_insert(parts, 0, g_bytes_ref(document));
    append_u32(body, parts->len);
    for (guint i = 0; i < parts->len; i++) {
        guint32 size = (guint32)g_bytes_get_size(parts->pdata[i]);

        append_u32(body, at);
        append_u32(body, size);
        at += size;
    }
    for (guint i = 0; i < parts->len; i++) {
        gsize size;
        const guint8 *bytes = g_bytes_get_data(parts->pdata[i], &size);

        g_byte_array_append(body, bytes, (guint)size);
    }
    script_reply_http(reply, 200, "Content-Type: application/vnd.ms-sync.multipart\r\n", body->data, body->len);
}

static bool asks_for_broken(struct fake_mailbox *mailbox, const struct eas_node *root)
{
    for (const struct eas_node *each = root ? root->first : NULL; each; each = each->next) {
        const char *folder_id = eas_node_text(each, TAG_AirSync_CollectionId);
        const struct fake_item *item =
            fake_item_by_id(fake_folder_by_id(mailbox, folder_id), eas_node_text(each, TAG_AirSync_ServerId));

        if (item && item->broken)
            return true;
    }
    return false;
}

static void answer_fetch(struct fake_mailbox *mailbox, const struct eas_node *asked, struct eas_node *response,
                         GPtrArray *parts)
{
    const char *folder_id = eas_node_text(asked, TAG_AirSync_CollectionId);
    const char *id = eas_node_text(asked, TAG_AirSync_ServerId);
    const struct fake_folder *last = mailbox->folders->pdata[mailbox->folders->len - 1];

    folder_id = mailbox->misnames ? last->id : folder_id;
    struct fake_item *item = fake_item_by_id(fake_folder_by_id(mailbox, folder_id), id);
    struct eas_node *fetch = eas_node_add(response, TAG_ItemOperations_Fetch, NULL);

    eas_node_add(fetch, TAG_ItemOperations_Status, item && item->mime && !item->withheld ? "1" : "6");
    eas_node_add(fetch, TAG_AirSync_CollectionId, folder_id);
    eas_node_add(fetch, TAG_AirSync_ServerId, id);
    if (!item || !item->mime || item->withheld)
        return;
    struct eas_node *properties = eas_node_add(fetch, TAG_ItemOperations_Properties, NULL);
    struct eas_node *body = eas_node_add(properties, TAG_AirSyncBase_Body, NULL);
    GBytes *bytes = body_of(mailbox, item);

    add_number(body, TAG_AirSyncBase_Type, 4);
    if (parts) {
        g_ptr_array_add(parts, bytes);
        add_number(body, TAG_ItemOperations_Part, (long long)parts->len - mailbox->parts_from_0);
        return;
    }
    add_data(mailbox, body, bytes);
    g_bytes_unref(bytes);
}

void fake_item_operations(struct fake_mailbox *mailbox, const struct script_request *request,
                          const struct eas_node *root, struct script_reply *reply)
{
    g_autofree char *accepts = script_request_header(request, "MS-ASAcceptMultiPart");
    g_autoptr(eas_node) answer = eas_node_new(TAG_ItemOperations_ItemOperations, NULL);
    g_autoptr(GPtrArray) parts = NULL;

    if (mailbox->holds_fetch ||
        (mailbox->holds_bulk && eas_node_next(eas_node_child(root, TAG_ItemOperations_Fetch)))) {
        reply->hold = true;
        return;
    }
    if (asks_for_broken(mailbox, root)) {
        script_reply_http(reply, 501, NULL, "", 0);
        return;
    }
    if (accepts && !mailbox->no_parts)
        parts = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    eas_node_add(answer, TAG_ItemOperations_Status, "1");
    struct eas_node *response = eas_node_add(answer, TAG_ItemOperations_Response, NULL);

    for (const struct eas_node *each = root ? root->first : NULL; each; each = each->next)
        if (each->tag == TAG_ItemOperations_Fetch)
            answer_fetch(mailbox, each, response, parts);
    if (parts)
        reply_parts(reply, answer, parts);
    else
        script_reply_document(reply, NULL, g_steal_pointer(&answer));
}
