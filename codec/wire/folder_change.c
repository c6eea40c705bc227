#include "codec/wire/folder_change.h"

#include <string.h>

#include "codec/limits.h"
#include "codec/wire/wbxml_writer.h"

int folder_create_type(enum eas_class class)
{
    static const int types[EAS_CLASSES] = {
        [EAS_MAIL] = 12, [EAS_CALENDAR] = 13, [EAS_CONTACTS] = 14, [EAS_TASKS] = 15, [EAS_NOTES] = 17,
    };

    return types[class];
}

static void begin(struct wbxml_writer *writer, GByteArray *out, eas_tag root, const char *sync_key)
{
    wbxml_writer_init(writer, out);
    wbxml_open(writer, root);
    wbxml_text(writer, TAG_FolderHierarchy_SyncKey, sync_key);
}

void folder_create_request(GByteArray *out, const char *sync_key, const char *parent_id, const char *name,
                           enum eas_class class)
{
    struct wbxml_writer writer;

    begin(&writer, out, TAG_FolderHierarchy_FolderCreate, sync_key);
    wbxml_text(&writer, TAG_FolderHierarchy_ParentId, parent_id);
    wbxml_text(&writer, TAG_FolderHierarchy_DisplayName, name);
    wbxml_number(&writer, TAG_FolderHierarchy_Type, folder_create_type(class));
    wbxml_close(&writer);
}

void folder_update_request(GByteArray *out, const char *sync_key, const char *server_id, const char *parent_id,
                           const char *name)
{
    struct wbxml_writer writer;

    begin(&writer, out, TAG_FolderHierarchy_FolderUpdate, sync_key);
    wbxml_text(&writer, TAG_FolderHierarchy_ServerId, server_id);
    wbxml_text(&writer, TAG_FolderHierarchy_ParentId, parent_id);
    wbxml_text(&writer, TAG_FolderHierarchy_DisplayName, name);
    wbxml_close(&writer);
}

void folder_delete_request(GByteArray *out, const char *sync_key, const char *server_id)
{
    struct wbxml_writer writer;

    begin(&writer, out, TAG_FolderHierarchy_FolderDelete, sync_key);
    wbxml_text(&writer, TAG_FolderHierarchy_ServerId, server_id);
    wbxml_close(&writer);
}

static char *take_id(const struct eas_node *root, eas_tag tag)
{
    const char *text = eas_node_text(root, tag);

    return text && *text && strlen(text) <= LIMIT_KEY_BYTES ? g_strdup(text) : NULL;
}

void folder_changed_read(const struct eas_node *root, struct folder_changed *answer)
{
    eas_tag tag = root ? root->tag : EAS_TAG_NONE;
    bool created = tag == TAG_FolderHierarchy_FolderCreate;

    *answer = (struct folder_changed){0};
    if (!created && tag != TAG_FolderHierarchy_FolderUpdate && tag != TAG_FolderHierarchy_FolderDelete)
        return;
    answer->status = (int)eas_node_number(root, TAG_FolderHierarchy_Status, 0);
    if (answer->status != 1)
        return;
    answer->sync_key = take_id(root, TAG_FolderHierarchy_SyncKey);
    if (created)
        answer->server_id = take_id(root, TAG_FolderHierarchy_ServerId);
    if (!answer->sync_key || (created && !answer->server_id))
        folder_changed_clear(answer);
}

void folder_changed_clear(struct folder_changed *answer)
{
    g_free(answer->sync_key);
    g_free(answer->server_id);
    *answer = (struct folder_changed){0};
}
