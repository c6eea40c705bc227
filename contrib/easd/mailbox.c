#include "contrib/easd/mailbox.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contrib/easd/device.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/scan.h"
#include "contrib/easd/watch.h"

static const struct {
    const char *ending, *name;
} classes[CLASS_COUNT] = {
    [CLASS_MAIL] = {".eml", "Email"},  [CLASS_CALENDAR] = {".ics", "Calendar"}, [CLASS_CONTACTS] = {".vcf", "Contacts"},
    [CLASS_TASKS] = {".ics", "Tasks"}, [CLASS_NOTES] = {".ics", "Notes"},
};

/* They exist whether or not the directory has them; types from MS-ASCMD 2.2.3.186.3. */
static const struct {
    const char *path, *id;
    enum item_class class;
    int type;
} standard_folders[] = {
    {"Mail/Inbox", "1", CLASS_MAIL, 2},
    {"Mail/Drafts", "2", CLASS_MAIL, 3},
    {"Mail/Deleted Items", "3", CLASS_MAIL, 4},
    {"Mail/Sent Items", "4", CLASS_MAIL, 5},
    {"Mail/Outbox", "5", CLASS_MAIL, 6},
    {"Tasks", "6", CLASS_TASKS, 7},
    {"Calendar", "7", CLASS_CALENDAR, 8},
    {"Contacts", "8", CLASS_CONTACTS, 9},
    {"Notes", "9", CLASS_NOTES, 10},
};

const char *class_ending(enum item_class class)
{
    return classes[class].ending;
}

const char *class_name(enum item_class class)
{
    return classes[class].name;
}

struct mailbox *mailbox_open(const char *user, const char *root, char **error)
{
    struct stat status;

    if (stat(root, &status) != 0 || !S_ISDIR(status.st_mode)) {
        *error = g_strdup_printf("unable to serve %s: %s", root,
                                 errno && !S_ISDIR(status.st_mode) ? g_strerror(errno) : "no directory");
        return NULL;
    }
    struct mailbox *mailbox = g_new0(struct mailbox, 1);

    mailbox->user = g_strdup(user);
    mailbox->address = strchr(user, '@') ? g_strdup(user) : g_strconcat(user, "@localhost", NULL);
    mailbox->root = g_strdup(root);
    g_mutex_init(&mailbox->lock);
    g_cond_init(&mailbox->changed);
    mailbox->folders = g_ptr_array_new_with_free_func(scan_free_folder);
    mailbox->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    mailbox->by_path = g_hash_table_new(g_str_hash, g_str_equal);
    mailbox->by_watch = g_hash_table_new(NULL, NULL);
    mailbox->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    mailbox->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    mailbox->devices = devices_new();
    for (size_t i = 0; i < G_N_ELEMENTS(standard_folders); i++) {
        struct folder *folder = scan_add_folder(mailbox, standard_folders[i].path, standard_folders[i].class,
                                                standard_folders[i].type, standard_folders[i].id);

        folder->standard = folder->present = true;
    }
    scan_hierarchy(mailbox);
    return mailbox;
}

void mailbox_stop(struct mailbox *mailbox)
{
    static const uint64_t one = 1;

    g_mutex_lock(&mailbox->lock);
    mailbox->stopping = true;
    g_cond_broadcast(&mailbox->changed);
    g_mutex_unlock(&mailbox->lock);
    if (mailbox->watcher) {
        if (write(mailbox->stop, &one, sizeof one) < 0)
            g_printerr("easd: unable to wake the watcher: %s\n", g_strerror(errno));
        g_thread_join(mailbox->watcher);
        mailbox->watcher = NULL;
    }
}

void mailbox_close(struct mailbox *mailbox)
{
    devices_free(mailbox->devices);
    g_hash_table_unref(mailbox->by_id);
    g_hash_table_unref(mailbox->by_path);
    g_hash_table_unref(mailbox->by_watch);
    g_ptr_array_unref(mailbox->folders);
    if (mailbox->inotify >= 0)
        close(mailbox->inotify);
    close(mailbox->stop);
    g_mutex_clear(&mailbox->lock);
    g_cond_clear(&mailbox->changed);
    g_free(mailbox->user);
    g_free(mailbox->address);
    g_free(mailbox->root);
    g_free(mailbox);
}

