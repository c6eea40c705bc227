#include "contrib/easd/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "contrib/easd/limits.h"
#include "contrib/easd/scan.h"

/* After the directory changed: the entry anew, and everybody who waits is woken. */
static void note_name(struct folder *folder, const char *name)
{
    struct mailbox *mailbox = folder->mailbox;

    if (!scan_name(folder, name))
        return;
    mailbox->version++;
    g_cond_broadcast(&mailbox->changed);
}

static void note_hierarchy(struct mailbox *mailbox)
{
    scan_hierarchy(mailbox);
    mailbox->version++;
    g_cond_broadcast(&mailbox->changed);
}

static char *directory_of(const struct folder *folder)
{
    return g_build_filename(folder->mailbox->root, folder->path, NULL);
}

/* The default folders exist whether or not their directories do. */
static bool make_directory(struct folder *folder)
{
    g_autofree char *path = directory_of(folder);

    if (folder->inode != 0)
        return true;
    if (g_mkdir_with_parents(path, 0755) != 0)
        return false;
    note_hierarchy(folder->mailbox);
    return true;
}

/* ---- names ---- */

/* What a name must not hold becomes a space or goes; at most so many bytes, cut at a character. */
static char *clean_name(const char *wish, const char *fallback)
{
    g_autofree char *valid = g_utf8_make_valid(wish ? wish : "", -1);
    g_autofree char *composed = g_utf8_normalize(valid, -1, G_NORMALIZE_NFC);
    GString *name = g_string_new(NULL);

    for (const char *at = composed; *at; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);
        GUnicodeType type = g_unichar_type(character);
        bool space =
            character == '/' || type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || g_unichar_isspace(character);

        if (name->len > EASD_NAME_BYTES)
            break;
        if (!space)
            g_string_append_unichar(name, character);
        else if (name->len && name->str[name->len - 1] != ' ')
            g_string_append_c(name, ' ');
    }
    while (name->len && strchr(" .~", name->str[name->len - 1]))
        g_string_truncate(name, name->len - 1);
    while (name->len && strchr(" .-~", name->str[0]))
        g_string_erase(name, 0, 1);
    if (name->len == 0)
        g_string_assign(name, fallback);
    return g_string_free(name, FALSE);
}

static char *free_name(const struct folder *folder, const char *stem)
{
    for (guint number = 1;; number++) {
        g_autofree char *name = number == 1 ? g_strconcat(stem, class_ending(folder->class), NULL)
                                            : g_strdup_printf("%s (%u)%s", stem, number, class_ending(folder->class));
        g_autofree char *path = g_build_filename(folder->mailbox->root, folder->path, name, NULL);

        if (!g_hash_table_contains(folder->by_name, name) && !g_file_test(path, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&name);
    }
}

char *store_mail_wish(gint64 date, const char *from, const char *subject)
{
    time_t time = (time_t)date;
    struct tm parts;
    char when[32];

    gmtime_r(&time, &parts);
    strftime(when, sizeof when, "%Y-%m-%d %H.%M.%S", &parts);
    return g_strdup_printf("%s %s - %s", when, from && *from ? from : "unknown",
                           subject && *subject ? subject : "no subject");
}

/* ---- files ---- */

static bool write_all(int file, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t put = write(file, bytes, length);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        bytes += put;
        length -= (size_t)put;
    }
    return true;
}

static void copy_attributes(const char *from, int file)
{
    char names[4096], value[4096];
    ssize_t length = listxattr(from, names, sizeof names);

    for (ssize_t at = 0; at < length; at += (ssize_t)strlen(names + at) + 1) {
        ssize_t size = g_str_has_prefix(names + at, "user.") ? getxattr(from, names + at, value, sizeof value) : -1;

        if (size >= 0 && fsetxattr(file, names + at, value, (size_t)size, 0) != 0)
            return;
    }
}

struct entry *store_write(struct folder *folder, struct entry *entry, const char *wish, const void *bytes,
                          size_t length)
{
    if (!make_directory(folder))
        return NULL;

    g_autofree char *stem = entry ? NULL : clean_name(wish, "untitled");
    g_autofree char *name = entry ? g_strdup(entry->name) : free_name(folder, stem);
    g_autofree char *path = g_build_filename(folder->mailbox->root, folder->path, name, NULL);
    g_autofree char *directory = directory_of(folder);
    g_autofree char *temporary = g_build_filename(directory, ".easd-XXXXXX", NULL);
    int file = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, 0644);
    bool whole = file >= 0 && write_all(file, bytes, length);
    int error = errno;

    if (whole && entry)
        copy_attributes(path, file);
    if (file >= 0 && close(file) != 0 && whole) {
        whole = false;
        error = errno;
    }
    if (!whole || rename(temporary, path) != 0) {
        error = whole ? errno : error;
        unlink(temporary);
        errno = error;
        return NULL;
    }
    note_name(folder, name);
    return g_hash_table_lookup(folder->by_name, name);
}

bool store_remove(struct folder *folder, struct entry *entry)
{
    g_autofree char *path = folder_path(folder, entry);

    if (unlink(path) != 0)
        return false;
    note_name(folder, entry->name);
    return true;
}

struct entry *store_move(struct folder *from, struct entry *entry, struct folder *to)
{
    if (!make_directory(to))
        return NULL;

