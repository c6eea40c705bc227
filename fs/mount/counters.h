/* How often the kernel asked and was told, and what crossed the wire: for .easfs/counters and the benches. */
#ifndef FS_MOUNT_COUNTERS_H
#define FS_MOUNT_COUNTERS_H

#include <stdint.h>

struct mount;

/* The operations that are counted, by their own names. */
#define UPCALLS(X)                                                                                                     \
    X(lookup)                                                                                                          \
    X(getattr)                                                                                                         \
    X(opendir)                                                                                                         \
    X(readdir)                                                                                                         \
    X(readdirplus) X(statfs) X(open) X(read) X(release) X(getxattr) X(listxattr) X(create) X(write) X(flush) X(fsync)  \
        X(setattr) X(remove) X(rename) X(setxattr)

#define UPCALL_NAME(name) UPCALL_##name,
enum upcall { UPCALLS(UPCALL_NAME) UPCALL_COUNT };
#undef UPCALL_NAME

struct counters {
    uint64_t upcalls[UPCALL_COUNT];
    uint64_t notifications;
};

/* One more; from any thread. */
static inline void count(uint64_t *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* All counters as a JSON object, {"upcalls": {...}, "notifications": n, "wire": {...}}; g_free it. */
char *counters_text(struct mount *mount);

#endif
