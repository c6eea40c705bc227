/* A replica of a fake mailbox, in a state directory of its own. */
#ifndef TESTS_UNIT_LIB_REPLICA_RIG_H
#define TESTS_UNIT_LIB_REPLICA_RIG_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "cache/replica.h"
#include "cache/store/store.h"
#include "tests/unit/lib/fake_mailbox.h"

enum { RIG_PATIENCE_MS = 60000 };

struct replica_rig {
    struct fake_mailbox *mailbox;
    char *dir;
    struct replica *replica;
    struct view *view;
    struct replica_config *config; /* for the next open; NULL: the ordinary one */
};

/* A mailbox with Inbox (f1), Drafts, Sent Items, Calendar and Contacts, all empty; nothing is open yet. */
void replica_rig_up(struct replica_rig *rig);
void replica_rig_down(struct replica_rig *rig);
struct replica_config *replica_rig_config(const char *dir, const char *url);

void replica_rig_open(struct replica_rig *rig);
void replica_rig_close(struct replica_rig *rig);
/* replica_sync, expected to be served. */
void replica_rig_sync(struct replica_rig *rig);

/* By path below the mount; 0 where there is none. */
uint64_t replica_rig_ino(struct replica_rig *rig, const char *path);
/* The bytes of a file, NULL when they are not local. */
GBytes *replica_rig_bytes(struct replica_rig *rig, uint64_t ino);
/* How many entries a directory has. */
unsigned replica_rig_count(struct replica_rig *rig, const char *path);
/* The inode of the only file whose name holds the text, in a directory; 0: none. */
uint64_t replica_rig_find(struct replica_rig *rig, const char *path, const char *text);
/* The errors that status shows, one a line. */
char *replica_rig_errors(struct replica_rig *rig);

/* Every mail of the mailbox's folders is in the view with its bytes, and nothing else is. */
void replica_rig_equal(struct replica_rig *rig);

#endif
