/* The push watcher, through a replica and a server whose Ping says what the test wants. Catches: a change that waits
 * for a poll, a pass over more than was named, a Ping that goes on during a pass or after the end, a status that ends
 * push, a server that is hammered (by a Ping that answers at once for ever, or by a refused password), an outage taken
 * for a bad path, a state that is not told. */
#include <string.h>

#include "codec/limits.h"
#include "tests/unit/lib/replica_rig.h"

static int up(void **state)
{
    struct replica_rig *rig = g_new0(struct replica_rig, 1);

    replica_rig_up(rig);
    rig->mailbox->ping.offered = true;
    *state = rig;
    return 0;
}

static int down(void **state)
{
    replica_rig_down(*state);
    g_free(*state);
    return 0;
}

static struct fake_folder *inbox(struct replica_rig *rig)
{
    return fake_find(rig->mailbox, "Inbox");
}

/* ---- waiting for what no event announces ---- */

typedef bool (*condition)(struct replica_rig *rig, const char *word, int number);

static void until(struct replica_rig *rig, condition is_so, const char *word, int number)
{
    for (int ms = 0; !is_so(rig, word, number); ms++) {
        if (ms > RIG_PATIENCE_MS)
            fail_msg("waited in vain for \"%s\" %d", word ? word : "", number);
        g_usleep(1000);
    }
}

static bool pings_came(struct replica_rig *rig, const char *word, int number)
{
    (void)word;
    return fake_ping_count(rig->mailbox) >= (unsigned)number;
}

static bool holds(struct replica_rig *rig, const char *path, int count)
{
    return replica_rig_count(rig, path) == (unsigned)count;
}

static bool state_is(struct replica_rig *rig, const char *reason, int state)
{
    struct replica_status *status = replica_status(rig->replica);
    bool is = (int)status->state == state && !status->syncing && (!reason || strstr(status->reason, reason));

    replica_status_free(status);
    return is;
}

static bool is_polled(struct replica_rig *rig, const char *reason, int heartbeat)
{
    struct replica_status *status = replica_status(rig->replica);
    bool is = status->state == REPLICA_ONLINE && status->heartbeat == heartbeat && strstr(status->reason, reason);

    replica_status_free(status);
    return is;
}

/* Open, everything read, the first Ping hangs. */
static void open_and_hang(struct replica_rig *rig)
{
    fake_mail(rig->mailbox, inbox(rig), "first", "text");
    replica_rig_open(rig);
    until(rig, pings_came, NULL, 1);
}

/* ---- what a Ping says is done ---- */

static void every_folder_is_watched(void **state)
{
    struct replica_rig *rig = *state;

    open_and_hang(rig);
    g_autofree char *asked = fake_ping_asked(rig->mailbox, 0);

    assert_string_equal(asked, "300: f1 f2 f3 f4 f5");
    until(rig, is_polled, "", LIMIT_HEARTBEAT_FIRST_S);
}

static void a_change_is_asked_for_and_nothing_else(void **state)
{
    struct replica_rig *rig = *state;

    open_and_hang(rig);
    unsigned sent = fake_find(rig->mailbox, "Sent Items")->asked, trees = 0;

    for (int i = 0; i < 5; i++) {
        g_autofree char *subject = g_strdup_printf("pushed %d", i);

        trees = script_server_count(rig->mailbox->server, "FolderSync");
        fake_mail(rig->mailbox, inbox(rig), subject, "text");
        fake_ping_post(rig->mailbox, 2, "f1", 0);
        until(rig, holds, "Mail/Inbox", i + 2);
        until(rig, pings_came, NULL, i + 2);
    }
    replica_rig_equal(rig);
    assert_int_equal(fake_find(rig->mailbox, "Sent Items")->asked, sent);
    assert_int_equal(script_server_count(rig->mailbox->server, "FolderSync"), trees);
}

static void a_new_folder_is_followed(void **state)
{
    struct replica_rig *rig = *state;

    open_and_hang(rig);
    unsigned asked = inbox(rig)->asked;

    fake_mail(rig->mailbox, fake_folder(rig->mailbox, NULL, "New", 12), "inside", "text");
    fake_ping_post(rig->mailbox, 7, NULL, 0);
    until(rig, holds, "Mail/New", 1);
    until(rig, pings_came, NULL, 2);
    g_autofree char *named = fake_ping_asked(rig->mailbox, 1);

    assert_non_null(strstr(named, fake_find(rig->mailbox, "New")->id));
    assert_int_equal(inbox(rig)->asked, asked);
}

/* A name that nobody knows: the folder came or went meanwhile. */
static void an_unknown_name_is_looked_for(void **state)
{
    struct replica_rig *rig = *state;

    open_and_hang(rig);
    fake_folder(rig->mailbox, NULL, "New", 12);
    fake_mail(rig->mailbox, fake_find(rig->mailbox, "New"), "inside", "text");
    fake_ping_post(rig->mailbox, 2, fake_find(rig->mailbox, "New")->id, 0);
    until(rig, holds, "Mail/New", 1);
    fake_folder_remove(rig->mailbox, fake_find(rig->mailbox, "New"));
    fake_ping_post(rig->mailbox, 2, "f2", 0);
    fake_ping_post(rig->mailbox, 7, NULL, 0);
    until(rig, holds, "Mail/New", 0);
}

