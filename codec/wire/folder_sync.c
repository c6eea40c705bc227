#include "codec/wire/folder_sync.h"

#include <string.h>

#include "codec/limits.h"
#include "codec/wire/answer.h"

void folder_sync_request(GByteArray *out, const char *sync_key)
{
    struct wbxml_writer writer;

    wbxml_writer_init(&writer, out);
    wbxml_open(&writer, TAG_FolderHierarchy_FolderSync);
    wbxml_text(&writer, TAG_FolderHierarchy_SyncKey, sync_key);
    wbxml_close(&writer);
}

static void change_free(void *data)
{
    struct folder_change *change = data;

    g_free(change->server_id);
    g_free(change->parent_id);
    g_free(change->name);
    g_free(change);
}

/* A folder without an id, or with one that is longer than any key may be, cannot be asked for later. */
static void read_change(GPtrArray *changes, enum folder_change_kind kind, const struct eas_node *node)
{
    const char *server_id = eas_node_text(node, TAG_FolderHierarchy_ServerId);
    const char *parent_id = eas_node_text(node, TAG_FolderHierarchy_ParentId);
    const char *name = eas_node_text(node, TAG_FolderHierarchy_DisplayName);

    if (!server_id || !*server_id || strlen(server_id) > LIMIT_KEY_BYTES || changes->len >= LIMIT_FOLDERS)
        return;
    if (!parent_id || !*parent_id || strlen(parent_id) > LIMIT_KEY_BYTES)
        parent_id = "0";

    struct folder_change *change = g_new0(struct folder_change, 1);

    change->kind = kind;
    change->server_id = g_strdup(server_id);
    if (kind != FOLDER_DELETE) {
        change->parent_id = g_strdup(parent_id);
        change->name = g_strdup(name ? name : "");
        change->type = (int)eas_node_number(node, TAG_FolderHierarchy_Type, 0);
    }
    g_ptr_array_add(changes, change);
}

void folder_sync_read(const struct eas_node *root, struct folder_sync_answer *answer)
{
    static const struct {
        eas_tag tag;
        enum folder_change_kind kind;
    } kinds[] = {
        {TAG_FolderHierarchy_Add, FOLDER_ADD},
        {TAG_FolderHierarchy_Update, FOLDER_UPDATE},
        {TAG_FolderHierarchy_Delete, FOLDER_DELETE},
    };

    *answer = (struct folder_sync_answer){.changes = g_ptr_array_new_with_free_func(change_free)};
    if (!root || root->tag != TAG_FolderHierarchy_FolderSync)
        return;
    answer->status = (int)eas_node_number(root, TAG_FolderHierarchy_Status, 0);

    const char *key = eas_node_text(root, TAG_FolderHierarchy_SyncKey);

    if (answer->status != 1 || !key || !*key || strlen(key) > LIMIT_KEY_BYTES)
        return;
    answer->sync_key = g_strdup(key);

    const struct eas_node *changes = eas_node_child(root, TAG_FolderHierarchy_Changes);

    for (const struct eas_node *node = changes ? changes->first : NULL; node; node = node->next)
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
            if (node->tag == kinds[i].tag)
                read_change(answer->changes, kinds[i].kind, node);
}

void folder_sync_clear(struct folder_sync_answer *answer)
{
    g_free(answer->sync_key);
    if (answer->changes)
        g_ptr_array_unref(answer->changes);
    memset(answer, 0, sizeof *answer);
}
