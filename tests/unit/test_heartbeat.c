/* How long a Ping may hang. Catches: an interval that never grows, grows past what the server takes or the path was
 * seen to cut, one that a single accident holds down for ever, a server's word that leads nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "cache/sync/heartbeat.h"
#include "codec/limits.h"

static struct heartbeat after_holds(int count)
{
    struct heartbeat beat;

    heartbeat_init(&beat);
    for (int i = 0; i < count; i++)
        heartbeat_held(&beat);
    return beat;
}

static void it_grows_while_it_holds(void **state)
{
    struct heartbeat beat = after_holds(0);
    int before = beat.ask;

    (void)state;
    assert_int_equal(before, LIMIT_HEARTBEAT_FIRST_S);
    for (int i = 0; i < 5; i++, before = beat.ask) {
        heartbeat_held(&beat);
        assert_true(beat.ask > before);
    }
    beat = after_holds(100);
    assert_int_equal(beat.ask, LIMIT_HEARTBEAT_MOST_S);
}

static void it_stays_below_what_was_cut(void **state)
{
    static const int lasted[] = {61, 240, 599, 1800, 4000};

    (void)state;
    for (size_t i = 0; i < sizeof lasted / sizeof *lasted; i++) {
        struct heartbeat beat = after_holds(100);

        assert_true(heartbeat_cut(&beat, lasted[i]));
        assert_true(beat.ask < lasted[i] && beat.ask >= LIMIT_HEARTBEAT_LEAST_S);
        heartbeat_held(&beat);
        assert_true(beat.ask < lasted[i]);
    }
}

static void one_accident_is_forgiven(void **state)
{
    struct heartbeat beat = after_holds(100);

    (void)state;
    heartbeat_cut(&beat, 200);
    for (int i = 0; i < 100; i++)
        heartbeat_held(&beat);
    assert_int_equal(beat.ask, LIMIT_HEARTBEAT_MOST_S);
}

static void what_was_no_idle_connection_proves_nothing(void **state)
{
    struct heartbeat beat = after_holds(0);

    (void)state;
    assert_false(heartbeat_cut(&beat, LIMIT_HEARTBEAT_LEAST_S - 1));
    assert_int_equal(beat.ask, LIMIT_HEARTBEAT_FIRST_S);
}

static void another_network_is_another_path(void **state)
{
    struct heartbeat beat = after_holds(0);

    (void)state;
    heartbeat_cut(&beat, 100);
    heartbeat_held(&beat);
    assert_true(beat.ask < 100);
    heartbeat_new_path(&beat);
    heartbeat_held(&beat);
    assert_true(beat.ask > 100);
}

static const struct word {
    int wanted;
    bool sense;
    int least, most; /* of all that is asked afterwards */
} words[] = {
    {240, true, 60, 240},                     /* too long: the server's most */
    {900, true, 900, LIMIT_HEARTBEAT_MOST_S}, /* too short: the server's least */
    {10, true, 10, 10},                       /* below our own least */
    {7200, true, 7200, 7200},                 /* above our own most */
    {0, false, 60, LIMIT_HEARTBEAT_MOST_S},
    {-5, false, 60, LIMIT_HEARTBEAT_MOST_S},
    {LIMIT_HEARTBEAT_FIRST_S, false, 60, LIMIT_HEARTBEAT_MOST_S}, /* what was asked: it would be refused again */
    {1000000, false, 60, LIMIT_HEARTBEAT_MOST_S},
};

static void the_server_is_obeyed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct heartbeat beat = after_holds(0);

        assert_int_equal(heartbeat_told(&beat, words[i].wanted), words[i].sense);
        assert_int_equal(beat.ask, words[i].sense ? words[i].wanted : LIMIT_HEARTBEAT_FIRST_S);
        for (int j = 0; j < 30; j++) {
            heartbeat_held(&beat);
            assert_in_range(beat.ask, words[i].least, words[i].most);
        }
        heartbeat_cut(&beat, words[i].least + 1);
        assert_in_range(beat.ask, words[i].least, words[i].most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_while_it_holds),         cmocka_unit_test(it_stays_below_what_was_cut),
        cmocka_unit_test(one_accident_is_forgiven),        cmocka_unit_test(what_was_no_idle_connection_proves_nothing),
        cmocka_unit_test(another_network_is_another_path), cmocka_unit_test(the_server_is_obeyed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
