/* The mount: a view of the replica as a FUSE file system. One dispatcher thread answers everything
 * from the view or parks it; the notifier, the control files' worker and the fetch workers reply and
 * notify from threads of their own. This header is for the files of this room and for whoever runs a mount. */
#ifndef FS_MOUNT_MOUNT_H
#define FS_MOUNT_MOUNT_H

#include <fuse_lowlevel.h>
#include <pthread.h>

#include "cache/replica.h"
#include "fs/mount/counters.h"

struct answers;
struct control;
struct errors;
struct events;
struct expected;
struct handles;
struct notifier;
struct park;
struct self_ops;

struct mount_config {
    const char *mountpoint;   /* absolute */
    const char *account;      /* shown as the source of the mount */
    const char *fuse_options; /* comma-separated, for libfuse; NULL: none */
    bool read_only;
    bool without_xattrs;
    bool maildir;             /* mail folders as Maildir (maildir.h); what the server changes is not told to inotify */
    bool without_inotify;     /* --events off: what the server changed is not told to inotify */
    void (*ready)(void *ctx); /* called once, when the kernel has answered INIT */
    void *ctx;
};

struct mount {
    struct replica *replica;
    const struct mount_config *config;
    struct view *view; /* the dispatcher's */
    struct fuse_session *session;
    struct notifier *notifier;
    struct events *events;
    struct errors *errors;
    struct self_ops *self_ops; /* NULL: none are performed */
    struct expected *expected; /* with self_ops */
    struct control *control;
    struct answers *answers;
    struct park *park;
    struct handles *handles;
    struct counters counters;
    int replaced; /* atomic: how often the bytes of a file were replaced */
    char *buffer; /* the dispatcher's, for one READ or READDIR */
    size_t buffer_size;
    uid_t uid;
    gid_t gid;
    pthread_t dispatcher;
    int unmounted, ended; /* atomic: mount_stop has unmounted; nobody serves */
    bool without_opens;   /* OPEN, OPENDIR and FLUSH are answered ENOSYS; only local bodies are visible */
};

/* Makes the file system of a replica. Listens to the replica's changes from here on. On failure NULL and
 * *why (caller frees); *code is the exit code. */
struct mount *mount_new(struct replica *replica, const struct mount_config *config, int *code, char **why);
/* Mounts it and serves on this thread until it is unmounted or mount_stop is called. Returns 0 or an exit code with
 * *why. */
int mount_serve(struct mount *mount, char **why);
/* Returns when what the replica has by now is what the mount shows, or soon. From any thread but the dispatcher. */
void mount_settle(struct mount *mount);
/* Unmounts, lazily when it is in use, and ends mount_serve. From any other thread. */
void mount_stop(struct mount *mount);
/* Unmounts if nobody uses it; 0 or a negative errno. From any thread but the dispatcher. */
int mount_unmount(struct mount *mount);
/* After replica_stop and before replica_close. */
void mount_free(struct mount *mount);

#endif
