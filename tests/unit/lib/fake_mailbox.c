#include "tests/unit/lib/fake_mailbox.h"

#include <stdio.h>
#include <string.h>

/* ---- making it ---- */

static void item_free(void *data)
{
    struct fake_item *item = data;

    g_free(item->id);
    g_free(item->subject);
    g_free(item->uid);
    if (item->mime)
        g_bytes_unref(item->mime);
    eas_node_free(item->data);
    g_free(item);
}

static void event_clear(void *data)
{
    g_free(((struct fake_event *)data)->id);
}

static void folder_free(void *data)
{
    struct fake_folder *folder = data;

    g_free(folder->id);
    g_free(folder->parent);
    g_free(folder->name);
    g_array_unref(folder->log);
    g_ptr_array_unref(folder->items);
    g_free(folder);
}

struct fake_folder *fake_folder_by_id(struct fake_mailbox *mailbox, const char *id)
{
    for (guint i = 0; i < mailbox->folders->len; i++) {
        struct fake_folder *each = mailbox->folders->pdata[i];

        if (!g_strcmp0(each->id, id))
            return each;
    }
    return NULL;
}

struct fake_folder *fake_find(struct fake_mailbox *mailbox, const char *name)
{
    for (guint i = 0; i < mailbox->folders->len; i++) {
        struct fake_folder *each = mailbox->folders->pdata[i];

        if (!strcmp(each->name, name))
            return each;
    }
    return NULL;
}

struct fake_folder *fake_folder(struct fake_mailbox *mailbox, const char *parent, const char *name, int type)
{
    struct fake_folder *folder = g_new0(struct fake_folder, 1);
    const struct fake_folder *above = parent ? fake_find(mailbox, parent) : NULL;

    g_mutex_lock(&mailbox->lock);
    folder->id = g_strdup_printf("f%u", ++mailbox->next_id);
    folder->parent = g_strdup(above ? above->id : "0");
    folder->name = g_strdup(name);
    folder->type = type;
    folder->class = eas_folder_class(type);
    folder->items = g_ptr_array_new_with_free_func(item_free);
    folder->log = g_array_new(FALSE, TRUE, sizeof(struct fake_event));
    g_array_set_clear_func(folder->log, event_clear);
    g_ptr_array_add(mailbox->folders, folder);
    mailbox->place++;
    g_mutex_unlock(&mailbox->lock);
    return folder;
}

void fake_folder_remove(struct fake_mailbox *mailbox, struct fake_folder *folder)
{
    g_mutex_lock(&mailbox->lock);
    g_ptr_array_remove(mailbox->folders, folder);
    mailbox->hierarchy++;
    g_mutex_unlock(&mailbox->lock);
}

void fake_log(struct fake_folder *folder, enum fake_event_kind kind, struct fake_item *item, bool own)
{
    struct fake_event event = {kind, item, g_strdup(item->id), own};

    g_array_append_val(folder->log, event);
}

struct fake_item *fake_item_add(struct fake_mailbox *mailbox, struct fake_folder *folder, const char *subject)
{
    struct fake_item *item = g_new0(struct fake_item, 1);

    item->id = g_strdup_printf("i%u", ++mailbox->next_id);
    item->subject = g_strdup(subject);
    item->hour = mailbox->next_id;
    g_ptr_array_add(folder->items, item);
    return item;
}

static struct fake_item *item_told(struct fake_mailbox *mailbox, struct fake_folder *folder, const char *subject)
{
    struct fake_item *item = fake_item_add(mailbox, folder, subject);

    fake_log(folder, FAKE_ADD, item, false);
    return item;
}

struct fake_item *fake_bytes(struct fake_mailbox *mailbox, struct fake_folder *folder, const char *subject,
                             GBytes *mime)
{
    g_mutex_lock(&mailbox->lock);
    struct fake_item *item = item_told(mailbox, folder, subject);

    item->mime = mime;
    g_mutex_unlock(&mailbox->lock);
    return item;
}

struct fake_item *fake_mail(struct fake_mailbox *mailbox, struct fake_folder *folder, const char *subject,
                            const char *body)
{
    g_autofree char *mime = g_strdup_printf("From: \"Ann\" <ann@partner.test>\r\nTo: bob@here.test\r\nSubject: %s\r\n"
                                            "Message-ID: <%s@partner.test>\r\n\r\n%s\r\n",
                                            subject, subject, body);

    return fake_bytes(mailbox, folder, subject, g_bytes_new(mime, strlen(mime)));
}

struct fake_item *fake_other(struct fake_mailbox *mailbox, struct fake_folder *folder, const char *subject)
{
    g_mutex_lock(&mailbox->lock);
    struct fake_item *item = item_told(mailbox, folder, subject);

