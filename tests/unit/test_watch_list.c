/* Which folders a Ping names. Catches: a folder that is watched and may not be, one that neither a Ping nor a poll
 * looks at, a quiet folder that never gets its turn, a lively one that loses its place, a liar that is asked for ever.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "cache/sync/watch_list.h"
#include "codec/limits.h"

static void clear(void *data)
{
    collection_clear(data);
}

/* Collections c0, c1 ... as the store has them. */
static GArray *collections(unsigned count)
{
    GArray *all = g_array_new(FALSE, TRUE, sizeof(struct collection));

    g_array_set_clear_func(all, clear);
    for (unsigned i = 0; i < count; i++) {
        struct collection collection = {.id = i + 1,
                                        .server_id = g_strdup_printf("c%u", i),
                                        .sync_key = g_strdup("7"),
                                        .class = EAS_MAIL,
                                        .selected = true,
                                        .complete = true};

        g_array_append_val(all, collection);
    }
    return all;
}

static struct watch_list *list_of(unsigned count)
{
    struct watch_list *list = watch_list_new();
    GArray *all = collections(count);

    watch_list_refresh(list, all);
    g_array_unref(all);
    return list;
}

static bool is_chosen(const GPtrArray *chosen, const char *id)
{
    for (guint i = 0; i < chosen->len; i++)
        if (!strcmp(((const struct watched *)chosen->pdata[i])->id, id))
            return true;
    return false;
}

static void only_what_is_kept_and_was_read_is_watched(void **state)
{
    struct watch_list *list = watch_list_new();
    GArray *all = collections(5);

    (void)state;
    g_array_index(all, struct collection, 0).selected = false;
    g_array_index(all, struct collection, 1).complete = false;
    g_free(g_array_index(all, struct collection, 2).sync_key);
    g_array_index(all, struct collection, 2).sync_key = g_strdup("0");
    g_array_index(all, struct collection, 3).class = EAS_NO_CLASS;
    watch_list_refresh(list, all);
    g_autoptr(GPtrArray) chosen = watch_list_choose(list, 0, 1);

    assert_int_equal(chosen->len, 1);
    assert_true(is_chosen(chosen, "c4"));
    g_array_unref(all);
    watch_list_free(list);
}

static void what_is_gone_is_forgotten(void **state)
{
    struct watch_list *list = list_of(3);
    GArray *fewer = collections(1);

    (void)state;
    watch_list_refresh(list, fewer);
    assert_true(watch_list_has(list, "c0"));
    assert_false(watch_list_has(list, "c2"));
    assert_false(watch_list_judge(list, "c2", false, 1));
    g_array_unref(fewer);
    watch_list_free(list);
}

/* 40 folders, 8 places: the lively ones are always named, every other in its turn, and what is not named is polled. */
static void quiet_folders_take_turns(void **state)
{
    struct watch_list *list = list_of(40);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    (void)state;
    watch_list_stir(list, "c30", 5);
    watch_list_stir(list, "c31", 6);
    for (gint64 now = 10; now < 30; now++) {
        g_autoptr(GPtrArray) chosen = watch_list_choose(list, 8, now);
        g_autoptr(GPtrArray) left_out = watch_list_left_out(list, false);

        assert_int_equal(chosen->len, 8);
        assert_int_equal(left_out->len, 32);
        assert_true(is_chosen(chosen, "c30") && is_chosen(chosen, "c31"));
        for (guint i = 0; i < chosen->len; i++)
            g_hash_table_add(seen, ((struct watched *)chosen->pdata[i])->id);
        for (guint i = 0; i < left_out->len; i++)
            assert_false(is_chosen(chosen, left_out->pdata[i]));
    }
    assert_int_equal(g_hash_table_size(seen), 40);
    watch_list_free(list);
}

/* Asked for now and then, as some servers watch a folder only from its first item on. */
static void an_empty_folder_is_not_trusted(void **state)
{
    struct watch_list *list = watch_list_new();
    GArray *all = collections(3);

    (void)state;
    g_array_index(all, struct collection, 0).items = 5;
    g_array_index(all, struct collection, 2).items = 1;
    watch_list_refresh(list, all);
    g_autoptr(GPtrArray) chosen = watch_list_choose(list, 0, 1);
    g_autoptr(GPtrArray) often = watch_list_left_out(list, false);
    g_autoptr(GPtrArray) seldom = watch_list_left_out(list, true);

    assert_int_equal(chosen->len, 3);
    assert_int_equal(often->len, 0);
    assert_int_equal(seldom->len, 1);
    assert_string_equal(seldom->pdata[0], "c1");
    g_array_unref(all);
    watch_list_free(list);
}

static void a_limit_of_one_is_kept(void **state)
{
    struct watch_list *list = list_of(5);
    g_autoptr(GPtrArray) chosen = watch_list_choose(list, 1, 1);

    (void)state;
    assert_int_equal(chosen->len, 1);
    assert_true(is_chosen(chosen, "c0"));
    watch_list_free(list);
}

static void a_liar_rests_for_a_while(void **state)
{
    struct watch_list *list = list_of(3);
    const gint64 later = LIMIT_PUSH_AGAIN_MS * 1000LL + 2;

    (void)state;
    for (int i = 1; i < LIMIT_FUTILE_FOLDER; i++)
        assert_false(watch_list_judge(list, "c1", false, 1));
    assert_true(watch_list_judge(list, "c1", false, 1));
    g_autoptr(GPtrArray) chosen = watch_list_choose(list, 0, 2);
    g_autoptr(GPtrArray) left_out = watch_list_left_out(list, false);

    assert_int_equal(chosen->len, 2);
    assert_false(is_chosen(chosen, "c1"));
    assert_int_equal(left_out->len, 1);
    assert_string_equal(left_out->pdata[0], "c1");
    g_autoptr(GPtrArray) again = watch_list_choose(list, 0, later);

    assert_true(is_chosen(again, "c1"));
    watch_list_free(list);
}

/* A true word clears the false ones before it. */
static void a_true_word_counts(void **state)
{
    struct watch_list *list = list_of(1);

    (void)state;
    for (int i = 0; i < 10 * LIMIT_FUTILE_FOLDER; i++)
        assert_false(watch_list_judge(list, "c0", i % 2, 1));
    watch_list_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_kept_and_was_read_is_watched),
        cmocka_unit_test(what_is_gone_is_forgotten),
        cmocka_unit_test(quiet_folders_take_turns),
        cmocka_unit_test(an_empty_folder_is_not_trusted),
        cmocka_unit_test(a_limit_of_one_is_kept),
        cmocka_unit_test(a_liar_rests_for_a_while),
        cmocka_unit_test(a_true_word_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
