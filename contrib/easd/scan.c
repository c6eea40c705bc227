#include "contrib/easd/scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contrib/easd/limits.h"
#include "contrib/easd/watch.h"

/* The folder types a user's own folder of each class has (MS-ASCMD 2.2.3.186.3). */
static const struct {
    const char *directory;
    int type;
} class_roots[CLASS_COUNT] = {
    [CLASS_MAIL] = {"Mail", 12},   [CLASS_CALENDAR] = {"Calendar", 13}, [CLASS_CONTACTS] = {"Contacts", 14},
    [CLASS_TASKS] = {"Tasks", 15}, [CLASS_NOTES] = {"Notes", 17},
};

/* FNV-1a: short, even, and the same on every machine for ever, which is all an id needs. */
static uint64_t hash_name(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (const unsigned char *byte = (const unsigned char *)name; *byte; byte++)
        hash = (hash ^ *byte) * 0x100000001b3u;
    return hash;
}

static bool name_ignored(const char *name)
{
    size_t length = strlen(name);

    return name[0] == '.' || length == 0 || name[length - 1] == '~';
}

static void free_entry(void *data)
{
    struct entry *entry = data;

    g_free(entry->name);
    g_free(entry->client_uid);
    g_free(entry);
}

void scan_free_folder(void *data)
{
    struct folder *folder = data;

    g_hash_table_unref(folder->by_name);
    g_hash_table_unref(folder->by_id);
    g_ptr_array_unref(folder->entries);
    g_free(folder->id);
    g_free(folder->parent);
    g_free(folder->name);
    g_free(folder->path);
    g_free(folder);
}

struct folder *scan_add_folder(struct mailbox *mailbox, const char *path, enum item_class class, int type,
                               const char *id)
{
    struct folder *folder = g_new0(struct folder, 1);
    uint64_t hash = hash_name(path);

    folder->mailbox = mailbox;
    folder->class = class;
    folder->type = type;
    folder->watch = -1;
    folder->path = g_strdup(path);
    folder->name = g_path_get_basename(path);
    folder->parent = g_strdup("0");
    folder->entries = g_ptr_array_new_with_free_func(free_entry);
    folder->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    folder->by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
    do {
        g_free(folder->id);
        folder->id = id ? g_strdup(id) : g_strdup_printf("f%08x", (guint32)(hash >> 32 ^ hash));
        hash++;
    } while (g_hash_table_contains(mailbox->by_id, folder->id));
    g_ptr_array_add(mailbox->folders, folder);
    g_hash_table_insert(mailbox->by_id, folder->id, folder);
    g_hash_table_insert(mailbox->by_path, folder->path, folder);
    return folder;
}

static void touch_entry(struct folder *folder, struct entry *entry)
{
    entry->version = entry->content = ++folder->version;
    entry->refused_below = 0;
    entry->date = ENTRY_DATE_UNKNOWN;
}

static struct entry *add_entry(struct folder *folder, const char *name)
{
    struct entry *entry = g_new0(struct entry, 1);

    entry->name = g_strdup(name);
    entry->id = hash_name(name);
    while (g_hash_table_contains(folder->by_id, &entry->id))
        entry->id++;
    entry->place = folder->entries->len;
    g_ptr_array_add(folder->entries, entry);
    g_hash_table_insert(folder->by_name, entry->name, entry);
    g_hash_table_insert(folder->by_id, &entry->id, entry);
    return entry;
}

static bool remove_entry(struct folder *folder, struct entry *entry)
{
    if (!entry || !entry->present)
        return false;
    entry->present = false;
    touch_entry(folder, entry);
    return true;
}

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Takes over what stat says of a name. Attributes alone matter for mail: they hold its state. */
static bool take_entry(struct folder *folder, const char *name, const struct stat *status)
{
    struct entry *entry = g_hash_table_lookup(folder->by_name, name);
    int64_t mtime = nanoseconds(status->st_mtim), ctime = nanoseconds(status->st_ctim);
    bool same;

    if (!entry)
        entry = add_entry(folder, name);
    same = entry->present && entry->size == status->st_size && entry->mtime == mtime && entry->inode == status->st_ino;
    entry->scan = folder->scan;
    if (same && (entry->ctime == ctime || folder->class != CLASS_MAIL))
        return false;
    entry->ctime = ctime;
    if (same) {
        entry->version = ++folder->version;
        return true;
    }
    entry->present = true;
    entry->size = status->st_size;
    entry->mtime = mtime;
    entry->inode = status->st_ino;
    touch_entry(folder, entry);
    return true;
}

