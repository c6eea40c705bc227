/* The directories by inode, as the changes told so far leave them: older than the store while changes wait, so that
 * each is told under the name that it had when it was committed. For the notifier's thread alone. */
#ifndef FS_MOUNT_FOLDERS_H
#define FS_MOUNT_FOLDERS_H

#include <glib.h>

#include "cache/replica.h"

struct folders;

/* One name on the way from the root to a directory. */
struct folder_step {
    uint64_t parent, ino;
    char *name;
};

struct folders *folders_new(void);
void folders_free(struct folders *folders);

/* Reads them anew from the store. */
void folders_load(struct folders *folders, struct replica *replica, struct view *view);
/* Follows a change of a directory; any other is ignored. */
void folders_apply(struct folders *folders, const struct change *change);

/* The way to a directory: a GArray of struct folder_step with its clear function, empty for the root; NULL when it is
 * not known. */
GArray *folders_way(struct folders *folders, uint64_t ino);
/* Way and name as a path below the mount; g_free it. */
char *folder_path(const GArray *way, const char *name);

#endif
