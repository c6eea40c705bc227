#include "contrib/easd/watch.h"

#include <errno.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contrib/easd/scan.h"

/* A file counts when its writer closes it or it is renamed into place, not while it grows. */
enum {
    FILE_EVENTS = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB,
    WATCHED = FILE_EVENTS | IN_ONLYDIR | IN_DELETE_SELF | IN_MOVE_SELF,
};

void watch_folder(struct folder *folder)
{
    struct mailbox *mailbox = folder->mailbox;
    g_autofree char *path = g_build_filename(mailbox->root, folder->path, NULL);

    if (mailbox->inotify < 0)
        return;
    folder->watch = inotify_add_watch(mailbox->inotify, path, WATCHED);
    if (folder->watch >= 0)
        g_hash_table_insert(mailbox->by_watch, GINT_TO_POINTER(folder->watch), folder);
}

void watch_forget(struct folder *folder)
{
    struct mailbox *mailbox = folder->mailbox;

    if (folder->watch >= 0) {
        g_hash_table_remove(mailbox->by_watch, GINT_TO_POINTER(folder->watch));
        inotify_rm_watch(mailbox->inotify, folder->watch);
    }
    folder->watch = -1;
}

void watch_directory(struct mailbox *mailbox, const char *path)
{
    g_autofree char *full = g_build_filename(mailbox->root, path, NULL);

    if (mailbox->inotify >= 0)
        inotify_add_watch(mailbox->inotify, full, IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
}

/* IN_CREATE alone means a writer still at work, but for links, which nobody closes. */
static bool event_changes(struct mailbox *mailbox, const struct inotify_event *event)
{
    struct folder *folder = g_hash_table_lookup(mailbox->by_watch, GINT_TO_POINTER(event->wd));

    if (event->mask & IN_IGNORED) {
        if (folder)
            folder->watch = -1;
        g_hash_table_remove(mailbox->by_watch, GINT_TO_POINTER(event->wd));
        return false;
    }
    if (event->mask & (IN_Q_OVERFLOW | IN_ISDIR | IN_DELETE_SELF | IN_MOVE_SELF) || !folder) {
        if (event->mask & IN_Q_OVERFLOW)
            for (guint i = 0; i < mailbox->folders->len; i++)
                scan_folder(mailbox->folders->pdata[i]);
        if (!(event->mask & IN_ATTRIB))
            mailbox->hierarchy_dirty = true;
        return true;
    }
    if (event->len == 0)
        return false;
    if (event->mask & IN_CREATE) {
        g_autofree char *path = g_build_filename(mailbox->root, folder->path, event->name, NULL);
        struct stat status;

        if (lstat(path, &status) != 0 || (status.st_nlink < 2 && !S_ISLNK(status.st_mode)))
            return false;
    }
    return scan_name(folder, event->name);
}

bool watch_drain(struct mailbox *mailbox)
{
    char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool changed = false;

    if (mailbox->inotify < 0)
        return false;
    for (;;) {
        ssize_t got = read(mailbox->inotify, buffer, sizeof buffer);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return changed;
        for (ssize_t at = 0; at < got;) {
            const struct inotify_event *event = (const struct inotify_event *)(buffer + at);

            changed |= event_changes(mailbox, event);
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
}
