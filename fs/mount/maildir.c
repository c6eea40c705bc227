#include "fs/mount/maildir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/mount/handles.h"
#include "fs/mount/nodes.h"

/* Numbers that no row of the store ever reaches. */
#define MAILDIR_BASE (1ULL << 60)
#define MAILDIR_DIR_MASK ((1ULL << 56) - 1)
#define MAILDIR_SUFFIX ".easfs:2,"
#define MAILDIR_TMP ".tmp."

enum { PART_CUR, PART_NEW, PART_TMP, PARTS };
enum { OFFSET_SELF = 1, OFFSET_PARENT = 2, OFFSET_PARTS = 3, OFFSET_STORE = 2, BATCH = 64 };

static const char *const parts[PARTS] = {"cur", "new", "tmp"};

static fuse_ino_t part_ino(fuse_ino_t dir, int part)
{
    return MAILDIR_BASE | (fuse_ino_t)(part + 1) << 56 | dir;
}

bool maildir_is(fuse_ino_t ino)
{
    return (ino & MAILDIR_BASE) && ino < MAILDIR_BASE << 1;
}

static fuse_ino_t dir_of(fuse_ino_t ino)
{
    return ino & MAILDIR_DIR_MASK;
}

static int part_of(fuse_ino_t ino)
{
    return (int)(ino >> 56 & 0xf) - 1;
}

static int part_named(const char *name)
{
    for (int part = 0; part < PARTS; part++)
        if (strcmp(name, parts[part]) == 0)
            return part;
    return -1;
}

/* A folder of mail, which has the three. */
static bool is_folder(struct mount *mount, fuse_ino_t ino, struct view_attr *attr)
{
    return mount->config->maildir && view_getattr(mount->view, ino, attr) == 0 && attr->directory &&
           attr->class == EAS_MAIL && attr->parent != VIEW_ROOT;
}

/* What stands in cur and not in the folder itself. */
static bool is_message(const char *name, const struct view_attr *attr)
{
    return !attr->directory && *name != '.' && g_str_has_suffix(name, eas_classes[EAS_MAIL].ending);
}

static bool part_attr(struct mount *mount, fuse_ino_t ino, struct view_attr *attr)
{
    if (!is_folder(mount, dir_of(ino), attr))
        return false;
    attr->parent = attr->ino;
    attr->ino = ino;
    attr->nlink = 2;
    return true;
}

/* ---- names ---- */

static bool is_value(struct mount *mount, uint64_t ino, const char *name, const char *wanted)
{
    char value[16];
    ssize_t length = view_getxattr(mount->view, ino, name, value, sizeof value - 1);

    value[CLAMP(length, 0, (ssize_t)sizeof value - 1)] = '\0';
    return length >= 0 && strcmp(value, wanted) == 0;
}

/* The flags in the order of their letters, as the Maildir format has them. A file without an item was written here. */
static void message_name(struct mount *mount, uint64_t ino, char *name)
{
    bool flagged = is_value(mount, ino, "user.eas.flag", "active");
    bool passed = is_value(mount, ino, "user.eas.answered", "forward");
    bool replied =
        is_value(mount, ino, "user.eas.answered", "reply") || is_value(mount, ino, "user.eas.answered", "replyall");
    bool unseen = is_value(mount, ino, "user.eas.read", "0");

    g_snprintf(name, CHANGE_NAME_MAX, "%" G_GUINT64_FORMAT MAILDIR_SUFFIX "%s%s%s%s", ino, flagged ? "F" : "",
               passed ? "P" : "", replied ? "R" : "", unseen ? "" : "S");
}

/* The message that a name in cur is of, whatever its flags; 0: none. */
static uint64_t message_of(struct mount *mount, fuse_ino_t part, const char *name, struct view_attr *attr)
{
    char *end;
    uint64_t ino = g_ascii_strtoull(name, &end, 10);

    if (!g_str_has_prefix(end, MAILDIR_SUFFIX) || part_of(part) == PART_TMP ||
        view_getattr(mount->view, ino, attr) != 0 || attr->directory || attr->parent != dir_of(part))
        return 0;
    return ino;
}

static int store_name(struct mount *mount, uint64_t ino, char *name)
{
    g_autofree char *path = view_path(mount->view, ino);
    g_autofree char *base = path ? g_path_get_basename(path) : NULL;

    if (!base)
        return -ENOENT;
    return g_strlcpy(name, base, CHANGE_NAME_MAX) < CHANGE_NAME_MAX ? 0 : -ENAMETOOLONG;
}

