/* Times and extended attributes. What of them the server knows, it is told. */
#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "cache/edit/editor.h"
#include "codec/limits.h"

int edit_do_times(struct editor *editor, struct edit *edit)
{
    struct file_row file = {0};
    int error = store_file_get(editor->store, (int64_t)edit->ino, &file);

    /* The time of a received message is its date, that of a directory its last change. */
    if (!error && file.kind != FILE_DIRECTORY && !(file.kind == FILE_ITEM && file.class == EAS_MAIL))
        error = store_file_times(editor->store, file.ino, edit->mtime_ns);
    edit->attr.ino = edit->ino;
    file_row_clear(&file);
    return error;
}

/* ---- attributes of a message that the server keeps ---- */

static int word_of(const char *value, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(value, words[i]))
            return (int)i;
    return -EINVAL;
}

static int want_read(const char *value, struct item_flags *flags)
{
    static const char *const words[] = {"0", "1"};
    int word = word_of(value, words, G_N_ELEMENTS(words));

    flags->read = (int8_t)word;
    return MIN(word, 0);
}

static int want_flag(const char *value, struct item_flags *flags)
{
    static const char *const words[] = {"none", "complete", "active"};
    int word = word_of(value, words, G_N_ELEMENTS(words));

    flags->flag = (int8_t)word;
    return MIN(word, 0);
}

static int want_categories(const char *value, struct item_flags *flags)
{
    g_free(flags->categories);
    flags->categories = g_strchomp(g_strdup(value));
    return g_utf8_validate(value, -1, NULL) ? 0 : -EINVAL;
}

/* NULL: it cannot be set on a message that was received; ActiveSync has no way to say it (MS-ASEMAIL, MS-ASCMD
 * 2.2.3.34): EPERM. */
static const struct {
    const char *name;
    int (*want)(const char *value, struct item_flags *flags);
    bool ignored; /* answered with success, without effect (CONTRACT 3) */
} ours[] = {
    {"user.eas.read", want_read, false},
    {"user.eas.flag", want_flag, false},
    {"user.eas.categories", want_categories, false},
    {"user.eas.importance", NULL, false},
    {"user.eas.answered", NULL, false},
    {"user.eas.state", NULL, true},
    {"user.eas.error", NULL, true},
    {"user.eas.server-id", NULL, true},
    {"user.eas.server-uid", NULL, true},
};

/* What the server has meanwhile is overlaid with what is wanted until it is told. */
static int put_wanted(struct editor *editor, const struct item *item, const struct item_flags *wanted)
{
    struct journal row;
    int error = journal_of_item(editor->store, JOURNAL_FLAGS, item->id, &row);

    if (!error && row.state == JOURNAL_SENT) {
        journal_clear(&row);
        error = -ENOENT;
    }
    if (error == -ENOENT)
        row = editor_row(JOURNAL_FLAGS, item->ino);
    else if (error)
        return error;
    row.item_id = item->id;
    row.collection_id = item->collection_id;
    row.state = JOURNAL_QUEUED;
    row.wanted.read = wanted->read >= 0 ? wanted->read : row.wanted.read;
    row.wanted.flag = wanted->flag >= 0 ? wanted->flag : row.wanted.flag;
    if (wanted->categories) {
        g_free(row.wanted.categories);
        row.wanted.categories = g_strdup(wanted->categories);
    }
    error = journal_put(editor->store, &row);
    journal_clear(&row);
    return error ? error : store_item_flags(editor->store, item->id, wanted);
}

static bool changes(const struct item_flags *now, const struct item_flags *wanted)
{
    return (wanted->read >= 0 && wanted->read != now->read) || (wanted->flag >= 0 && wanted->flag != now->flag) ||
           (wanted->categories && strcmp(wanted->categories, now->categories) != 0);
}

static int set_ours(struct editor *editor, struct edit *edit, size_t which)
{
    struct item_flags wanted = {-1, -1, -1, -1, NULL};
    struct item item = {0};
    g_autofree char *value = NULL;
    gsize size = 0;
    const char *bytes = edit->value ? g_bytes_get_data(edit->value, &size) : NULL;
    int error;

    if (ours[which].ignored)
        return 0;
    if ((error = store_item_of(editor->store, (int64_t)edit->ino, &item)))
        return error == -ENOENT ? -EPERM : error;
    value = g_strndup(bytes ? bytes : "", size);
    if (item.class != EAS_MAIL || !ours[which].want)
        error = -EPERM;
    else if (!edit->value && ours[which].want != want_categories)
        error = -EPERM; /* they have a value always */
    else
        error = ours[which].want(value, &wanted);
    if (!error && changes(&item.flags, &wanted))
        error = put_wanted(editor, &item, &wanted);
    g_free(wanted.categories);
    item_clear(&item);
    return error;
}

static int set_kept(struct editor *editor, struct edit *edit)
{
    char probe[1];
    bool there = view_getxattr(editor->view, edit->ino, edit->name, probe, 0) >= 0;

    if (strncmp(edit->name, "user.", 5) != 0)
        return -ENOTSUP;
    if (edit->value && g_bytes_get_size(edit->value) > LIMIT_ATTRIBUTE_BYTES)
        return -ENOSPC;
    if (edit->flags & XATTR_CREATE && there)
        return -EEXIST;
    if (edit->flags & XATTR_REPLACE && !there)
        return -ENODATA;
    return store_attribute_set(editor->store, (int64_t)edit->ino, edit->name, edit->value);
}

int edit_do_xattr(struct editor *editor, struct edit *edit)
{
    struct file_row file = {0};
    int error = store_file_get(editor->store, (int64_t)edit->ino, &file);
    size_t which = 0;

    file_row_clear(&file);
    if (error)
        return error;
    while (which < G_N_ELEMENTS(ours) && strcmp(ours[which].name, edit->name) != 0)
        which++;
    edit->attr.ino = edit->ino;
    return which < G_N_ELEMENTS(ours) ? set_ours(editor, edit, which) : set_kept(editor, edit);
}
