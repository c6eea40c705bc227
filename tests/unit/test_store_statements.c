/* The plan of every statement of the store. Catches: an index that a statement does not use, so that a look-up,
 * a listing or a mount would read a whole table; a sort where the index should give the order. */
#include <sqlite3.h>

#include "store_fixture.h"

static const struct {
    const char *name, *text;
} statements[] = {
#define S(name, text) {#name, text},
#include "cache/store/statements.def"
#undef S
};

/* What may be read as a whole: folders, packs, errors, edits under way and counters are few; the others belong to a check or an upgrade,
 * never to a mount. */
static const char *const small[] = {"collection", "c", "pack", "e", "journal", "sqlite_sequence"};
static const char *const rare[] = {"FILE_COUNT", "FILE_BY_BODY_AFTER", "BODY_LIST"};

static bool contains(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(words[i], word))
            return true;
    }
    return false;
}

static void check_step(const char *name, const char *step)
{
    g_auto(GStrv) words = g_strsplit(step, " ", 3);

    /* These indexes hold only what is missing, in the order it is fetched, and what no item belongs to. */
    if (contains(rare, G_N_ELEMENTS(rare), name) || strstr(step, "USING INDEX file_missing") ||
        strstr(step, "USING INDEX file_scratch"))
        return;
    if (strstr(step, "TEMP B-TREE"))
        fail_msg("%s sorts: %s", name, step);
    if (!strcmp(words[0], "SCAN") && strcmp(words[1], "CONSTANT") != 0 &&
        !contains(small, G_N_ELEMENTS(small), words[1]))
        fail_msg("%s reads a whole table: %s", name, step);
}

static void no_statement_reads_a_whole_table(void **state)
{
    struct fixture *f = *state;
    g_autofree char *path = g_build_filename(f->dir, "store.db", NULL);
    sqlite3 *handle;

    assert_int_equal(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (size_t i = 0; i < G_N_ELEMENTS(statements); i++) {
        g_autofree char *explain = g_strconcat("EXPLAIN QUERY PLAN ", statements[i].text, NULL);
        sqlite3_stmt *statement = NULL;

        if (sqlite3_prepare_v2(handle, explain, -1, &statement, NULL) != SQLITE_OK)
            fail_msg("%s: %s", statements[i].name, sqlite3_errmsg(handle));
        while (sqlite3_step(statement) == SQLITE_ROW)
            check_step(statements[i].name, (const char *)sqlite3_column_text(statement, 3));
        sqlite3_finalize(statement);
    }
    sqlite3_close(handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_statement_reads_a_whole_table, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
