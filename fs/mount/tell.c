#include "fs/mount/tell.h"

#include <errno.h>
#include <string.h>

#include "fs/mount/errors.h"
#include "fs/mount/events.h"
#include "fs/mount/folders.h"
#include "fs/mount/self_ops.h"
#include "fs/report.h"

enum { ITEM_BYTES = 2048 };

static const char *const words[] = {
    [CHANGE_CREATE] = "create", [CHANGE_BYTES] = "change",  [CHANGE_FLAGS] = "flags",
    [CHANGE_MOVE] = "move",     [CHANGE_DELETE] = "delete", [CHANGE_ARRIVED] = NULL,
};

struct teller {
    struct mount *mount;
    struct view *view;
    struct folders *folders;
};

struct teller *teller_new(struct mount *mount)
{
    struct view *view = replica_view(mount->replica);
    struct teller *teller;

    if (!view)
        return NULL;
    teller = g_new0(struct teller, 1);
    teller->mount = mount;
    teller->view = view;
    teller->folders = folders_new();
    folders_load(teller->folders, mount->replica, view);
    return teller;
}

void teller_free(struct teller *teller)
{
    folders_free(teller->folders);
    view_free(teller->view);
    g_free(teller);
}

/* Failures only say that the kernel held nothing of the kind. */
void notify_gone(struct mount *mount, uint64_t parent, uint64_t ino, const char *name)
{
    size_t length = strlen(name);
    int error = -ENOTEMPTY;

    count(&mount->counters.notifications);
    if (ino)
        error = fuse_lowlevel_notify_delete(mount->session, parent, ino, name, length);
    if (error && error != -ENOENT)
        fuse_lowlevel_notify_inval_entry(mount->session, parent, name, length);
}

/* ---- the events file ---- */

static void append(struct teller *teller, const struct change *change, const GArray *way, const GArray *old_way,
                   int64_t time_ns)
{
    g_autofree char *path = folder_path(way, change->name);
    g_autofree char *from = old_way ? folder_path(old_way, change->old_name) : NULL;
    char item[ITEM_BYTES + 1] = "";
    ssize_t length = change->directory || change->kind == CHANGE_DELETE
                         ? 0
                         : view_getxattr(teller->view, change->ino, "user.eas.server-id", item, ITEM_BYTES);

    item[MAX(length, 0)] = '\0';
    events_append(
        teller->mount->events,
        &(struct event_line){
            .time_ns = time_ns, .kind = words[change->kind], .path = path, .from = from, .item = *item ? item : NULL});
}

/* ---- inotify ---- */

static bool is_told_by_op(const struct change *change)
{
    return !change->own && (change->kind == CHANGE_CREATE || change->kind == CHANGE_BYTES ||
                            change->kind == CHANGE_MOVE || change->kind == CHANGE_DELETE);
}

static int perform(struct teller *teller, const struct change *change, GArray *way, GArray *old_way)
{
    struct self_op *op = g_new0(struct self_op, 1);

    *op = (struct self_op){.kind = change->kind,
                           .directory = change->directory,
                           .ino = change->ino,
                           .parent = change->parent,
                           .old_parent = change->old_parent,
                           .name = g_strdup(change->name),
                           .old_name = g_strdup(change->old_name),
                           .way = g_array_ref(way),
                           .old_way = old_way ? g_array_ref(old_way) : NULL};
    return self_ops_perform(teller->mount->self_ops, op);
}

static void forget_way(struct teller *teller, const GArray *way)
{
    for (guint i = 0; way && i < way->len; i++) {
        const struct folder_step *step = &g_array_index(way, struct folder_step, i);

        notify_gone(teller->mount, step->parent, 0, step->name);
    }
}

/* The kernel may hold what came later under the same name; it forgets that, and the operation finds its own. */
static int perform_surely(struct teller *teller, const struct change *change, GArray *way, GArray *old_way)
{
    int error = perform(teller, change, way, old_way);

    if (error != -ESTALE)
        return error;
    forget_way(teller, way);
    forget_way(teller, old_way);
    notify_gone(teller->mount, change->parent, 0, change->name);
    if (old_way)
        notify_gone(teller->mount, change->old_parent, 0, change->old_name);
    return perform(teller, change, way, old_way);
}

static void invalidate(struct teller *teller, const struct change *change)
{
    if (change->kind == CHANGE_DELETE)
        notify_gone(teller->mount, change->parent, change->ino, change->name);
    else if (change->kind == CHANGE_MOVE)
        notify_gone(teller->mount, change->old_parent, 0, change->old_name);
}

void teller_change(struct teller *teller, const struct change *change, int64_t time_ns)
{
    g_autoptr(GArray) way = folders_way(teller->folders, change->parent);
    g_autoptr(GArray) old_way = change->kind == CHANGE_MOVE ? folders_way(teller->folders, change->old_parent) : NULL;
    bool known = way && (change->kind != CHANGE_MOVE || old_way);
    int error = -ENOENT;

    if (known && words[change->kind])
        append(teller, change, way, old_way, time_ns);
    if (teller->mount->self_ops && is_told_by_op(change)) {
        error = known ? perform_surely(teller, change, way, old_way) : error;
        if (error)
            invalidate(teller, change);
    }
    folders_apply(teller->folders, change);
}

void teller_overflow(struct teller *teller, int64_t time_ns)
{
    events_append(teller->mount->events, &(struct event_line){.time_ns = time_ns, .kind = "overflow"});
    folders_load(teller->folders, teller->mount->replica, teller->view);
}

void teller_state(struct teller *teller, const char *state, const char *reason, int64_t time_ns)
{
    if (strcmp(state, report_state(REPLICA_WIPED)) == 0) {
        events_forget(teller->mount->events);
        errors_forget(teller->mount->errors);
    }
    events_append(
        teller->mount->events,
        &(struct event_line){.time_ns = time_ns, .kind = "state", .state = state, .reason = *reason ? reason : NULL});
}