/* Without a watch on everything there is only looking again. */
static bool rescan_unwatched(struct mailbox *mailbox)
{
    bool changed = false, blind = mailbox->inotify < 0;

    for (guint i = 0; i < mailbox->folders->len; i++) {
        struct folder *folder = mailbox->folders->pdata[i];

        if (folder->present && folder->watch < 0 && folder->inode != 0) {
            changed |= scan_folder(folder);
            blind = true;
        }
    }
    if (blind)
        changed |= scan_hierarchy(mailbox);
    return changed;
}

bool mailbox_refresh(struct mailbox *mailbox)
{
    bool changed = watch_drain(mailbox);

    if (mailbox->hierarchy_dirty) {
        mailbox->hierarchy_dirty = false;
        changed |= scan_hierarchy(mailbox);
    }
    changed |= rescan_unwatched(mailbox);
    if (changed) {
        mailbox->version++;
        g_cond_broadcast(&mailbox->changed);
    }
    return changed;
}

static void *watch_thread(void *data)
{
    struct mailbox *mailbox = data;
    struct pollfd waits[] = {{.fd = mailbox->stop, .events = POLLIN}, {.fd = mailbox->inotify, .events = POLLIN}};

    while (!(waits[0].revents & POLLIN)) {
        g_mutex_lock(&mailbox->lock);
        mailbox_refresh(mailbox);
        g_mutex_unlock(&mailbox->lock);
        poll(waits, G_N_ELEMENTS(waits), mailbox->inotify < 0 ? EASD_RESCAN_SECONDS * 1000 : -1);
    }
    return NULL;
}

void mailbox_watch(struct mailbox *mailbox)
{
    mailbox->watcher = g_thread_new("watch", watch_thread, mailbox);
}

struct folder *mailbox_folder(const struct mailbox *mailbox, const char *id)
{
    struct folder *folder = id ? g_hash_table_lookup(mailbox->by_id, id) : NULL;

    return folder && folder->present ? folder : NULL;
}

/* "1" is "1.1", "1.2" and so on. */
static char *next_id(const char *id, unsigned moves)
{
    return g_strdup_printf("%.*s.%u", (int)strcspn(id, "."), id, moves);
}

void mailbox_rename_ids(struct mailbox *mailbox)
{
    mailbox->moves++;
    devices_forget_keys(mailbox->devices);
    g_hash_table_remove_all(mailbox->by_id);
    for (guint i = 0; i < mailbox->folders->len; i++) {
        struct folder *folder = mailbox->folders->pdata[i];
        char *id = next_id(folder->id, mailbox->moves);
        char *parent = strcmp(folder->parent, "0") == 0 ? g_strdup("0") : next_id(folder->parent, mailbox->moves);

        g_free(folder->id);
        g_free(folder->parent);
        folder->id = id;
        folder->parent = parent;
        g_hash_table_insert(mailbox->by_id, folder->id, folder);
    }
    mailbox->version++;
    g_cond_broadcast(&mailbox->changed);
}

struct entry *folder_entry(const struct folder *folder, const char *server_id)
{
    size_t length = strlen(folder->id);
    char *end;

    if (!server_id || strncmp(server_id, folder->id, length) != 0 || server_id[length] != ':')
        return NULL;
    uint64_t id = g_ascii_strtoull(server_id + length + 1, &end, 16);

    return *end || end != server_id + length + 17 ? NULL : g_hash_table_lookup(folder->by_id, &id);
}

void folder_server_id(const struct folder *folder, const struct entry *entry, char *id)
{
    snprintf(id, EASD_ID_BYTES, "%s:%016" G_GINT64_MODIFIER "x", folder->id, entry->id);
}

char *folder_path(const struct folder *folder, const struct entry *entry)
{
    return g_build_filename(folder->mailbox->root, folder->path, entry->name, NULL);
}

bool entry_served(const struct entry *entry, int version)
{
    return entry->present && version >= entry->refused_below;
}

void folder_refuse(const struct folder *folder, struct entry *entry, int below, const char *reason)
{
    if (entry->refused_below >= below)
        return;
    entry->refused_below = below;
    g_printerr("easd: not served: %s/%s: %s\n", folder->path, entry->name, reason);
}
