#include "codec/wire/ping.h"

#include <string.h>

#include "codec/limits.h"
#include "codec/wire/wbxml_writer.h"

void ping_request(GByteArray *out, int heartbeat, const struct ping_folder *folders, size_t count)
{
    struct wbxml_writer writer;

    wbxml_writer_init(&writer, out);
    wbxml_open(&writer, TAG_Ping_Ping);
    wbxml_number(&writer, TAG_Ping_HeartbeatInterval, heartbeat);
    wbxml_open(&writer, TAG_Ping_Folders);
    for (size_t i = 0; i < count; i++) {
        wbxml_open(&writer, TAG_Ping_Folder);
        wbxml_text(&writer, TAG_Ping_Id, folders[i].collection_id);
        wbxml_text(&writer, TAG_Ping_Class, eas_classes[folders[i].class].wire);
        wbxml_close(&writer);
    }
    wbxml_close(&writer);
    wbxml_close(&writer);
}

void ping_read(const struct eas_node *root, struct ping_answer *answer)
{
    *answer = (struct ping_answer){.folders = g_ptr_array_new_with_free_func(g_free)};
    if (!root || root->tag != TAG_Ping_Ping)
        return;
    answer->status = (int)eas_node_number(root, TAG_Ping_Status, 0);
    answer->heartbeat = (int)eas_node_number(root, TAG_Ping_HeartbeatInterval, 0);
    answer->max_folders = (int)eas_node_number(root, TAG_Ping_MaxFolders, 0);

    /* In an answer a Folder is its id; some servers answer in the request's form, with Id inside. */
    const struct eas_node *folders = eas_node_child(root, TAG_Ping_Folders);

    for (const struct eas_node *folder = eas_node_child(folders, TAG_Ping_Folder);
         folder && answer->folders->len < LIMIT_FOLDERS; folder = eas_node_next(folder)) {
        const char *id = eas_node_text(folder, TAG_Ping_Id);

        id = id ? id : folder->text;
        if (*id && strlen(id) <= LIMIT_KEY_BYTES)
            g_ptr_array_add(answer->folders, g_strdup(id));
    }
}

void ping_clear(struct ping_answer *answer)
{
    if (answer->folders)
        g_ptr_array_unref(answer->folders);
    memset(answer, 0, sizeof *answer);
}
