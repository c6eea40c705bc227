/* The open handles and the files they belong to, by inode: what the server removes stays readable until it is closed;
 * what is being written is one working copy for all of them. From any thread; whoever looks into a file holds the lock.
 */
#ifndef FS_MOUNT_HANDLES_H
#define FS_MOUNT_HANDLES_H

#include <sys/types.h>

#include "cache/view.h"
#include "fs/mount/working.h"

struct handles;

struct open_file {
    uint64_t ino;
    int references;          /* handles, and requests to the store */
    int handles, writers;    /* open ones; of these, for writing */
    int64_t size;            /* as the last open found it */
    bool incomplete;         /* made, emptied or written, and not closed by all who write */
    struct working *working; /* NULL: none */
    struct copy *last;       /* what the last of them held: for who has a file open that was removed */
    int64_t last_size;
};

/* What file->fh points to. */
struct handle {
    struct open_file *file;
    struct view_bytes bytes; /* where they were at the open, pinned; with pinned alone */
    bool pinned;
    int as_of; /* mount->replaced when they were looked up */
    bool writing;
    bool appending;
    bool gone;    /* the store has the file no more */
    bool wrote;   /* or truncated, since the open */
    pid_t opener; /* the process; 0: a reader */
};

struct handles *handles_new(void);
void handles_free(struct handles *handles);
void handles_lock(struct handles *handles);
void handles_unlock(struct handles *handles);

/* A new handle. bytes NULL: nothing is pinned; else they were looked up when mount->replaced was as_of. opener: 0 for
 * a reader. Takes the lock. */
struct handle *handle_open(struct handles *handles, uint64_t ino, const struct view_bytes *bytes, int as_of,
                           pid_t opener);
/* Frees a handle; returns what it had pinned in *bytes (view_release is the caller's), or false. Under the lock. */
bool handle_close(struct handles *handles, struct handle *handle, struct view_bytes *bytes);

/* The file of an inode, open or not, with a reference; and without it. Under the lock. */
struct open_file *file_ref(struct handles *handles, uint64_t ino);
void file_unref(struct handles *handles, struct open_file *file);
/* The file of an inode, if it is open or being stored; NULL. Under the lock. */
struct open_file *file_find(struct handles *handles, uint64_t ino);
/* Its working copy is made, or (NULL) given up: what it held stays readable while handles are open. Under the lock. */
void file_work(struct handles *handles, struct open_file *file, struct working *working);
/* All files that are incomplete, each with a reference; nobody writes them any more. A GPtrArray. Takes the lock. */
GPtrArray *files_incomplete(struct handles *handles);

/* The size that the last open of an inode found, or its working copy has; false when none is open. Takes the lock. */
bool handles_size(struct handles *handles, uint64_t ino, int64_t *size);
/* Whether anything is being written. */
bool handles_busy(struct handles *handles);
/* What a working copy has to say about a file: size and times; local is false then, for they move. Takes the lock. */
void handles_attr(struct handles *handles, struct view_attr *attr);

#endif