/* The Ping names only the folder that a message left, or only the one it came to: the file follows it. */
static void half_of_a_move_is_enough(void **state, const char *named)
{
    struct replica_rig *rig = *state;

    open_and_hang(rig);
    struct fake_item *item = inbox(rig)->items->pdata[0];
    uint64_t ino = replica_rig_find(rig, "Mail/Inbox", "first");
    struct fake_item *moved =
        fake_bytes(rig->mailbox, fake_find(rig->mailbox, "Sent Items"), "first", g_bytes_ref(item->mime));

    moved->hour = item->hour;
    fake_change(rig->mailbox, inbox(rig), item, FAKE_DELETE);
    fake_ping_post(rig->mailbox, 2, named, 0);
    until(rig, holds, "Mail/Sent Items", 1);
    assert_int_equal(replica_rig_find(rig, "Mail/Sent Items", "first"), ino);
    until(rig, holds, "Mail/Inbox", 0);
    until(rig, pings_came, NULL, 2);
    replica_rig_equal(rig);
}

static void the_left_half_of_a_move_is_enough(void **state)
{
    half_of_a_move_is_enough(state, "f1");
}

static void the_right_half_of_a_move_is_enough(void **state)
{
    half_of_a_move_is_enough(state, "f3");
}

/* A pass that somebody asked for ends the Ping, and it is issued anew: at once, but not so where passes crowd, as a
 * server may keep for a while what it has for each. */
static void a_pass_and_a_ping_do_not_meet(void **state)
{
    enum { CUTS = 3 };
    struct replica_rig *rig = *state;

    open_and_hang(rig);
    gint64 before = g_get_monotonic_time();

    for (int i = 0; i < CUTS; i++) {
        replica_rig_sync(rig);
        until(rig, pings_came, NULL, i + 2);
    }
    g_autofree char *last = fake_ping_asked(rig->mailbox, CUTS);

    assert_true(g_str_has_prefix(last, "300:"));
    assert_true(g_get_monotonic_time() - before >= (1 + 2) * LIMIT_CUT_MS * 1000LL);
}

/* ---- every status, once ---- */

static const struct once {
    int status, value;
    const char *next; /* how the next Ping begins; NULL: none comes */
    const char *reason;
} onces[] = {
    {1, 0, "300: f1 f2", ""},
    {3, 0, "300: f1 f2", ""},
    {4, 0, NULL, "does not understand Ping"},
    {5, 120, "120: f1 f2", ""},
    {5, 900, "900: f1 f2", ""},
    {6, 2, "300: f1 f2", ""},
    {6, 0, "300: f1 f2", ""},
    {8, 0, "300: f1 f2", ""},
    {0, 0, "300: f1 f2", ""},
    {FAKE_PING_CUT, 0, "300: f1 f2", ""},
    {-500, 0, "300: f1 f2", ""},
    {-503, 0, "300: f1 f2", ""},
    {-501, 0, NULL, "does not know Ping"},
    {-400, 0, NULL, "does not know Ping"},
};

static void every_status_is_survived(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(onces); i++) {
        void *mine;

        up(&mine);
        struct replica_rig *rig = mine;

        open_and_hang(rig);
        fake_ping_post(rig->mailbox, onces[i].status, NULL, onces[i].value);
        if (onces[i].next) {
            until(rig, pings_came, "another Ping after status", 2);
            g_autofree char *next = fake_ping_asked(rig->mailbox, 1);

            if (!g_str_has_prefix(next, onces[i].next))
                fail_msg("after status %d: %s", onces[i].status, next);
        } else {
            until(rig, is_polled, onces[i].reason, 0);
        }
        down(&mine);
    }
}

/* MaxFolders is obeyed, whatever it says. */
static void no_more_folders_than_allowed(void **state)
{
    struct replica_rig *rig = *state;

    open_and_hang(rig);
    fake_ping_post(rig->mailbox, 6, NULL, 2);
    until(rig, pings_came, NULL, 2);
    g_autofree char *asked = fake_ping_asked(rig->mailbox, 1);
    g_auto(GStrv) words = g_strsplit(asked, " ", -1);

    assert_int_equal(g_strv_length(words), 3);
}

/* ---- a Ping that is of no use for ever ---- */

static const struct always {
    int status;
    const char *folder;
    int value;
} always[] = {
    {1, NULL, 0},
    {2, "f1", 0},
    {2, "zz", 0},
    {2, NULL, 0},
    {3, NULL, 0},
    {5, NULL, LIMIT_HEARTBEAT_FIRST_S},
    {5, NULL, 0},
    {6, NULL, 99},
    {7, NULL, 0},
    {8, NULL, 0},
    {FAKE_PING_CUT, NULL, 0},
    {-500, NULL, 0},
};

