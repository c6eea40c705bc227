/* FolderCreate, FolderUpdate, FolderDelete (MS-ASCMD 2.2.1.2 to .4): changes to the hierarchy that are made here. They
 * take and give the key of FolderSync, so they are sent one after the other and never beside a FolderSync. */
#ifndef CODEC_WIRE_FOLDER_CHANGE_H
#define CODEC_WIRE_FOLDER_CHANGE_H

#include "codec/item.h"
#include "codec/wire/wbxml_tree.h"

/* The types a client may create (MS-ASCMD 2.2.3.186.3): a folder of the user's for each class. */
int folder_create_type(enum eas_class class);

/* Each appends a whole request document to out. parent_id "0" is the root; name has 1 to 256 characters. An update
 * renames, moves, or both: it says where the folder is to be and how it is to be called. */
void folder_create_request(GByteArray *out, const char *sync_key, const char *parent_id, const char *name,
                           enum eas_class class);
void folder_update_request(GByteArray *out, const char *sync_key, const char *server_id, const char *parent_id,
                           const char *name);
void folder_delete_request(GByteArray *out, const char *sync_key, const char *server_id);

struct folder_changed {
    int status;
    char *sync_key;  /* the hierarchy's new key; NULL unless status is 1 */
    char *server_id; /* of the folder that was created, else NULL */
};

/* Reads the answer to any of the three from its root; another document gives status 0, as does a success without a key
 * or, of a creation, without an id: it is to be asked again by FolderSync. Clear it after use. */
void folder_changed_read(const struct eas_node *root, struct folder_changed *answer);
void folder_changed_clear(struct folder_changed *answer);

#endif
