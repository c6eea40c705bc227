/* Reads directories into folders and entries. Wants the mailbox's lock. */
#ifndef EASD_SCAN_H
#define EASD_SCAN_H

#include "contrib/easd/mailbox.h"

/* Walks all directories: folders that came, went or were renamed, and their files. */
bool scan_hierarchy(struct mailbox *mailbox);

/* Lists one folder's files anew. */
bool scan_folder(struct folder *folder);

/* Looks at one name of a folder. */
bool scan_name(struct folder *folder, const char *name);

/* A new, empty folder in the mailbox's tables. id NULL: made from the path. */
struct folder *scan_add_folder(struct mailbox *mailbox, const char *path, enum item_class class, int type,
                               const char *id);

void scan_free_folder(void *folder);

#endif