int maildir_place(struct mount *mount, fuse_ino_t *parent, char *name)
{
    g_autofree char *given = g_strdup(name);
    struct view_attr attr;
    uint64_t ino;
    int length;

    if (!maildir_is(*parent))
        return part_named(name) >= 0 && is_folder(mount, *parent, &attr) ? -EPERM : 0;
    ino = message_of(mount, *parent, name, &attr);
    if (ino) {
        *parent = dir_of(*parent);
        return store_name(mount, ino, name);
    }
    if (part_of(*parent) == PART_TMP)
        length = g_snprintf(name, CHANGE_NAME_MAX, MAILDIR_TMP "%s", given);
    else
        length =
            g_snprintf(name, CHANGE_NAME_MAX, "%.*s%s", (int)strcspn(given, ":"), given, eas_classes[EAS_MAIL].ending);
    *parent = dir_of(*parent);
    return length < CHANGE_NAME_MAX ? 0 : -ENAMETOOLONG;
}

/* ---- look-ups and attributes ---- */

static void entry_reply(struct mount *mount, fuse_req_t req, struct view_attr *attr)
{
    struct fuse_entry_param entry;

    handles_attr(mount->handles, attr);
    node_entry(mount, attr, &entry);
    entry.entry_timeout = 0;
    entry.attr_timeout = attr->directory ? 0 : entry.attr_timeout;
    fuse_reply_entry(req, &entry);
}

static int lookup_in_part(struct mount *mount, fuse_ino_t part, const char *name, struct view_attr *attr)
{
    char now[CHANGE_NAME_MAX];
    uint64_t ino = message_of(mount, part, name, attr);

    if (ino) {
        message_name(mount, ino, now);
        return part_of(part) == PART_CUR && strcmp(now, name) == 0 ? 0 : -ENOENT;
    }
    if (part_of(part) != PART_TMP)
        return -ENOENT;
    g_snprintf(now, sizeof now, MAILDIR_TMP "%s", name);
    return view_lookup(mount->view, dir_of(part), now, attr);
}

bool maildir_lookup(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct view_attr attr;
    int part = part_named(name), error = 0;

    if (maildir_is(parent)) {
        error = lookup_in_part(mount, parent, name, &attr);
    } else if (!mount->config->maildir || !is_folder(mount, parent, &attr)) {
        return false;
    } else if (part >= 0) {
        error = part_attr(mount, part_ino(parent, part), &attr) ? 0 : -ENOENT;
    } else {
        error = view_lookup(mount->view, parent, name, &attr);
        if (!error && !is_message(name, &attr))
            return false;
        error = -ENOENT;
    }
    if (error)
        fuse_reply_err(req, -error);
    else
        entry_reply(mount, req, &attr);
    return true;
}

bool maildir_getattr(struct mount *mount, fuse_req_t req, fuse_ino_t ino)
{
    struct view_attr attr;
    struct stat st;

    if (!maildir_is(ino))
        return false;
    if (!part_attr(mount, ino, &attr)) {
        fuse_reply_err(req, ENOENT);
        return true;
    }
    node_stat(mount, &attr, &st);
    fuse_reply_attr(req, &st, 0);
    return true;
}

/* ---- listings ---- */

struct listing {
    fuse_req_t req;
    struct mount *mount;
    bool plus, full;
    char *buffer;
    size_t size, used;
};

static void add(struct listing *listing, const char *name, const struct view_attr *attr, off_t next)
{
    char *at = listing->buffer + listing->used;
    size_t room = listing->size - listing->used, need;
    struct fuse_entry_param entry;
    struct view_attr now = *attr;

    handles_attr(listing->mount->handles, &now);
    node_entry(listing->mount, &now, &entry);
    entry.entry_timeout = 0;
    entry.attr_timeout = attr->directory ? 0 : entry.attr_timeout;
    need = listing->plus ? fuse_add_direntry_plus(listing->req, at, room, name, &entry, next)
                         : fuse_add_direntry(listing->req, at, room, name, &entry.attr, next);
    listing->full = need > room;
    listing->used += listing->full ? 0 : need;
}

struct batch_row {
    struct view_attr attr;
    uint64_t next;
    char name[CHANGE_NAME_MAX];
};

static bool batch_take(void *ctx, const char *name, const struct view_attr *attr, uint64_t next)
{
    GArray *batch = ctx;
    struct batch_row row = {.attr = *attr, .next = next};

    g_strlcpy(row.name, name, sizeof row.name);
    g_array_append_val(batch, row);
    return batch->len < BATCH;
}

/* What of a folder stands in this directory, and how it is called there; false: it does not. */
static bool shown(struct mount *mount, fuse_ino_t ino, struct batch_row *row)
{
    bool message = is_message(row->name, &row->attr), temporary = g_str_has_prefix(row->name, MAILDIR_TMP);

    if (!maildir_is(ino))
        return !message && !temporary;
    if (part_of(ino) == PART_CUR && message)
        message_name(mount, row->attr.ino, row->name);
    if (part_of(ino) == PART_TMP && temporary)
        memmove(row->name, row->name + sizeof MAILDIR_TMP - 1, strlen(row->name) - sizeof MAILDIR_TMP + 2);
    return (part_of(ino) == PART_CUR && message) || (part_of(ino) == PART_TMP && temporary);
}