    item->uid = g_strdup_printf("uid-%s", subject);
    g_mutex_unlock(&mailbox->lock);
    return item;
}

void fake_change(struct fake_mailbox *mailbox, struct fake_folder *folder, struct fake_item *item,
                 enum fake_event_kind kind)
{
    g_mutex_lock(&mailbox->lock);
    item->gone |= kind == FAKE_DELETE || kind == FAKE_SOFT_DELETE;
    fake_log(folder, kind, item, false);
    g_mutex_unlock(&mailbox->lock);
}

/* Ids are dealt out anew among the items, so that an old id now means another item. */
static void renumber_items(struct fake_folder *folder)
{
    guint count = folder->items->len;

    if (count < 2)
        return;
    char *last = ((struct fake_item *)folder->items->pdata[count - 1])->id;

    for (guint i = count - 1; i > 0; i--)
        ((struct fake_item *)folder->items->pdata[i])->id = ((struct fake_item *)folder->items->pdata[i - 1])->id;
    ((struct fake_item *)folder->items->pdata[0])->id = last;
}

static void forget(struct fake_folder *folder, bool renumber)
{
    GArray *log = g_array_new(FALSE, TRUE, sizeof(struct fake_event));

    folder->epoch++;
    if (renumber)
        renumber_items(folder);
    for (guint i = 0; i < folder->items->len; i++) {
        struct fake_item *item = folder->items->pdata[i];
        struct fake_event event = {FAKE_ADD, item, NULL, false};

        if (item->gone)
            continue;
        event.id = g_strdup(item->id);
        g_array_append_val(log, event);
    }
    g_array_unref(folder->log);
    folder->log = log;
    g_array_set_clear_func(folder->log, event_clear);
}

void fake_forget(struct fake_mailbox *mailbox, struct fake_folder *folder, bool renumber)
{
    g_mutex_lock(&mailbox->lock);
    forget(folder, renumber);
    g_mutex_unlock(&mailbox->lock);
}

void fake_renumber_folders(struct fake_mailbox *mailbox)
{
    g_mutex_lock(&mailbox->lock);
    mailbox->hierarchy++;
    for (guint i = 0; i < mailbox->folders->len; i++) {
        struct fake_folder *each = mailbox->folders->pdata[i];
        char *id = g_strdup_printf("g%u", ++mailbox->next_id);

        for (guint j = 0; j < mailbox->folders->len; j++) {
            struct fake_folder *child = mailbox->folders->pdata[j];

            if (!strcmp(child->parent, each->id)) {
                g_free(child->parent);
                child->parent = g_strdup(id);
            }
        }
        g_free(each->id);
        each->id = id;
        forget(each, true);
    }
    g_mutex_unlock(&mailbox->lock);
}

/* ---- FolderSync ---- */

static void reply_status(struct script_reply *reply, eas_tag root, eas_tag tag, int status)
{
    struct eas_node *node = eas_node_new(root, NULL);
    g_autofree char *text = g_strdup_printf("%d", status);

    eas_node_add(node, tag, text);
    script_reply_document(reply, NULL, node);
}

static void folder_sync(struct fake_mailbox *mailbox, const struct eas_node *root, struct script_reply *reply)
{
    g_autofree char *key = g_strdup_printf("%u-%u", mailbox->hierarchy, mailbox->place);
    const char *asked = eas_node_text(root, TAG_FolderHierarchy_SyncKey);
    unsigned epoch = 0, place = 0;
    bool first = !g_strcmp0(asked, "0");

    if (mailbox->folder_status) {
        reply_status(reply, TAG_FolderHierarchy_FolderSync, TAG_FolderHierarchy_Status, mailbox->folder_status);
        mailbox->folder_status = 0;
        return;
    }
    if (!first && (sscanf(asked, "%u-%u", &epoch, &place) != 2 || epoch != mailbox->hierarchy)) {
        reply_status(reply, TAG_FolderHierarchy_FolderSync, TAG_FolderHierarchy_Status, 9);
        return;
    }
    struct eas_node *node = eas_node_new(TAG_FolderHierarchy_FolderSync, NULL);

    eas_node_add(node, TAG_FolderHierarchy_Status, "1");
    eas_node_add(node, TAG_FolderHierarchy_SyncKey, key);
    struct eas_node *changes = eas_node_add(node, TAG_FolderHierarchy_Changes, NULL);

    for (guint i = 0; i < mailbox->folders->len && (first || place != mailbox->place); i++) {
        const struct fake_folder *each = mailbox->folders->pdata[mailbox->folders->len - 1 - i];
        struct eas_node *add = eas_node_add(changes, TAG_FolderHierarchy_Add, NULL);
        g_autofree char *type = g_strdup_printf("%d", each->type);

        eas_node_add(add, TAG_FolderHierarchy_ServerId, each->id);
        eas_node_add(add, TAG_FolderHierarchy_ParentId, each->parent);
        eas_node_add(add, TAG_FolderHierarchy_DisplayName, each->name);
        eas_node_add(add, TAG_FolderHierarchy_Type, type);
    }
    script_reply_document(reply, NULL, node);
}

