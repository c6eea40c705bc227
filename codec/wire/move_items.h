/* MoveItems (MS-ASCMD 2.2.1.12): items from one folder of a class into another. An item that is moved may get a new id.
 */
#ifndef CODEC_WIRE_MOVE_ITEMS_H
#define CODEC_WIRE_MOVE_ITEMS_H

#include "codec/wire/wbxml_tree.h"

struct item_move {
    const char *server_id, *from, *to; /* the item, the folder it lies in, the folder it goes to */
};

/* Appends a request for 1 to LIMIT_MOVES moves. */
void move_items_request(GByteArray *out, const struct item_move *moves, size_t count);

struct item_moved {
    char *server_id;     /* as asked */
    int status;          /* 3 is success here (eas_status_result, EAS_LEVEL_ITEM); 0 where it was left out */
    char *new_server_id; /* from now on; as asked where the server names none. NULL unless status is 3 */
};

/* Reads an answer from its root into an array of struct item_moved, in the answer's order; a move that it does not name
 * has to be taken for undone. Empty for a document that is no MoveItems; its own status: answer_status. Unref it. */
GArray *move_items_read(const struct eas_node *root);

#endif
