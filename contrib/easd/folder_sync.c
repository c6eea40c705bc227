/* FolderSync (MS-ASCMD 2.2.1.5): the hierarchy as the device knows it, against what is there. */
#include <string.h>

#include "contrib/easd/command.h"
#include "contrib/easd/folder_sync.h"
#include "contrib/easd/limits.h"

enum { STATUS_OK = 1, STATUS_BAD_KEY = 9, STATUS_BAD_REQUEST = 10 };

static struct told_folder *tell_folder(GHashTable *told, const struct folder *folder)
{
    struct told_folder *row = g_new0(struct told_folder, 1);

    row->id = g_strdup(folder->id);
    row->parent = g_strdup(folder->parent);
    row->name = g_strdup(folder->name);
    row->type = folder->type;
    g_hash_table_replace(told, row->id, row);
    return row;
}

static GHashTable *present_hierarchy(const struct mailbox *mailbox)
{
    GHashTable *told = told_folders_new();

    for (guint i = 0; i < mailbox->folders->len; i++) {
        const struct folder *folder = mailbox->folders->pdata[i];

        if (folder->present)
            tell_folder(told, folder);
    }
    return told;
}

static void write_folder(struct wbxml_writer *writer, eas_tag kind, const struct told_folder *told)
{
    wbxml_open(writer, kind);
    wbxml_text(writer, TAG_FolderHierarchy_ServerId, told->id);
    if (kind != TAG_FolderHierarchy_Delete) {
        wbxml_text(writer, TAG_FolderHierarchy_ParentId, told->parent);
        wbxml_text(writer, TAG_FolderHierarchy_DisplayName, told->name);
        wbxml_number(writer, TAG_FolderHierarchy_Type, told->type);
    }
    wbxml_close(writer);
}

static bool same_folder(const struct told_folder *a, const struct told_folder *b)
{
    return strcmp(a->parent, b->parent) == 0 && strcmp(a->name, b->name) == 0 && a->type == b->type;
}

/* Writes what leads from before to after, or counts it where writer is NULL. Goes by the
 * mailbox's order of folders, so that an answer is the same each time. */
static guint write_changes(struct wbxml_writer *writer, const struct mailbox *mailbox, GHashTable *before,
                           GHashTable *after)
{
    guint count = 0;

    for (guint i = 0; i < mailbox->folders->len; i++) {
        const struct folder *folder = mailbox->folders->pdata[i];
        const struct told_folder *old = g_hash_table_lookup(before, folder->id);
        const struct told_folder *new = g_hash_table_lookup(after, folder->id);
        eas_tag kind = !old ? TAG_FolderHierarchy_Add : !new ? TAG_FolderHierarchy_Delete : TAG_FolderHierarchy_Update;

        if ((!old && !new) || (old && new &&same_folder(old, new)))
            continue;
        count++;
        if (writer)
            write_folder(writer, kind, new ? new : old);
    }
    return count;
}

static void write_answer(struct request *request, struct answer *answer, GHashTable *before, GHashTable *after,
                         const char *key)
{
    struct wbxml_writer writer;

    answer_begin(answer, &writer);
    wbxml_open(&writer, TAG_FolderHierarchy_FolderSync);
    wbxml_number(&writer, TAG_FolderHierarchy_Status, STATUS_OK);
    wbxml_text(&writer, TAG_FolderHierarchy_SyncKey, key);
    wbxml_open(&writer, TAG_FolderHierarchy_Changes);
    wbxml_number(&writer, TAG_FolderHierarchy_Count, write_changes(NULL, request->mailbox, before, after));
    write_changes(&writer, request->mailbox, before, after);
    wbxml_close(&writer);
    wbxml_close(&writer);
}

/* Forgets the collections of folders that are gone: their keys end with them. */
static void drop_collections(struct device *device, GHashTable *present)
{
    GHashTableIter iter;
    const char *id;

    g_hash_table_iter_init(&iter, device->collections);
    while (g_hash_table_iter_next(&iter, (void **)&id, NULL))
        if (!g_hash_table_contains(present, id))
            g_hash_table_iter_remove(&iter);
}

