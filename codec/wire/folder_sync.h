/* FolderSync (MS-ASCMD 2.2.1.5): the hierarchy of folders and its changes. */
#ifndef CODEC_WIRE_FOLDER_SYNC_H
#define CODEC_WIRE_FOLDER_SYNC_H

#include "codec/wire/wbxml_tree.h"

enum folder_change_kind { FOLDER_ADD, FOLDER_UPDATE, FOLDER_DELETE };

struct folder_change {
    enum folder_change_kind kind;
    char *server_id, *parent_id, *name; /* parent_id "0" is the root; a delete has only server_id */
    int type;                           /* MS-ASCMD 2.2.3.186.3 */
};

struct folder_sync_answer {
    int status;
    char *sync_key;     /* NULL unless status is 1 */
    GPtrArray *changes; /* of struct folder_change, in document order; never NULL */
};

/* Appends a whole request document to out. */
void folder_sync_request(GByteArray *out, const char *sync_key);

/* Reads an answer from its root. A document that is no FolderSync gives status 0. Clear it after use. */
void folder_sync_read(const struct eas_node *root, struct folder_sync_answer *answer);
void folder_sync_clear(struct folder_sync_answer *answer);

#endif
