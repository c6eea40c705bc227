/* A working copy: the bytes of a file that is being written, in a file of the state directory without a name. One for
 * all handles of an inode, from its first write on, until the store has what was written. Whoever calls holds the lock
 * of the open files (handles.h). Functions return 0 or a negative errno. */
#ifndef FS_MOUNT_WORKING_H
#define FS_MOUNT_WORKING_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cache/view.h"

/* A file without a name; whoever reads it from another thread has a reference. */
struct copy {
    int fd;
    int references; /* atomic */
};
struct copy *copy_ref(struct copy *copy);
void copy_unref(struct copy *copy);

struct working {
    struct copy *copy;
    int64_t size;
    int64_t mtime_ns;   /* of the last write, or as utimens set it since; before the first one, the file's */
    int64_t changed_ns; /* of the last write or utimens */
    GBytes *base;       /* the item as the server had it at the first write (edit_base); NULL: none */
    bool based;         /* base was asked for: an edit is under way */
    bool dirty;         /* written since the store was last asked to take it */
    bool durable;       /* what the store took last is on the disk */
    int storing;        /* requests to the store that are not done */
    int verdict;        /* of what it took last: 0, or why it is held (-EINVAL, -EPERM) */
    bool failed;        /* it took nothing, and the bytes are only here */
};

/* An empty one, in the state directory, or, NULL, in memory. NULL: *error. */
struct working *working_new(const char *state_dir, int *error);
void working_free(struct working *working);

/* Fills a new one with size bytes of fd from offset on. */
int working_fill(struct working *working, int fd, int64_t offset, int64_t size);
/* ... or with what the store holds. */
int working_fill_stored(struct working *working, const struct view *view, const struct view_bytes *bytes);
ssize_t working_read(const struct working *working, void *buffer, size_t size, int64_t offset);
/* Each of them gives a copy that is being read by the store to it, and goes on with one of its own. now_ns: the time of
 * the write; mtime_ns grows to it, or by one. -EFBIG beyond LIMIT_EDIT_BYTES. */
int working_write(struct working *working, const char *state_dir, const char *bytes, size_t size, int64_t offset,
                  int64_t now_ns);
int working_truncate(struct working *working, const char *state_dir, int64_t size, int64_t now_ns);

#endif