static bool name_served(const struct folder *folder, const char *name)
{
    return !name_ignored(name) && g_str_has_suffix(name, class_ending(folder->class));
}

bool scan_name(struct folder *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder->mailbox->root, folder->path, name, NULL);
    struct stat status;

    if (!name_served(folder, name))
        return false;
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
        return take_entry(folder, name, &status);
    return remove_entry(folder, g_hash_table_lookup(folder->by_name, name));
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lists a directory: names of files and of directories, each sorted. False where it is none. */
static bool list_directory(const char *path, GPtrArray *files, GPtrArray *directories)
{
    DIR *directory = opendir(path);

    if (!directory)
        return false;
    for (struct dirent *child; (child = readdir(directory));) {
        struct stat status;
        bool link = child->d_type == DT_LNK || child->d_type == DT_UNKNOWN;

        if (name_ignored(child->d_name))
            continue;
        if (link && fstatat(dirfd(directory), child->d_name, &status, 0) != 0)
            continue;
        if (child->d_type == DT_REG || (link && S_ISREG(status.st_mode)))
            g_ptr_array_add(files, g_strdup(child->d_name));
        else if (child->d_type == DT_DIR || (child->d_type == DT_UNKNOWN && S_ISDIR(status.st_mode)))
            g_ptr_array_add(directories, g_strdup(child->d_name));
    }
    closedir(directory);
    g_ptr_array_sort(files, compare_names);
    g_ptr_array_sort(directories, compare_names);
    return true;
}

static bool take_files(struct folder *folder, const GPtrArray *files)
{
    bool changed = false;

    folder->scan++;
    for (guint i = 0; i < files->len; i++)
        changed |= scan_name(folder, files->pdata[i]);
    for (guint i = 0; i < folder->entries->len; i++) {
        struct entry *entry = folder->entries->pdata[i];

        if (entry->scan != folder->scan)
            changed |= remove_entry(folder, entry);
    }
    return changed;
}

bool scan_folder(struct folder *folder)
{
    g_autofree char *path = g_build_filename(folder->mailbox->root, folder->path, NULL);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) directories = g_ptr_array_new_with_free_func(g_free);

    list_directory(path, files, directories);
    return take_files(folder, files);
}

/* A folder whose directory moved here: it keeps its id. */
static struct folder *renamed_folder(struct mailbox *mailbox, const struct stat *status, enum item_class class)
{
    for (guint i = 0; i < mailbox->folders->len; i++) {
        struct folder *folder = mailbox->folders->pdata[i];
        g_autofree char *old = g_build_filename(mailbox->root, folder->path, NULL);
        struct stat other;

        if (folder->present && !folder->standard && folder->class == class && folder->inode == status->st_ino &&
            folder->device == status->st_dev &&
            (stat(old, &other) != 0 || other.st_ino != status->st_ino || other.st_dev != status->st_dev))
            return folder;
    }
    return NULL;
}

static void move_folder(struct folder *folder, const char *path)
{
    struct mailbox *mailbox = folder->mailbox;

    g_hash_table_remove(mailbox->by_path, folder->path);
    g_free(folder->path);
    g_free(folder->name);
    folder->path = g_strdup(path);
    folder->name = g_path_get_basename(path);
    folder->moved = true; /* what inotify said of its files just before was looked for at the old path */
    g_hash_table_replace(mailbox->by_path, folder->path, folder);
}

