/* Written files for tests: read, refused with a sentence, written back, and what travels for them. */
#ifndef TESTS_UNIT_EDIT_CHECK_H
#define TESTS_UNIT_EDIT_CHECK_H

#include <string.h>

#include "codec/files/edit.h"
#include "codec/wire/sync.h"
#include "tests/unit/shared.h"

static const struct file_context edit_context = {
    .uid = "urn:uuid:00000000-0000-5000-8000-000000000000",
    .user = "jane@example.org",
    .home_zone = "Europe/Berlin",
    .version = EAS_14_1,
    .now = 1793526300, /* 2026-11-01 */
};

/* The ApplicationData of a file that has to be good; lines end with LF there. */
static inline struct eas_node *edit_read_as(enum eas_class class, const char *text, const struct file_context *context)
{
    struct written written;
    char *reason;

    if (!file_read(class, text, strlen(text), context, &written, &reason))
        fail_msg("refused: %s\n%s", reason, text);
    struct eas_node *data = g_steal_pointer(&written.data);
    written_clear(&written);
    return data;
}

static inline struct eas_node *edit_read(enum eas_class class, const char *text)
{
    return edit_read_as(class, text, &edit_context);
}

/* The sentence that a file is refused with; a file that is taken fails. */
static inline char *edit_refusal(enum eas_class class, const char *text, size_t length)
{
    struct written written;
    char *reason = NULL;

    if (file_read(class, text, length, &edit_context, &written, &reason))
        fail_msg("taken: %s", text);
    assert_null(written.data);
    assert_non_null(reason);
    assert_true(*reason && !strpbrk(reason, "\r\n"));
    return reason;
}

static inline void assert_same(enum eas_class class, const struct eas_node *one, const struct eas_node *other,
                               const char *what)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    if (!item_same(class, one, other, names))
        fail_msg("%s: %s differs", what, (const char *)names->pdata[0]);
}

/* The names of what differs, joined by blanks; the caller frees it. */
static inline char *edit_differences(enum eas_class class, const struct eas_node *one, const struct eas_node *other)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    item_same(class, one, other, names);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(" ", (char **)names->pdata);
}

/* The file of an item as text with LF, unfolded. */
static inline char *edit_file(enum eas_class class, const struct eas_node *data, const struct file_context *context)
{
    char *reason = NULL;
    g_autoptr(GBytes) bytes = file_from_item(class, data, context, &reason);

    if (!bytes)
        fail_msg("not written: %s", reason);
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_auto(GStrv) folds = g_strsplit(text, "\r\n ", -1);
    g_autofree char *unfolded = g_strjoinv("", folds);
    g_auto(GStrv) lines = g_strsplit(unfolded, "\r\n", -1);
    return g_strjoinv("\n", lines);
}

/* Opening and saving a file unchanged: what is read of it is what the server holds, and nothing is sent. */
static inline void assert_untouched(enum eas_class class, const struct eas_node *data,
                                    const struct file_context *context)
{
    g_autofree char *file = edit_file(class, data, context);
    g_autoptr(eas_node) back = edit_read_as(class, file, context);

    assert_same(class, data, back, file);
    g_autoptr(GPtrArray) commands = item_commands(class, context->version, data, back, "uid");
    assert_int_equal(commands->len, 0);
}

/* A Sync request of such commands, one after the other, has to pass the schemas of its version. */
static inline void assert_valid(enum eas_class class, enum eas_version version, const GPtrArray *commands)
{
    g_autofree char *checker = shared_path("protocol/validate");

    for (guint i = 0; i < commands->len && shared_has("protocol/validate"); i++) {
        const struct item_command *command = commands->pdata[i];
        static const enum sync_kind kinds[] = {
            [ITEM_ADD] = SYNC_ADD, [ITEM_CHANGE] = SYNC_CHANGE, [ITEM_DELETE] = SYNC_DELETE};
        bool add = command->kind == ITEM_ADD;
        struct sync_command sent = {kinds[command->kind], add ? NULL : "7:1", add ? "c1" : NULL, command->instance_id,
                                    command->data};
        struct sync_collection collection = {.collection_id = "7",
                                             .sync_key = "k1",
                                             .class = class,
                                             .filter = SYNC_FILTER_NONE,
                                             .commands = &sent,
                                             .command_count = 1};
        g_autoptr(GByteArray) out = g_byte_array_new();
        sync_request(out, version, &collection, 1, 0);
        g_autofree char *path = NULL;
        int fd = g_file_open_tmp("easfs-edit-XXXXXX", &path, NULL);
        assert_true(fd >= 0);
        close(fd);
        assert_true(g_file_set_contents(path, (const char *)out->data, out->len, NULL));
        const char *argv[] = {"python3", checker,  "--version", eas_version_text(version),
                              "--wbxml", "--dump", path,        NULL};
        g_autofree char *told = NULL;
        g_autofree char *complaint = NULL;
        int status = -1;
        assert_true(
            g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &told, &complaint, &status, NULL));
        g_unlink(path);
        if (status)
            fail_msg("%s: %s%s", eas_version_text(version), told, complaint);
    }
}

#endif
