/* Ping (MS-ASCMD 2.2.1.13): hangs until a folder has something new or the heartbeat is over. */
#include <string.h>

#include "contrib/easd/command.h"
#include "contrib/easd/folder_sync.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/waiting.h"

enum {
    STATUS_EXPIRED = 1,
    STATUS_CHANGES = 2,
    STATUS_MISSING = 3,
    STATUS_SYNTAX = 4,
    STATUS_INTERVAL = 5,
    STATUS_TOO_MANY = 6,
    STATUS_HIERARCHY = 7,
};

static bool known_class(const char *name)
{
    for (int class = 0; class < CLASS_COUNT; class ++)
        if (g_strcmp0(class_name((enum item_class) class), name) == 0)
            return true;
    return false;
}

/* NULL where the document is wrong. */
static GPtrArray *read_folders(const struct eas_node *folders)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);

    for (const struct eas_node *folder = folders->first; folder; folder = folder->next) {
        const char *id = eas_node_text(folder, TAG_Ping_Id);

        if (folder->tag != TAG_Ping_Folder || !id || !known_class(eas_node_text(folder, TAG_Ping_Class))) {
            g_ptr_array_unref(ids);
            return NULL;
        }
        g_ptr_array_add(ids, g_strdup(id));
    }
    return ids;
}

/* What a request leaves out stays as it was (MS-ASCMD 2.2.1.13). Returns 0, or a Status; *allowed
 * is the interval nearest to the one asked for. */
static int read_request(struct device *device, const struct eas_node *root, int *allowed)
{
    const struct eas_node *folders = eas_node_child(root, TAG_Ping_Folders);
    long long heartbeat = eas_node_number(root, TAG_Ping_HeartbeatInterval, device->ping_heartbeat);
    GPtrArray *ids;

    for (const struct eas_node *child = root ? root->first : NULL; child; child = child->next)
        if (child->tag != TAG_Ping_Folders && child->tag != TAG_Ping_HeartbeatInterval)
            return STATUS_SYNTAX;
    if (folders) {
        ids = read_folders(folders);
        if (!ids)
            return STATUS_SYNTAX;
        g_clear_pointer(&device->ping_folders, g_ptr_array_unref);
        device->ping_folders = ids;
    }
    if (!device->ping_folders || device->ping_folders->len == 0 || heartbeat == 0)
        return STATUS_MISSING;
    *allowed = (int)CLAMP(heartbeat, EASD_HEARTBEAT_MIN, EASD_HEARTBEAT_MAX);
    if (heartbeat != *allowed)
        return STATUS_INTERVAL;
    device->ping_heartbeat = (guint)heartbeat;
    return device->ping_folders->len > EASD_COLLECTIONS ? STATUS_TOO_MANY : 0;
}

/* The folders with news, or a Status of its own in *status. */
static GPtrArray *changed_folders(const struct request *request, int *status)
{
    const GPtrArray *ids = request->device->ping_folders;
    GPtrArray *changed = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; ids && i < ids->len; i++) {
        struct folder *folder = mailbox_folder(request->mailbox, ids->pdata[i]);
        struct collection *collection = folder ? device_collection(request->device, folder) : NULL;

        if (!folder)
            *status = STATUS_HIERARCHY;
        else if (!collection || collection->told != folder->version)
            g_ptr_array_add(changed, g_strdup(folder->id));
    }
    if (!ids)
        *status = STATUS_MISSING;
    return changed;
}

static void write_answer(struct answer *answer, int status, int allowed, const GPtrArray *changed)
{
    struct wbxml_writer wbxml;

    answer_begin(answer, &wbxml);
    wbxml_open(&wbxml, TAG_Ping_Ping);
    wbxml_number(&wbxml, TAG_Ping_Status, status);
    if (status == STATUS_INTERVAL)
        wbxml_number(&wbxml, TAG_Ping_HeartbeatInterval, allowed);
    if (status == STATUS_TOO_MANY)
        wbxml_number(&wbxml, TAG_Ping_MaxFolders, EASD_COLLECTIONS);
    if (changed && changed->len) {
        wbxml_open(&wbxml, TAG_Ping_Folders);
        for (guint i = 0; i < changed->len; i++)
            wbxml_text(&wbxml, TAG_Ping_Folder, changed->pdata[i]);
        wbxml_close(&wbxml);
    }
    wbxml_close(&wbxml);
}

void run_ping(struct request *request, struct answer *answer)
{
    int allowed = 0, status = read_request(request->device, request->root, &allowed);
    gint64 deadline = g_get_monotonic_time() + (gint64)request->device->ping_heartbeat * G_USEC_PER_SEC;
    g_autoptr(GPtrArray) changed = NULL;

    while (status == 0) {
        g_clear_pointer(&changed, g_ptr_array_unref);
        changed = changed_folders(request, &status);
        if (status == 0 && hierarchy_news(request))
            status = STATUS_HIERARCHY;
        else if (status == 0 && changed->len)
            status = STATUS_CHANGES;
        else if (status == 0 && !wait_for_change(request, deadline))
            status = STATUS_EXPIRED;
    }
    write_answer(answer, status, allowed, status == STATUS_CHANGES ? changed : NULL);
}