/* The folder of a path that exists, known, moved or new. NULL when there are too many. */
static struct folder *find_folder(struct mailbox *mailbox, const char *path, enum item_class class,
                                  const struct stat *status, bool *changed)
{
    struct folder *folder = g_hash_table_lookup(mailbox->by_path, path);
    struct folder *renamed = folder && folder->present ? NULL : renamed_folder(mailbox, status, class);

    if (renamed && renamed != folder) { /* also where one that is gone had the name before */
        folder = renamed;
        move_folder(folder, path);
        *changed = true;
    }
    if (!folder) {
        if (mailbox->folders->len >= EASD_FOLDERS)
            return NULL;
        folder = scan_add_folder(mailbox, path, class, class_roots[class].type, NULL);
    }
    if (!folder->present)
        *changed = true;
    folder->present = true;
    if (folder->inode != status->st_ino || folder->device != status->st_dev)
        watch_forget(folder);
    folder->inode = status->st_ino;
    folder->device = status->st_dev;
    return folder;
}

struct walk {
    struct mailbox *mailbox;
    enum item_class class;
    GQueue *waiting; /* of char *, paths below the root */
    bool changed;
};

static unsigned path_depth(const char *path)
{
    unsigned depth = 0;

    for (; *path; path++)
        depth += *path == '/';
    return depth;
}

static void set_parent(struct walk *walk, struct folder *folder)
{
    g_autofree char *above = g_path_get_dirname(folder->path);
    const struct folder *parent = g_hash_table_lookup(walk->mailbox->by_path, above);
    const char *id = parent ? parent->id : "0";

    if (strcmp(folder->parent, id) == 0)
        return;
    g_free(folder->parent);
    folder->parent = g_strdup(id);
    walk->changed = true;
}

/* One directory: itself as a folder (but for "Mail", which only holds folders), then its children. */
static void walk_directory(struct walk *walk, const char *path)
{
    struct mailbox *mailbox = walk->mailbox;
    g_autofree char *full = g_build_filename(mailbox->root, path, NULL);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) directories = g_ptr_array_new_with_free_func(g_free);
    struct stat status;
    struct folder *folder = NULL;
    bool watched = false;

    if (stat(full, &status) != 0 || !S_ISDIR(status.st_mode) || path_depth(path) > EASD_FOLDER_DEPTH)
        return;
    if (strcmp(path, "Mail") == 0) {
        watch_directory(mailbox, path);
    } else {
        folder = find_folder(mailbox, path, walk->class, &status, &walk->changed);
        if (!folder)
            return;
        set_parent(walk, folder);
        folder->walk = mailbox->scan;
        if (folder->watch < 0)
            watch_folder(folder);
        else
            watched = !folder->moved;
        folder->moved = false;
    }
    list_directory(full, files, directories);
    if (folder && !watched) /* what happens in a watched one, inotify says */
        walk->changed |= take_files(folder, files);
    for (guint i = 0; i < directories->len; i++)
        g_queue_push_tail(walk->waiting, g_build_filename(path, directories->pdata[i], NULL));
}

/* Folders that the walk did not see are gone, the standard ones only empty. */
static bool drop_unseen(struct mailbox *mailbox)
{
    bool changed = false;

    for (guint i = 0; i < mailbox->folders->len; i++) {
        struct folder *folder = mailbox->folders->pdata[i];

        if (folder->walk == mailbox->scan || !folder->present)
            continue;
        watch_forget(folder);
        for (guint j = 0; j < folder->entries->len; j++)
            changed |= remove_entry(folder, folder->entries->pdata[j]);
        folder->inode = 0;
        if (!folder->standard) {
            folder->present = false;
            changed = true;
        }
    }
    return changed;
}

bool scan_hierarchy(struct mailbox *mailbox)
{
    struct walk walk = {.mailbox = mailbox, .waiting = g_queue_new()};

    mailbox->scan++;
    watch_directory(mailbox, "");
    for (int class = 0; class < CLASS_COUNT; class ++) {
        char *path = g_strdup(class_roots[class].directory);

        walk.class = (enum item_class) class;
        do {
            walk_directory(&walk, path);
            g_free(path);
        } while ((path = g_queue_pop_head(walk.waiting)));
    }
    g_queue_free(walk.waiting);
    return walk.changed | drop_unseen(mailbox);
}
