/* What a user does to a replica's tree, each waited for until it is committed. Returns 0 or a negative errno. */
#ifndef TESTS_UNIT_LIB_EDIT_RIG_H
#define TESTS_UNIT_LIB_EDIT_RIG_H

#include "cache/edit/edit.h"
#include "tests/unit/lib/replica_rig.h"

/* Submits edit, waits for its commit and drops it. */
int edit_ask(struct replica *replica, struct edit *edit);
/* By paths below the mount ("Notes/a.ics"). A file is made where there is none. */
int edit_write(struct replica_rig *rig, const char *path, const char *bytes);
int edit_remove(struct replica_rig *rig, const char *path);
int edit_rename(struct replica_rig *rig, const char *from, const char *to);
int edit_mkdir(struct replica_rig *rig, const char *path);
int edit_rmdir(struct replica_rig *rig, const char *path);
int edit_attribute(struct replica_rig *rig, const char *path, const char *name, const char *value);
int edit_retry(struct replica_rig *rig, const char *path);

/* The queue, "KIND STATE PATH" a line; the caller frees it. */
char *edit_queue(struct replica_rig *rig);

#endif
