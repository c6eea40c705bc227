#include "fs/mount/nodes.h"

#include <string.h>

#include "fs/mount/answers.h"
#include "fs/mount/control.h"
#include "fs/mount/handles.h"

enum { NODE_BLOCK = 512, NODE_IO = 4096 };

static struct timespec node_time(int64_t ns)
{
    struct timespec time = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

    /* Dates before 1970 are negative, their nanoseconds must not be. */
    if (time.tv_nsec < 0) {
        time.tv_sec--;
        time.tv_nsec += 1000000000;
    }
    return time;
}

void node_stat(const struct mount *mount, const struct view_attr *attr, struct stat *st)
{
    memset(st, 0, sizeof *st);
    st->st_ino = attr->ino;
    st->st_mode = attr->directory ? S_IFDIR | 0700 : S_IFREG | 0600;
    st->st_nlink = attr->nlink;
    st->st_uid = mount->uid;
    st->st_gid = mount->gid;
    st->st_size = (off_t)attr->size;
    st->st_blksize = NODE_IO;
    st->st_blocks = (blkcnt_t)((attr->size + NODE_BLOCK - 1) / NODE_BLOCK);
    st->st_mtim = node_time(attr->mtime_ns);
    st->st_ctim = node_time(attr->ctime_ns);
    st->st_atim = st->st_mtim;
}

double node_attr_timeout(const struct view_attr *attr)
{
    return attr->directory || attr->local ? NODE_TIMEOUT_S : 0;
}

void node_entry(const struct mount *mount, const struct view_attr *attr, struct fuse_entry_param *entry)
{
    memset(entry, 0, sizeof *entry);
    entry->ino = attr->ino;
    entry->generation = 0; /* numbers are never used twice */
    entry->entry_timeout = NODE_TIMEOUT_S;
    entry->attr_timeout = node_attr_timeout(attr);
    node_stat(mount, attr, &entry->attr);
}

struct view_attr node_removed(const struct mount *mount, uint64_t ino, bool directory)
{
    struct view_attr attr = {.ino = ino, .directory = directory, .size = 1, .nlink = directory ? 2 : 1};
    int64_t size;

    if (!directory && handles_size(mount->handles, ino, &size)) {
        attr.size = (uint64_t)size;
        attr.nlink = 0;
    }
    return attr;
}

void node_expected(struct mount *mount, uint64_t parent, const char *name, uint64_t ino, bool directory,
                   struct fuse_entry_param *entry)
{
    struct view_attr attr;
    bool here = view_lookup(mount->view, parent, name, &attr) == 0 && attr.ino == ino;

    if (!here && view_getattr(mount->view, ino, &attr) != 0) {
        attr = node_removed(mount, ino, directory);
        attr.nlink = MAX(attr.nlink, 1); /* it has this name */
    }
    node_entry(mount, &attr, entry);
    if (!here)
        entry->entry_timeout = entry->attr_timeout = 0;
}

bool node_visible(const struct mount *mount, const struct view_attr *attr)
{
    return !mount->without_opens || attr->directory || attr->local;
}

bool node_is_ours(fuse_ino_t ino)
{
    return control_is(ino) || answers_is(ino);
}
