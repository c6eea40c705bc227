#include "codec/wire/move_items.h"

#include <string.h>

#include "codec/limits.h"
#include "codec/wire/wbxml_writer.h"

enum { MOVED = 3 };

void move_items_request(GByteArray *out, const struct item_move *moves, size_t count)
{
    struct wbxml_writer writer;

    wbxml_writer_init(&writer, out);
    wbxml_open(&writer, TAG_Move_MoveItems);
    for (size_t i = 0; i < count; i++) {
        wbxml_open(&writer, TAG_Move_Move);
        wbxml_text(&writer, TAG_Move_SrcMsgId, moves[i].server_id);
        wbxml_text(&writer, TAG_Move_SrcFldId, moves[i].from);
        wbxml_text(&writer, TAG_Move_DstFldId, moves[i].to);
        wbxml_close(&writer);
    }
    wbxml_close(&writer);
}

static void moved_clear(void *data)
{
    struct item_moved *moved = data;

    g_free(moved->server_id);
    g_free(moved->new_server_id);
}

static bool is_id(const char *id)
{
    return id && *id && strlen(id) <= LIMIT_KEY_BYTES;
}

GArray *move_items_read(const struct eas_node *root)
{
    GArray *all = g_array_new(FALSE, TRUE, sizeof(struct item_moved));

    g_array_set_clear_func(all, moved_clear);
    if (!root || root->tag != TAG_Move_MoveItems)
        return all;
    for (const struct eas_node *response = eas_node_child(root, TAG_Move_Response); response && all->len < LIMIT_MOVES;
         response = eas_node_next(response)) {
        const char *id = eas_node_text(response, TAG_Move_SrcMsgId),
                   *new_id = eas_node_text(response, TAG_Move_DstMsgId);
        struct item_moved moved = {.status = (int)eas_node_number(response, TAG_Move_Status, 0)};

        if (!is_id(id))
            continue;
        moved.server_id = g_strdup(id);
        if (moved.status == MOVED)
            moved.new_server_id = g_strdup(is_id(new_id) ? new_id : id);
        g_array_append_val(all, moved);
    }
    return all;
}
