/* Bodies that do not come inline, and parked opens. Catches: a body changed on its way through text and XML,
 * parts miscounted, a size of 0, another message's bytes, an open that waits past its deadline or behind the
 * bulk, a failure asked for again at once, a large message held in memory. */
#include <errno.h>
#include <string.h>

#include "codec/limits.h"
#include "tests/unit/lib/replica_child.h"
#include "tests/unit/lib/replica_rig.h"

enum { LARGE = 50 << 20, RESIDENT_KIB = 64 << 10 };

static int up(void **state)
{
    struct replica_rig *rig = g_new0(struct replica_rig, 1);

    replica_rig_up(rig);
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

/* Among them what text cannot carry: a form feed, an escape, a NUL, a byte that is not UTF-8. */
static void fill_hostile(struct replica_rig *rig, unsigned count)
{
    static const char bytes[] = "Subject: raw\r\n\r\n\f\x1b[0m \x01 \0 \xff\r\n";

    for (unsigned i = 0; i < count; i++) {
        g_autofree char *subject = g_strdup_printf("plain %03u", i);

        fake_mail(rig->mailbox, inbox(rig), subject, "form\ffeed");
    }
    fake_bytes(rig->mailbox, inbox(rig), "raw", g_bytes_new_static(bytes, sizeof bytes - 1));
}

static void opaque_bodies_are_taken_inline(void **state)
{
    struct replica_rig *rig = *state;

    fill_hostile(rig, 40);
    replica_rig_open(rig);
    replica_rig_sync(rig);
    replica_rig_equal(rig);
    assert_int_equal(script_server_count(rig->mailbox->server, "ItemOperations"), 0);
}

static void text_bodies_are_fetched_as_parts(void **state)
{
    struct replica_rig *rig = *state;

    for (int from_0 = 0; from_0 < 2; from_0++) {
        rig->mailbox->text = true;
        rig->mailbox->parts_from_0 = from_0;
        rig->mailbox->no_sizes = from_0;
        fill_hostile(rig, 120);
        replica_rig_open(rig);
        replica_rig_sync(rig);
        replica_rig_equal(rig);
        replica_rig_down(rig);
        replica_rig_up(rig);
    }
}

/* Some mailboxes hold a message without a byte. */
static void an_empty_message_is_empty(void **state)
{
    struct replica_rig *rig = *state;

    fake_bytes(rig->mailbox, inbox(rig), "nothing", g_bytes_new_static("", 0));
    rig->mailbox->text = true;
    fill_hostile(rig, 3);
    replica_rig_open(rig);
    replica_rig_sync(rig);
    replica_rig_equal(rig);
}

/* Two folders number their messages alike; an answer for the other folder is not taken. */
static void an_answer_for_another_folder_is_not_taken(void **state)
{
    struct replica_rig *rig = *state;
    struct fake_folder *other = fake_folder(rig->mailbox, NULL, "Other", 12);
    struct fake_item *mine = fake_mail(rig->mailbox, inbox(rig), "mine", "my text");
    struct fake_item *theirs = fake_mail(rig->mailbox, other, "theirs", "their text");

    g_free(theirs->id);
    theirs->id = g_strdup(mine->id);
    g_free(g_array_index(other->log, struct fake_event, 0).id);
    g_array_index(other->log, struct fake_event, 0).id = g_strdup(mine->id);
    rig->mailbox->text = rig->mailbox->misnames = true;
    replica_rig_open(rig);
    replica_rig_sync(rig);
    g_autoptr(GBytes) bytes = replica_rig_bytes(rig, replica_rig_find(rig, "Mail/Inbox", "mine"));

    assert_null(bytes);
    g_autoptr(GBytes) held = replica_rig_bytes(rig, replica_rig_find(rig, "Mail/Other", "theirs"));

    assert_true(held && g_bytes_equal(held, theirs->mime));
}

/* Where the server has no parts its text is all there is, and it is not fetched twice. */
static void a_server_without_parts_is_believed(void **state)
{
    struct replica_rig *rig = *state;

    rig->mailbox->text = rig->mailbox->no_parts = true;
    for (int i = 0; i < 100; i++) {
        g_autofree char *subject = g_strdup_printf("ascii %03d", i);

        fake_mail(rig->mailbox, inbox(rig), subject, "text");
    }
    replica_rig_open(rig);
    replica_rig_sync(rig);
    replica_rig_equal(rig);
    fake_mail(rig->mailbox, inbox(rig), "later", "text");
    unsigned before = script_server_count(rig->mailbox->server, "ItemOperations");

    replica_rig_sync(rig);
    replica_rig_equal(rig);
    assert_int_equal(script_server_count(rig->mailbox->server, "ItemOperations"), before);
}

static void a_server_without_mime_gives_a_built_message(void **state)
{
    struct replica_rig *rig = *state;

    rig->mailbox->no_mime = true;
    fake_mail(rig->mailbox, inbox(rig), "built", "never given");
    replica_rig_open(rig);
    replica_rig_sync(rig);
    g_autoptr(GBytes) bytes = replica_rig_bytes(rig, replica_rig_find(rig, "Mail/Inbox", "built"));
    gssize size = bytes ? (gssize)g_bytes_get_size(bytes) : 0;

    assert_non_null(bytes);
    assert_non_null(g_strstr_len(g_bytes_get_data(bytes, NULL), size, "Subject: built"));
    assert_non_null(g_strstr_len(g_bytes_get_data(bytes, NULL), size, "only the text"));
}

static void a_refused_body_is_named_and_asked_for_again_by_a_full_sync(void **state)
{
    struct replica_rig *rig = *state;

    rig->mailbox->text = true;
    fill_hostile(rig, 60);
    ((struct fake_item *)inbox(rig)->items->pdata[7])->withheld = true;
    replica_rig_open(rig);
    replica_rig_sync(rig);
    g_autofree char *errors = replica_rig_errors(rig);

    assert_non_null(strstr(errors, "plain 007"));
    assert_null(strchr(errors, '\n'));
    assert_int_equal(replica_rig_count(rig, "Mail/Inbox"), 61);
    g_autoptr(GBytes) other = replica_rig_bytes(rig, replica_rig_find(rig, "Mail/Inbox", "plain 008"));

    assert_non_null(other);
    ((struct fake_item *)inbox(rig)->items->pdata[7])->withheld = false;
    struct eas_result result = replica_sync(rig->replica, SYNC_FULL, RIG_PATIENCE_MS);

    assert_true(eas_is_served(&result));
    replica_rig_equal(rig);
    g_autofree char *healed = replica_rig_errors(rig);

    assert_string_equal(healed, "");
}

/* ---- parked opens ---- */

struct parked {
    GMutex lock;
    GCond done;
    bool is_done;
    int error;
};

static void on_fetched(void *ctx, int error)
{
    struct parked *parked = ctx;

    g_mutex_lock(&parked->lock);
    assert_false(parked->is_done);
    parked->is_done = true;
    parked->error = error;
    g_cond_signal(&parked->done);
    g_mutex_unlock(&parked->lock);
}

static int parked_wait(struct parked *parked)
{
    g_mutex_lock(&parked->lock);
    while (!parked->is_done)
        g_cond_wait(&parked->done, &parked->lock);
    int error = parked->error;

    g_mutex_unlock(&parked->lock);
    *parked = (struct parked){0};
    return error;
}

static int fetch(struct replica_rig *rig, uint64_t ino, long deadline_ms)
{
    struct parked parked = {0};

    replica_fetch(rig->replica, ino, deadline_ms, on_fetched, &parked);
    return parked_wait(&parked);
}

/* Waits until the folder's files are listed; their bodies may be missing. */
static void wait_listed(struct replica_rig *rig, unsigned count)
{
    while (replica_rig_count(rig, "Mail/Inbox") < count)
        g_thread_yield();
}

static void an_open_has_a_deadline_that_is_remembered(void **state)
{
    struct replica_rig *rig = *state;
    struct view_attr attr;

    rig->mailbox->text = rig->mailbox->no_sizes = rig->mailbox->holds_fetch = true;
    fake_mail(rig->mailbox, inbox(rig), "held back", "text");
    replica_rig_open(rig);
    wait_listed(rig, 1);
    uint64_t ino = replica_rig_find(rig, "Mail/Inbox", "held back");

    assert_int_equal(view_getattr(rig->view, ino, &attr), 0);
    assert_false(attr.local);
    assert_true(attr.size > 0);
    assert_int_equal(fetch(rig, ino, 50), -ETIMEDOUT);
    assert_int_equal(fetch(rig, ino, 3600000), -ETIMEDOUT);
}

static void an_open_can_be_given_up(void **state)
{
    struct replica_rig *rig = *state;
    struct parked parked = {0};

    rig->mailbox->text = rig->mailbox->holds_fetch = true;
    fake_mail(rig->mailbox, inbox(rig), "held back", "text");
    replica_rig_open(rig);
    wait_listed(rig, 1);
    uint64_t ticket =
        replica_fetch(rig->replica, replica_rig_find(rig, "Mail/Inbox", "held back"), 3600000, on_fetched, &parked);

    replica_cancel(rig->replica, ticket);
    assert_int_equal(parked_wait(&parked), -EINTR);
    replica_cancel(rig->replica, ticket);
}

/* The bulk hangs; the open has a connection of its own. */
static void an_open_overtakes_the_bulk(void **state)
{
    struct replica_rig *rig = *state;

    rig->mailbox->text = rig->mailbox->holds_bulk = true;
    fill_hostile(rig, 100);
    replica_rig_open(rig);
    wait_listed(rig, 101);
    uint64_t ino = replica_rig_find(rig, "Mail/Inbox", "plain 003");

    assert_int_equal(fetch(rig, ino, 3600000), 0);
    g_autoptr(GBytes) bytes = replica_rig_bytes(rig, ino);

    assert_true(g_bytes_equal(bytes, ((struct fake_item *)inbox(rig)->items->pdata[3])->mime));
}

static void an_open_of_nothing_fails(void **state)
{
    struct replica_rig *rig = *state;

    replica_rig_open(rig);
    assert_int_equal(fetch(rig, 999999, 3600000), -ENOENT);
    replica_stop(rig->replica);
    assert_int_equal(fetch(rig, 999999, 3600000), -EINTR);
}

/* ---- size ---- */

static void a_large_message_is_never_whole_in_memory(void **state)
{
    struct replica_rig *rig = *state;
    g_autofree char *url = script_server_url(rig->mailbox->server);
    char *bytes = g_malloc(LARGE);
    long kib = 0;

    memset(bytes, 'x', LARGE);
    memcpy(bytes, "Subject: large\r\n\r\n", 18);
    fake_bytes(rig->mailbox, inbox(rig), "large", g_bytes_new_take(bytes, LARGE));
    assert_true(replica_child_wait(replica_child_start(rig->dir, url, 0), &kib));
#ifndef __SANITIZE_ADDRESS__
    assert_true(kib > 0 && kib < RESIDENT_KIB);
#endif
    replica_rig_open(rig);
    replica_rig_sync(rig);
    replica_rig_equal(rig);
    assert_int_equal(((struct fake_item *)inbox(rig)->items->pdata[0])->bodies, 1);
}

int main(int argc, char **argv)
{
    replica_child_main(argc, argv);
#define ROW(name) cmocka_unit_test_setup_teardown(name, up, down)
    const struct CMUnitTest tests[] = {
        ROW(opaque_bodies_are_taken_inline),
        ROW(text_bodies_are_fetched_as_parts),
        ROW(an_empty_message_is_empty),
        ROW(an_answer_for_another_folder_is_not_taken),
        ROW(a_server_without_parts_is_believed),
        ROW(a_server_without_mime_gives_a_built_message),
        ROW(a_refused_body_is_named_and_asked_for_again_by_a_full_sync),
        ROW(an_open_has_a_deadline_that_is_remembered),
        ROW(an_open_can_be_given_up),
        ROW(an_open_overtakes_the_bulk),
        ROW(an_open_of_nothing_fails),
        ROW(a_large_message_is_never_whole_in_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