    const char *ending = strrchr(entry->name, '.');
    g_autofree char *stem = g_strndup(entry->name, ending ? (gsize)(ending - entry->name) : strlen(entry->name));
    g_autofree char *name = from->class == to->class ? free_name(to, stem) : g_strdup(entry->name);
    g_autofree char *old = folder_path(from, entry);
    g_autofree char *new = g_build_filename(to->mailbox->root, to->path, name, NULL);

    if (rename(old, new) != 0)
        return NULL;
    note_name(from, entry->name);
    note_name(to, name);
    return from->class == to->class ? g_hash_table_lookup(to->by_name, name) : entry;
}

bool store_set_state(struct folder *folder, struct entry *entry, const char *name, const char *value)
{
    g_autofree char *path = folder_path(folder, entry);
    g_autofree char *full = g_strconcat("user.eas.", name, NULL);
    int result = value && *value ? setxattr(path, full, value, strlen(value), 0) : removexattr(path, full);

    if (result != 0 && errno != ENODATA)
        return false;
    note_name(folder, entry->name);
    return true;
}

char *store_state(const struct folder *folder, const struct entry *entry, const char *name)
{
    g_autofree char *path = folder_path(folder, entry);
    g_autofree char *full = g_strconcat("user.eas.", name, NULL);
    char value[4096];
    ssize_t length = getxattr(path, full, value, sizeof value - 1);

    return length < 0 ? NULL : g_strndup(value, (gsize)length);
}

bool store_deliver(const char *root, const char *directory, const char *wish, const void *bytes, size_t length)
{
    g_autofree char *stem = clean_name(wish, "untitled");
    g_autofree char *place = g_build_filename(root, directory, NULL);
    g_autofree char *temporary = g_build_filename(place, ".easd-XXXXXX", NULL);
    bool placed = false;
    int file;

    if (g_mkdir_with_parents(place, 0755) != 0 || (file = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, 0644)) < 0)
        return false;
    placed = write_all(file, bytes, length);
    placed &= close(file) == 0;
    for (guint number = 1; placed; number++) {
        g_autofree char *name =
            number == 1 ? g_strconcat(stem, ".eml", NULL) : g_strdup_printf("%s (%u).eml", stem, number);
        g_autofree char *path = g_build_filename(place, name, NULL);

        if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
            return true;
        placed = errno == EEXIST;
    }
    unlink(temporary);
    return false;
}

/* ---- folders ---- */

static const char *const class_directories[CLASS_COUNT] = {
    [CLASS_MAIL] = "Mail",   [CLASS_CALENDAR] = "Calendar", [CLASS_CONTACTS] = "Contacts",
    [CLASS_TASKS] = "Tasks", [CLASS_NOTES] = "Notes",
};

/* The path below the root that a name has there. */
static char *folder_place(const struct folder *parent, enum item_class class, const char *name)
{
    return g_build_filename(parent ? parent->path : class_directories[class], name, NULL);
}

struct folder *store_make_folder(struct mailbox *mailbox, struct folder *parent, enum item_class class,
                                 const char *name)
{
    g_autofree char *place = folder_place(parent, class, name);
    g_autofree char *path = g_build_filename(mailbox->root, place, NULL);
    g_autofree char *above = g_path_get_dirname(path);

    if (g_mkdir_with_parents(above, 0755) != 0 || mkdir(path, 0755) != 0)
        return NULL;
    note_hierarchy(mailbox);
    return g_hash_table_lookup(mailbox->by_path, place);
}

bool store_rename_folder(struct folder *folder, struct folder *parent, const char *name)
{
    struct mailbox *mailbox = folder->mailbox;
    g_autofree char *place = folder_place(parent, folder->class, name);
    g_autofree char *old = directory_of(folder);
    g_autofree char *new = g_build_filename(mailbox->root, place, NULL);
    g_autofree char *above = g_path_get_dirname(new);

    if (g_file_test(new, G_FILE_TEST_EXISTS)) {
        errno = EEXIST;
        return false;
    }
    if (g_mkdir_with_parents(above, 0755) != 0 || rename(old, new) != 0)
        return false;
    note_hierarchy(mailbox);
    return true;
}

/* Takes a tree away, links themselves and not what they point to. */
static bool remove_tree(const char *path)
{
    GDir *directory = g_dir_open(path, 0, NULL);
    bool whole = true;

    if (!directory)
        return false;
    for (const char *name; (name = g_dir_read_name(directory));) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        struct stat status;

        if (lstat(child, &status) == 0 && S_ISDIR(status.st_mode))
            whole &= remove_tree(child);
        else
            whole &= unlink(child) == 0;
    }
    g_dir_close(directory);
    return whole && rmdir(path) == 0;
}

bool store_remove_folder(struct folder *folder)
{
    g_autofree char *path = directory_of(folder);
    bool gone = remove_tree(path);

    note_hierarchy(folder->mailbox);
    return gone;
}

struct folder *store_default_folder(const struct mailbox *mailbox, int type)
{
    for (guint i = 0; i < mailbox->folders->len; i++) {
        struct folder *folder = mailbox->folders->pdata[i];

        if (folder->standard && folder->type == type)
            return folder;
    }
    return NULL;
}
