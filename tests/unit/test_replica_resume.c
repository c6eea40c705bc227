/* The first sync killed at every exchange and after every commit, then resumed. Catches: a key stored before
 * its items or apart from them, an item asked for again though it is held, a message lost or doubled. */
#include <signal.h>
#include <string.h>

#include "tests/unit/lib/replica_child.h"
#include "tests/unit/lib/replica_rig.h"

enum { MANY_STEPS = 80 };

static void fill(struct replica_rig *rig, const char *folder, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *subject = g_strdup_printf("%s %03u", folder, i);

        fake_mail(rig->mailbox, fake_find(rig->mailbox, folder), subject, "text");
    }
}

static void begin(struct replica_rig *rig)
{
    replica_rig_up(rig);
    fill(rig, "Inbox", 200);
    fill(rig, "Sent Items", 20);
    fake_other(rig->mailbox, fake_find(rig->mailbox, "Calendar"), "standup");
    fake_other(rig->mailbox, fake_find(rig->mailbox, "Contacts"), "Jane Doe");
}

struct kill {
    volatile pid_t child;
    unsigned at;
    bool after; /* the answer still goes out */
};

/* The request's thread may be faster than fork's return. */
static bool kill_at(void *ctx, const struct script_request *request, unsigned number)
{
    struct kill *when = ctx;

    (void)request;
    if (number != when->at)
        return true;
    while (!when->child)
        g_thread_yield();
    kill(when->child, SIGKILL);
    return when->after;
}

static void at_most(struct replica_rig *rig, unsigned given)
{
    for (guint i = 0; i < rig->mailbox->folders->len; i++) {
        const struct fake_folder *folder = rig->mailbox->folders->pdata[i];

        for (guint j = 0; j < folder->items->len; j++) {
            const struct fake_item *item = folder->items->pdata[j];

            if (item->given > given)
                fail_msg("%s was asked for %u times", item->subject, item->given);
        }
    }
}

/* Resumes in this process and compares; ends the rig. */
static void end(struct replica_rig *rig, unsigned given)
{
    rig->mailbox->at_request = NULL;
    replica_rig_open(rig);
    replica_rig_sync(rig);
    replica_rig_equal(rig);
    assert_int_equal(replica_rig_count(rig, "Calendar"), 1);
    assert_int_equal(replica_rig_count(rig, "Contacts"), 1);
    g_autofree char *errors = replica_rig_errors(rig);

    assert_string_equal(errors, "");
    at_most(rig, given);
    replica_rig_down(rig);
}

/* given: how often an item may have been given at the end; kills at each request in turn. */
static void kill_at_each_exchange(bool text, bool after, unsigned given)
{
    bool whole = false;

    for (unsigned at = 1; !whole; at++) {
        struct replica_rig rig;
        struct kill when = {.at = at, .after = after};

        assert_true(at < MANY_STEPS);
        begin(&rig);
        rig.mailbox->text = text;
        rig.mailbox->at_request = kill_at;
        rig.mailbox->ctx = &when;
        g_autofree char *url = script_server_url(rig.mailbox->server);

        when.child = replica_child_start(rig.dir, url, 0);
        whole = replica_child_wait(when.child, NULL);
        end(&rig, given);
    }
}

/* All that was answered is held, so nothing is given twice. */
static void killed_at_any_request(void **state)
{
    (void)state;
    kill_at_each_exchange(false, false, 1);
}

/* The answer is on its way and lost: that window alone may come again. */
static void killed_with_an_answer_on_its_way(void **state)
{
    (void)state;
    kill_at_each_exchange(false, true, 2);
}

/* Bodies that are fetched beside the windows. */
static void killed_while_bodies_are_fetched(void **state)
{
    (void)state;
    kill_at_each_exchange(true, false, 2);
}

static void killed_after_any_commit(void **state)
{
    bool whole = false;

    (void)state;
    for (unsigned commits = 1; !whole; commits++) {
        struct replica_rig rig;

        assert_true(commits < MANY_STEPS);
        begin(&rig);
        g_autofree char *url = script_server_url(rig.mailbox->server);

        whole = replica_child_wait(replica_child_start(rig.dir, url, commits), NULL);
        end(&rig, 1);
    }
}

int main(int argc, char **argv)
{
    replica_child_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_any_request),
        cmocka_unit_test(killed_with_an_answer_on_its_way),
        cmocka_unit_test(killed_while_bodies_are_fetched),
        cmocka_unit_test(killed_after_any_commit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