/* ---- the server ---- */

static void options(const struct fake_mailbox *mailbox, struct script_reply *reply)
{
    g_autofree char *headers = g_strdup_printf(
        "MS-ASProtocolVersions: %s\r\nMS-ASProtocolCommands: Sync,FolderSync,GetItemEstimate,ItemOperations,MoveItems,FolderCreate,FolderUpdate,FolderDelete,"
        "SendMail,SmartReply,SmartForward%s\r\n",
        mailbox->version, mailbox->ping.offered ? ",Ping" : "");

    script_reply_http(reply, 200, headers, "", 0);
}

static bool has_commands(const struct eas_node *root)
{
    const struct eas_node *list = eas_node_child(root, TAG_AirSync_Collections);

    for (const struct eas_node *each = list ? list->first : NULL; each; each = each->next)
        if (eas_node_child(each, TAG_AirSync_Commands))
            return true;
    return false;
}

static void sync_or_cut(struct fake_mailbox *mailbox, const struct eas_node *root, struct script_reply *reply)
{
    enum { HEADERS = 4096 };

    unsigned writes = mailbox->writes;

    if (mailbox->lose_before && has_commands(root)) {
        mailbox->lose_before--;
        return;
    }
    fake_sync(mailbox, root, reply);
    if (mailbox->writes != writes && mailbox->lose_after) {
        mailbox->lose_after--;
        g_byte_array_set_size(reply->bytes, 0);
        return;
    }
    if (!mailbox->cuts || reply->bytes->len < HEADERS)
        return;
    mailbox->cuts--;
    reply->cut = reply->bytes->len * 3 / 4;
}

static void answer(struct fake_mailbox *mailbox, const struct script_request *request, struct script_reply *reply)
{
    static const char page[] = "<html><body>Please log in.</body></html>";
    g_autoptr(eas_node) root = eas_node_parse(request->body->data, request->body->len, NULL);

    if (mailbox->dead)
        script_reply_http(reply, 503, NULL, "", 0);
    else if (mailbox->locked)
        script_reply_http(reply, 401, NULL, "", 0);
    else if (mailbox->portal)
        script_reply_http(reply, 200, "Content-Type: text/html\r\n", page, strlen(page));
    else if (!strcmp(request->command, "OPTIONS"))
        options(mailbox, reply);
    else if (!strcmp(request->command, "FolderSync"))
        folder_sync(mailbox, root, reply);
    else if (!strcmp(request->command, "Sync"))
        sync_or_cut(mailbox, root, reply);
    else if (fake_changes(mailbox, request, root, reply))
        ;
    else if (!strcmp(request->command, "GetItemEstimate"))
        fake_estimate(mailbox, root, reply);
    else if (!strcmp(request->command, "ItemOperations"))
        fake_item_operations(mailbox, request, root, reply);
    else if (!strcmp(request->command, "Ping"))
        fake_ping_answer(&mailbox->ping, root, request->again, reply);
    else
        reply_status(reply, TAG_Settings_Settings, TAG_Settings_Status, 1);
}

static void handle(void *ctx, const struct script_request *request, struct script_reply *reply)
{
    struct fake_mailbox *mailbox = ctx;
    unsigned number = mailbox->requests += !request->again;

    if (mailbox->at_request && !request->again && !mailbox->at_request(mailbox->ctx, request, number))
        return;
    g_mutex_lock(&mailbox->lock);
    answer(mailbox, request, reply);
    g_mutex_unlock(&mailbox->lock);
}

struct fake_mailbox *fake_new(void)
{
    static const char *const proxies[] = {"http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"};
    struct fake_mailbox *mailbox = g_new0(struct fake_mailbox, 1);

    for (size_t i = 0; i < G_N_ELEMENTS(proxies); i++)
        g_unsetenv(proxies[i]);
    g_mutex_init(&mailbox->lock);
    mailbox->folders = g_ptr_array_new_with_free_func(folder_free);
    mailbox->mails = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    mailbox->hierarchy = 1;
    mailbox->version = "14.1";
    fake_ping_init(&mailbox->ping);
    mailbox->server = script_server_new(handle, mailbox, NULL);
    return mailbox;
}

void fake_free(struct fake_mailbox *mailbox)
{
    script_server_free(mailbox->server);
    fake_ping_clear(&mailbox->ping);
    g_ptr_array_unref(mailbox->folders);
    g_ptr_array_unref(mailbox->mails);
    g_mutex_clear(&mailbox->lock);
    g_free(mailbox);
}
