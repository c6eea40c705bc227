/* Which connections a change of the network ends. Catches: an answer waited for at an address that is gone, one given
 * up because some other address is, a connection of before that is used again, a memory that grows for ever. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "cache/server/paths.h"
#include "codec/limits.h"

static int set_up(void **state)
{
    *state = paths_new();
    return 0;
}

static int tear_down(void **state)
{
    paths_free(*state);
    return 0;
}

static void an_address_that_went_ends_its_own_connections(void **state)
{
    gint64 before = g_get_monotonic_time();

    assert_false(paths_are_old(*state, before));
    assert_false(paths_end_nowhere(*state, "192.0.2.1", before));
    paths_changed(*state, (const char *const[]){"192.0.2.1", NULL});
    assert_true(paths_are_old(*state, before));
    assert_true(paths_end_nowhere(*state, "192.0.2.1", before));
    assert_false(paths_end_nowhere(*state, "192.0.2.2", before));
    assert_false(paths_end_nowhere(*state, NULL, before));
    gint64 after = g_get_monotonic_time() + 1;

    assert_false(paths_are_old(*state, after));
    assert_false(paths_end_nowhere(*state, "192.0.2.1", after));
}

static void an_address_that_came_ends_none(void **state)
{
    gint64 before = g_get_monotonic_time();

    paths_changed(*state, (const char *const[]){NULL});
    assert_true(paths_are_old(*state, before));
    assert_false(paths_end_nowhere(*state, "192.0.2.1", before));
}

static void a_sleep_ends_all(void **state)
{
    gint64 before = g_get_monotonic_time();

    paths_changed(*state, NULL);
    assert_true(paths_end_nowhere(*state, "192.0.2.1", before));
    assert_true(paths_end_nowhere(*state, NULL, before));
}

static void too_many_to_remember_are_all(void **state)
{
    gint64 before = g_get_monotonic_time();

    for (int i = 0; i <= LIMIT_GONE_ADDRESSES; i++) {
        g_autofree char *address = g_strdup_printf("192.0.2.%d", i);

        assert_false(paths_end_nowhere(*state, "198.51.100.1", before));
        paths_changed(*state, (const char *const[]){address, NULL});
    }
    assert_true(paths_end_nowhere(*state, "198.51.100.1", before));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_address_that_went_ends_its_own_connections, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_address_that_came_ends_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sleep_ends_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_to_remember_are_all, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