/* The key is the present one, the one before, or "0": what the device has at it. NULL: no such key. */
GHashTable *hierarchy_at(struct device *device, const char *key)
{
    if (strcmp(key, "0") == 0)
        return told_folders_new();
    if (g_strcmp0(key, device->hierarchy_key) == 0)
        return g_hash_table_ref(device->hierarchy);
    if (g_strcmp0(key, device->hierarchy_previous) == 0)
        return g_hash_table_ref(device->hierarchy_before);
    return NULL;
}

/* A device's knowledge moves on from what it has at a key. Takes after over. */
static void advance(struct request *request, const char *key, GHashTable *before, GHashTable *after)
{
    struct device *device = request->device;
    char *previous = g_strdup(key);

    g_free(device->hierarchy_previous);
    device->hierarchy_previous = previous;
    g_free(device->hierarchy_key);
    device->hierarchy_key = device_new_key(request->mailbox);
    g_hash_table_ref(before);
    g_clear_pointer(&device->hierarchy_before, g_hash_table_unref);
    device->hierarchy_before = before;
    g_clear_pointer(&device->hierarchy, g_hash_table_unref);
    device->hierarchy = after;
}

static bool below(GHashTable *told, const char *id, const char *above)
{
    for (guint step = 0; id && step < EASD_FOLDER_DEPTH + 1; step++) {
        const struct told_folder *row = g_hash_table_lookup(told, id);

        if (strcmp(id, above) == 0)
            return true;
        id = row ? row->parent : NULL;
    }
    return false;
}

void hierarchy_change(struct request *request, const char *key, const struct told_folder *now, const char *gone)
{
    GHashTable *before = hierarchy_at(request->device, key), *after = told_folders_new();
    struct told_folder *row;
    GHashTableIter iter;

    g_hash_table_iter_init(&iter, before);
    while (g_hash_table_iter_next(&iter, NULL, (void **)&row)) {
        struct told_folder *copy;

        if (gone && below(before, row->id, gone))
            continue;
        copy = g_new0(struct told_folder, 1);
        *copy = (struct told_folder){g_strdup(row->id), g_strdup(row->parent), g_strdup(row->name), row->type};
        g_hash_table_replace(after, copy->id, copy);
    }
    if (now) {
        struct told_folder *copy = g_new0(struct told_folder, 1);

        *copy = (struct told_folder){g_strdup(now->id), g_strdup(now->parent), g_strdup(now->name), now->type};
        g_hash_table_replace(after, copy->id, copy);
    }
    advance(request, key, before, after);
    drop_collections(request->device, after);
    g_hash_table_unref(before);
}

void run_folder_sync(struct request *request, struct answer *answer)
{
    struct device *device = request->device;
    const struct eas_node *child = request->root->first;

    if (!child || child->tag != TAG_FolderHierarchy_SyncKey || child->next || child->length > EASD_ID_BYTES) {
        answer_status(answer, request->command->root, request->command->status, STATUS_BAD_REQUEST);
        return;
    }
    GHashTable *before = hierarchy_at(device, child->text);

    if (!before) {
        answer_status(answer, request->command->root, request->command->status, STATUS_BAD_KEY);
        return;
    }
    GHashTable *after = present_hierarchy(request->mailbox);
    bool news = write_changes(NULL, request->mailbox, before, after) > 0 || strcmp(child->text, "0") == 0;

    if (news)
        advance(request, child->text, before, g_hash_table_ref(after));
    write_answer(request, answer, before, after, device->hierarchy_key);
    drop_collections(device, after);
    g_hash_table_unref(before);
    g_hash_table_unref(after);
}

bool hierarchy_news(const struct request *request)
{
    GHashTable *present, *told = request->device->hierarchy;
    bool news;

    if (!told)
        return true;
    present = present_hierarchy(request->mailbox);
    news = write_changes(NULL, request->mailbox, told, present) > 0;
    g_hash_table_unref(present);
    return news;
}