/* All at once, as each takes its time. */
static void what_is_of_no_use_is_given_up(void **state)
{
    enum { MOST_PINGS = 3 * LIMIT_FUTILE_PINGS };
    void *rigs[G_N_ELEMENTS(always)];

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(always); i++) {
        up(&rigs[i]);
        fake_ping_forever(((struct replica_rig *)rigs[i])->mailbox, always[i].status, always[i].folder,
                          always[i].value);
        replica_rig_open(rigs[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(always); i++) {
        struct replica_rig *rig = rigs[i];

        until(rig, is_polled, "; it is polled", 0);
        if (fake_ping_count(rig->mailbox) > MOST_PINGS)
            fail_msg("status %d was heard %u times", always[i].status, fake_ping_count(rig->mailbox));
        replica_rig_sync(rig);
        down(&rigs[i]);
    }
}

static void a_server_without_ping_is_polled(void **state)
{
    struct replica_rig *rig = *state;

    rig->mailbox->ping.offered = false;
    replica_rig_open(rig);
    replica_rig_sync(rig);
    until(rig, is_polled, "does not offer Ping; it is polled", 0);
    assert_int_equal(fake_ping_count(rig->mailbox), 0);
}

/* ---- ends ---- */

/* The Ping would hang for minutes. */
static void the_end_does_not_wait_for_a_ping(void **state)
{
    struct replica_rig *rig = *state;

    open_and_hang(rig);
    gint64 before = g_get_monotonic_time();

    replica_rig_close(rig);
    assert_true(g_get_monotonic_time() - before < (LIMIT_HEARTBEAT_LEAST_S / 2) * G_USEC_PER_SEC);
}

/* The server goes and comes: offline with a reason, then online with what came meanwhile, and the interval is not
 * held against the path. */
static void an_outage_is_a_state(void **state)
{
    struct replica_rig *rig = *state;

    open_and_hang(rig);
    rig->mailbox->dead = true;
    fake_ping_post(rig->mailbox, FAKE_PING_CUT, NULL, 0);
    until(rig, state_is, NULL, REPLICA_OFFLINE);
    fake_mail(rig->mailbox, inbox(rig), "meanwhile", "text");
    rig->mailbox->dead = false;
    until(rig, state_is, "", REPLICA_ONLINE);
    until(rig, holds, "Mail/Inbox", 2);
    until(rig, pings_came, NULL, 2);
    g_autofree char *asked = fake_ping_asked(rig->mailbox, 1);

    assert_true(g_str_has_prefix(asked, "300:"));
}

/* A network's log-in page answers everything with 200 and HTML. */
static void a_captive_portal_is_named(void **state)
{
    struct replica_rig *rig = *state;

    open_and_hang(rig);
    rig->mailbox->portal = true;
    fake_ping_post(rig->mailbox, FAKE_PING_CUT, NULL, 0);
    until(rig, state_is, "log-in page", REPLICA_OFFLINE);
    rig->mailbox->portal = false;
    until(rig, state_is, "", REPLICA_ONLINE);
    replica_rig_equal(rig);
}

/* Refused once, it is tried once more when somebody asks, and never unasked. */
static void a_refused_password_is_tried_once(void **state)
{
    struct replica_rig *rig = *state;

    open_and_hang(rig);
    rig->mailbox->locked = true;
    fake_ping_post(rig->mailbox, -401, NULL, 0);
    until(rig, state_is, NULL, REPLICA_AUTH);
    unsigned before = script_server_count(rig->mailbox->server, NULL);
    struct eas_result result = replica_sync(rig->replica, 0, RIG_PATIENCE_MS);

    assert_int_equal(result.exit_code, 77);
    assert_int_equal(script_server_count(rig->mailbox->server, NULL), before + 1);
    until(rig, state_is, NULL, REPLICA_AUTH);
    rig->mailbox->locked = false;
    replica_rig_sync(rig);
    until(rig, state_is, "", REPLICA_ONLINE);
    until(rig, pings_came, NULL, 2);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, up, down)
    const struct CMUnitTest tests[] = {
        ROW(every_folder_is_watched),
        ROW(a_change_is_asked_for_and_nothing_else),
        ROW(a_new_folder_is_followed),
        ROW(an_unknown_name_is_looked_for),
        ROW(the_left_half_of_a_move_is_enough),
        ROW(the_right_half_of_a_move_is_enough),
        ROW(a_pass_and_a_ping_do_not_meet),
        cmocka_unit_test(every_status_is_survived),
        ROW(no_more_folders_than_allowed),
        cmocka_unit_test(what_is_of_no_use_is_given_up),
        ROW(a_server_without_ping_is_polled),
        ROW(the_end_does_not_wait_for_a_ping),
        ROW(an_outage_is_a_state),
        ROW(a_captive_portal_is_named),
        ROW(a_refused_password_is_tried_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