static int add_stored(struct listing *listing, fuse_ino_t ino, uint64_t cookie)
{
    fuse_ino_t dir = maildir_is(ino) ? dir_of(ino) : ino;
    g_autoptr(GArray) batch = g_array_new(FALSE, FALSE, sizeof(struct batch_row));

    do {
        int error;

        g_array_set_size(batch, 0);
        error = view_list(listing->mount->view, dir, cookie, batch_take, batch);
        if (error)
            return error;
        for (guint i = 0; i < batch->len && !listing->full; i++) {
            struct batch_row *row = &g_array_index(batch, struct batch_row, i);

            cookie = row->next;
            if (shown(listing->mount, ino, row))
                add(listing, row->name, &row->attr, (off_t)(cookie + OFFSET_STORE));
        }
    } while (batch->len == BATCH && !listing->full);
    return 0;
}

static void add_fixed(struct listing *listing, fuse_ino_t ino, const struct view_attr *self, off_t offset)
{
    struct view_attr attr = *self;

    if (offset < OFFSET_SELF)
        add(listing, ".", self, OFFSET_SELF);
    attr.ino = self->parent;
    if (offset < OFFSET_PARENT && !listing->full)
        add(listing, "..", &attr, OFFSET_PARENT);
    for (int part = 0; !maildir_is(ino) && part < PARTS && !listing->full; part++)
        if (offset < OFFSET_PARTS + part && part_attr(listing->mount, part_ino(ino, part), &attr))
            add(listing, parts[part], &attr, OFFSET_PARTS + part);
}

bool maildir_readdir(struct mount *mount, fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, bool plus)
{
    struct listing listing = {
        .req = req, .mount = mount, .plus = plus, .buffer = mount->buffer, .size = MIN(size, mount->buffer_size)};
    struct view_attr self;
    int error = 0;

    if (maildir_is(ino) ? !part_attr(mount, ino, &self) : !is_folder(mount, ino, &self)) {
        if (maildir_is(ino))
            fuse_reply_err(req, ENOENT);
        return maildir_is(ino);
    }
    add_fixed(&listing, ino, &self, offset);
    /* Above the three no message has so small a number that its offset would be one of theirs. */
    if (!listing.full)
        error = add_stored(&listing, ino, offset >= OFFSET_PARTS + PARTS ? (uint64_t)(offset - OFFSET_STORE) : 0);
    if (error)
        fuse_reply_err(req, -error);
    else
        fuse_reply_buf(req, mount->buffer, listing.used);
    return true;
}

/* ---- flags ---- */

static void reply_nobody(struct asked *asked)
{
    (void)asked;
}

static void set_flag(struct mount *mount, uint64_t ino, const char *name, const char *value)
{
    struct asked *asked;

    if (is_value(mount, ino, name, value))
        return;
    asked = asked_new(mount, NULL, EDIT_XATTR, 0, name, 0, NULL);
    asked->edit.ino = ino;
    asked->edit.value = g_bytes_new(value, strlen(value));
    edits_ask(asked, reply_nobody);
}

/* S and F are the server's read and flag; R and P are what it saw itself, and T and D are nobody's. */
static void set_flags(struct mount *mount, uint64_t ino, const char *name)
{
    const char *flags = strstr(name, ":2,");

    if (!flags)
        return;
    set_flag(mount, ino, "user.eas.read", strchr(flags, 'S') ? "1" : "0");
    set_flag(mount, ino, "user.eas.flag", strchr(flags, 'F') ? "active" : "none");
}

bool maildir_rename(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
                    const char *new_name)
{
    struct view_attr attr;
    struct asked *asked;
    char stored[CHANGE_NAME_MAX];
    uint64_t ino = maildir_is(parent) && maildir_is(new_parent) ? message_of(mount, parent, name, &attr) : 0;
    int error;

    if (!ino || part_of(new_parent) == PART_TMP)
        return false;
    error = store_name(mount, ino, stored);
    if (error) {
        fuse_reply_err(req, -error);
        return true;
    }
    set_flags(mount, ino, new_name);
    if (dir_of(parent) == dir_of(new_parent))
        asked = asked_new(mount, req, EDIT_SYNC, 0, NULL, 0, NULL);
    else
        asked = asked_new(mount, req, EDIT_RENAME, dir_of(parent), stored, dir_of(new_parent), stored);
    edits_ask(asked, reply_error);
    return true;
}
