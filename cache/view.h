/* The tree as the kernel asks for it: one reader's connection to the store, never the network,
 * never the writer. A view belongs to one thread. Functions return 0 or a negative errno. */
#ifndef CACHE_VIEW_H
#define CACHE_VIEW_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "codec/item.h"

enum { VIEW_ROOT = 1 };

struct view;
struct store;

/* A view of an open store. NULL when the store cannot be read. */
struct view *view_new(struct store *store);
void view_free(struct view *view);

struct view_attr {
    uint64_t ino, parent;
    bool directory;
    enum eas_class class; /* of the file's collection or directory; EAS_NO_CLASS for the root */
    bool local;           /* the body is here, so size is exact */
    uint64_t size;
    uint32_t nlink;
    int64_t mtime_ns, ctime_ns;
};

int view_lookup(struct view *view, uint64_t parent, const char *name, struct view_attr *attr);
int view_getattr(struct view *view, uint64_t ino, struct view_attr *attr);

/* Calls each() for every entry of a directory after cookie (0: from the start), in a stable order
 * that survives changes in between, until it returns false; next is the cookie to go on after this
 * entry. "." and ".." are not given. -ENOTDIR, -ENOENT. */
typedef bool (*view_entry)(void *ctx, const char *name, const struct view_attr *attr, uint64_t next);
int view_list(struct view *view, uint64_t dir, uint64_t cookie, view_entry each, void *ctx);

/* Where the bytes are: for view_bytes_read. fd is the pack's, shared: never close; valid as long as the
 * view's store. hold keeps the room from being given back until view_release (a value, 0: none). */
struct view_bytes {
    int fd;
    int64_t offset, size;
    int64_t hold;
    uint64_t nonce; /* not 0: they lie there sealed */
};
/* At most size of the bytes at offset: how many, or a negative errno. Any thread. */
ssize_t view_bytes_read(const struct view *view, const struct view_bytes *bytes, void *buffer, size_t size,
                        int64_t offset);
/* -EAGAIN: not local, fetch it first. -EISDIR. */
int view_open(struct view *view, uint64_t ino, struct view_bytes *bytes);
void view_release(struct view *view, const struct view_bytes *bytes);
/* One read without an open before it (the mount without opens): bytes at offset, at most size. Returns how many. */
ssize_t view_read(struct view *view, uint64_t ino, void *buffer, size_t size, int64_t offset);

/* Whether every selected body is local: the mount without opens may be entered. */
bool view_all_local(struct view *view);

/* Extended attributes of a file, user.eas.* (CONTRACT 3). get copies at most size bytes and returns the
 * value's whole length, -ENODATA for none, -ERANGE; size 0 asks for the length. list gives NUL-separated listed names.
 */
ssize_t view_getxattr(struct view *view, uint64_t ino, const char *name, char *value, size_t size);
ssize_t view_listxattr(struct view *view, uint64_t ino, char *list, size_t size);

/* The properties that the server gave for the item of a file; NULL: none. The caller unrefs. */
GBytes *view_props(struct view *view, uint64_t ino);
/* Whether a user may write to a file: 0, -EPERM for received mail, -EISDIR, -ENOENT. */
int view_may_write(struct view *view, uint64_t ino);

/* The path below the mount ("Mail/Inbox/x.eml"), for messages; the caller frees it (g_free). */
char *view_path(struct view *view, uint64_t ino);

#endif
