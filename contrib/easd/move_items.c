/* MoveItems (MS-ASCMD 2.2.1.12): files renamed from one folder to another, where they have new ids. */
#include <string.h>

#include "contrib/easd/command.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/store.h"

enum {
    STATUS_NO_SOURCE = 1,
    STATUS_NO_DESTINATION = 2,
    STATUS_OK = 3,
    STATUS_SAME = 4,
    STATUS_FAILED = 5,
    STATUS_INVALID = 103,
    DELETED_ITEMS = 4,
};

static bool move_valid(const struct eas_node *move)
{
    static const eas_tag order[] = {TAG_Move_SrcMsgId, TAG_Move_SrcFldId, TAG_Move_DstFldId};
    const struct eas_node *child = move->first;

    for (size_t i = 0; i < G_N_ELEMENTS(order); i++, child = child->next)
        if (!child || child->tag != order[i] || child->length == 0 || child->length > EASD_ID_BYTES)
            return false;
    return move->tag == TAG_Move_Move && !child;
}

static bool request_valid(const struct eas_node *root)
{
    guint count = 0;

    for (const struct eas_node *move = root->first; move; move = move->next)
        if (!move_valid(move) || ++count > EASD_MOVES)
            return false;
    return count > 0;
}

/* Items go where their class is, and all of them into Deleted Items. */
static int move_item(struct request *request, const struct eas_node *move, char id[EASD_ID_BYTES])
{
    const char *source = eas_node_text(move, TAG_Move_SrcMsgId);
    struct folder *from = mailbox_folder(request->mailbox, eas_node_text(move, TAG_Move_SrcFldId));
    struct folder *to = mailbox_folder(request->mailbox, eas_node_text(move, TAG_Move_DstFldId));
    struct entry *entry = from ? folder_entry(from, source) : NULL;

    if (!entry || !entry_served(entry, request->version))
        return STATUS_NO_SOURCE;
    if (!to)
        return STATUS_NO_DESTINATION;
    if (from == to)
        return STATUS_SAME;
    if (from->class != to->class && to->type != DELETED_ITEMS)
        return STATUS_FAILED;
    entry = store_move(from, entry, to);
    if (!entry)
        return STATUS_FAILED;
    folder_server_id(to, entry, id);
    return STATUS_OK;
}

void run_move_items(struct request *request, struct answer *answer)
{
    struct wbxml_writer wbxml;

    if (!request_valid(request->root)) {
        answer_global_status(request, answer, STATUS_INVALID);
        return;
    }
    answer_begin(answer, &wbxml);
    wbxml_open(&wbxml, TAG_Move_MoveItems);
    for (const struct eas_node *move = request->root->first; move; move = move->next) {
        char id[EASD_ID_BYTES];
        int status = move_item(request, move, id);

        wbxml_open(&wbxml, TAG_Move_Response);
        wbxml_text(&wbxml, TAG_Move_SrcMsgId, eas_node_text(move, TAG_Move_SrcMsgId));
        wbxml_number(&wbxml, TAG_Move_Status, status);
        if (status == STATUS_OK)
            wbxml_text(&wbxml, TAG_Move_DstMsgId, id);
        wbxml_close(&wbxml);
    }
    wbxml_close(&wbxml);
}
