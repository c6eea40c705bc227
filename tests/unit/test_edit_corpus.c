/* Every calendar of the corpus as a user who copies it into the mount: refused with a sentence, or read, sent at every
 * version, held by the server, written back, read again and meant the same. Catches: a property lost or bent on any leg
 * of that way, a file that was saved unchanged being sent, a crash or a leak on what is broken. Prints which reasons
 * how often. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <unistd.h>

#include "tests/unit/edit_check.h"
#include "tests/unit/edit_server.h"

static const enum eas_version versions[] = {EAS_12_1, EAS_14_0, EAS_14_1, EAS_16_0, EAS_16_1};

static const struct {
    enum eas_class class;
    const char *begins;
} kinds[] = {{EAS_CALENDAR, "BEGIN:VEVENT"}, {EAS_TASKS, "BEGIN:VTODO"}, {EAS_NOTES, "BEGIN:VJOURNAL"}};

static int read_count, refused_count, other_count;

/* Where the file would be copied to: the directory of its first component. */
static enum eas_class class_of(GBytes *file)
{
    gsize size;
    const char *text = g_bytes_get_data(file, &size), *first = NULL;
    enum eas_class class = EAS_NO_CLASS;

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const char *at = g_strstr_len(text, (gssize)size, kinds[i].begins);
        if (at && (!first || at < first)) {
            first = at;
            class = kinds[i].class;
        }
    }
    return class;
}

/* A sentence without what it quotes. */
static char *kind_of_reason(const char *reason)
{
    GString *kind = g_string_new(NULL);
    g_auto(GStrv) words = g_strsplit(reason, " ", -1);

    if (g_str_has_prefix(reason, "\""))
        return g_strdup("\"...\" is no line of a calendar");
    if (g_str_has_prefix(reason, "the file holds items of two UIDs"))
        return g_strdup("the file holds items of two UIDs");
    if (g_str_has_prefix(reason, "the time zone "))
        return g_strdup("the time zone is unknown, and the file has no VTIMEZONE for it");
    for (size_t i = 0; words[i] && !g_str_has_suffix(words[i], ":"); i++)
        g_string_append_printf(kind, "%s%s", i ? " " : "", words[i]);
    return g_string_free(kind, FALSE);
}

static void count_reason(GHashTable *reasons, const char *reason)
{
    char *kind = kind_of_reason(reason);
    int *count = g_hash_table_lookup(reasons, kind);

    if (!count) {
        count = g_new0(int, 1);
        g_hash_table_insert(reasons, kind, count);
    } else {
        g_free(kind);
    }
    (*count)++;
}

static void demand_same(enum eas_class class, const struct eas_node *one, const struct eas_node *other,
                        const char *name, enum eas_version version, const char *leg, const char *file)
{
    g_autofree char *differs = edit_differences(class, one, other);

    if (*differs)
        fail_msg("%s at %s, %s: %s differs\n%s", name, eas_version_text(version), leg, differs, file ? file : "");
}

static void check_version(enum eas_class class, enum eas_version version, GBytes *file, const char *name,
                          GHashTable *reasons)
{
    struct file_context context = edit_context;
    struct written written, again;
    char *reason;
    bool first = version == versions[0] || (class == EAS_NOTES && version == EAS_14_0);

    context.version = version;
    if (!file_read(class, g_bytes_get_data(file, NULL), g_bytes_get_size(file), &context, &written, &reason)) {
        assert_non_null(reason);
        if (version == EAS_16_1) {
            count_reason(reasons, reason);
            refused_count++;
            if (g_getenv("EASFS_CORPUS_VERBOSE"))
                print_message("%s: %s\n", name, reason);
        }
        g_free(reason);
        return;
    }
    (void)first;
    if (version == EAS_16_1)
        read_count++;
    g_autoptr(GPtrArray) commands = item_commands(class, version, NULL, written.data, "client-uid");
    assert_true(commands->len > 0);
    g_autoptr(eas_node) held = edit_server_apply(class, version, NULL, commands, written.data);
    demand_same(class, written.data, held, name, version, "what the server holds", NULL);
    g_autofree char *text = edit_file(class, held, &context);
    if (!file_read(class, text, strlen(text), &context, &again, &reason))
        fail_msg("%s at %s: its own file is refused: %s\n%s", name, eas_version_text(version), reason, text);
    demand_same(class, held, again.data, name, version, "read back", text);
    demand_same(class, written.data, again.data, name, version, "from file to file", text);
    g_autoptr(GPtrArray) nothing = item_commands(class, version, held, again.data, NULL);
    if (nothing->len)
        fail_msg("%s at %s: something is sent for nothing", name, eas_version_text(version));
    g_autoptr(GBytes) refreshed = file_refresh(class, held, &context, file, &reason);
    g_autofree char *fresh = g_strndup(g_bytes_get_data(refreshed, NULL), g_bytes_get_size(refreshed));
    written_clear(&again);
    if (!file_read(class, fresh, strlen(fresh), &context, &again, &reason))
        fail_msg("%s at %s: refreshed and refused: %s\n%s", name, eas_version_text(version), reason, fresh);
    demand_same(class, held, again.data, name, version, "refreshed", fresh);
    if (written.uid && g_strcmp0(again.uid, written.uid) != 0)
        fail_msg("%s: the UID became %s\n%s", name, again.uid, fresh);
    written_clear(&again);
    written_clear(&written);
}

static int by_count(const void *one, const void *other, void *counts)
{
    int *first = g_hash_table_lookup(counts, *(char *const *)one),
        *second = g_hash_table_lookup(counts, *(char *const *)other);

    return *second - *first;
}

static void print_reasons(GHashTable *reasons)
{
    guint count;
    g_autofree char **keys = (char **)g_hash_table_get_keys_as_array(reasons, &count);

    G_GNUC_BEGIN_IGNORE_DEPRECATIONS
    g_qsort_with_data(keys, (int)count, sizeof *keys, by_count, reasons);
    G_GNUC_END_IGNORE_DEPRECATIONS
    print_message("%d read, %d refused, %d hold no item\n", read_count, refused_count, other_count);
    for (guint i = 0; i < count; i++)
        print_message("%5d  %s\n", *(int *)g_hash_table_lookup(reasons, keys[i]), keys[i]);
}

static void test_corpus(void **state)
{
    SKIP_WITHOUT(shared_has("corpus/ics"), "the corpus of calendars");
    g_autoptr(GHashTable) reasons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GPtrArray) sources = shared_names("corpus/ics", "");

    (void)state;
    for (guint s = 0; s < sources->len; s++) {
        g_autoptr(GPtrArray) names = shared_names(sources->pdata[s], ".ics");
        for (guint i = 0; i < names->len; i++) {
            g_autoptr(GBytes) file = shared_file(names->pdata[i]);
            enum eas_class class = class_of(file);
            if (class == EAS_NO_CLASS)
                other_count++;
            for (size_t v = 0; v < G_N_ELEMENTS(versions) && class != EAS_NO_CLASS; v++)
                if (class != EAS_NOTES || versions[v] >= EAS_14_0)
                    check_version(class, versions[v], file, names->pdata[i], reasons);
        }
    }
    print_reasons(reasons);
    assert_true(read_count > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
