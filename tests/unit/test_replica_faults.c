/* The replica against servers that do not behave (each a line of what real ones do). Catches: a bad item that
 * stops its folder, a bad folder that stops the account, a refusal or a silence read as "deleted", a dead
 * key that costs inodes or names, a loop without end, another message's bytes in a file. */
#include <string.h>

#include "tests/unit/lib/replica_rig.h"

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

static void fill(struct replica_rig *rig, const char *folder, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *subject = g_strdup_printf("%s %03u", folder, i);

        fake_mail(rig->mailbox, fake_find(rig->mailbox, folder), subject, "text");
    }
}

static void fill_and_sync(struct replica_rig *rig)
{
    fill(rig, "Inbox", 40);
    fill(rig, "Sent Items", 10);
    fake_other(rig->mailbox, fake_find(rig->mailbox, "Calendar"), "standup");
    fake_other(rig->mailbox, fake_find(rig->mailbox, "Calendar"), "retro");
    fake_other(rig->mailbox, fake_find(rig->mailbox, "Contacts"), "Jane Doe");
    fake_other(rig->mailbox, fake_find(rig->mailbox, "Contacts"), "John Roe");
    replica_rig_open(rig);
    replica_rig_sync(rig);
    replica_rig_equal(rig);
}

/* Every name with its inode, one a line: what a dead key must not cost. */
static void list_into(struct replica_rig *rig, uint64_t dir, const char *path, GString *out);

struct listing {
    struct replica_rig *rig;
    const char *path;
    GString *out;
};

static bool list_each(void *ctx, const char *name, const struct view_attr *attr, uint64_t next)
{
    struct listing *listing = ctx;
    g_autofree char *path = g_strdup_printf("%s/%s", listing->path, name);

    (void)next;
    g_string_append_printf(listing->out, "%s %lu\n", path, (unsigned long)attr->ino);
    if (attr->directory)
        list_into(listing->rig, attr->ino, path, listing->out);
    return true;
}

static void list_into(struct replica_rig *rig, uint64_t dir, const char *path, GString *out)
{
    struct listing listing = {rig, path, out};
    struct view *view = replica_view(rig->replica); /* a list is not begun inside another of the same view */

    assert_int_equal(view_list(view, dir, 0, list_each, &listing), 0);
    view_free(view);
}

static char *names(struct replica_rig *rig)
{
    GString *out = g_string_new(NULL);

    list_into(rig, VIEW_ROOT, "", out);
    return g_string_free(out, FALSE);
}

static void a_dead_key_keeps_names_and_inodes(void **state)
{
    struct replica_rig *rig = *state;

    fill_and_sync(rig);
    g_autofree char *before = names(rig);

    for (guint i = 0; i < rig->mailbox->folders->len; i++)
        fake_forget(rig->mailbox, rig->mailbox->folders->pdata[i], false);
    replica_rig_sync(rig);
    g_autofree char *after = names(rig);

    assert_string_equal(before, after);
    replica_rig_equal(rig);
}

/* The ids are dealt out anew, so that each now means another item. */
static void renumbered_items_keep_names_and_inodes(void **state)
{
    struct replica_rig *rig = *state;

    fill_and_sync(rig);
    g_autofree char *before = names(rig);

    for (guint i = 0; i < rig->mailbox->folders->len; i++)
        fake_forget(rig->mailbox, rig->mailbox->folders->pdata[i], true);
    replica_rig_sync(rig);
    g_autofree char *after = names(rig);

    assert_string_equal(before, after);
    replica_rig_equal(rig);
}

static void renumbered_folders_keep_names_and_inodes(void **state)
{
    struct replica_rig *rig = *state;

    fake_folder(rig->mailbox, NULL, "Projects", 12);
    fake_folder(rig->mailbox, "Projects", "2026", 12);
    fill(rig, "2026", 5);
    fill_and_sync(rig);
    g_autofree char *before = names(rig);

    fake_renumber_folders(rig->mailbox);
    replica_rig_sync(rig);
    g_autofree char *after = names(rig);

    assert_string_equal(before, after);
    replica_rig_equal(rig);
}

/* What is gone when the folder is read anew is gone; nothing is doubled. */
static void a_resync_removes_what_is_gone(void **state)
{
    struct replica_rig *rig = *state;

    fill_and_sync(rig);
    fake_change(rig->mailbox, inbox(rig), inbox(rig)->items->pdata[3], FAKE_DELETE);
    fake_forget(rig->mailbox, inbox(rig), false);
    replica_rig_sync(rig);
    replica_rig_equal(rig);
}

/* Status 8 or 12 for one folder: FolderSync with the held key, then on with the same keys. */
static void a_changed_hierarchy_costs_nothing(void **state)
{
    struct replica_rig *rig = *state;

    fill_and_sync(rig);
    for (int status = 8; status <= 12; status += 4) {
        g_autofree char *subject = g_strdup_printf("after %d", status);

        inbox(rig)->status = status;
        inbox(rig)->statuses = 1;
        fake_mail(rig->mailbox, inbox(rig), subject, "text");
        replica_rig_sync(rig);
        replica_rig_equal(rig);
    }
    for (guint i = 0; i < inbox(rig)->items->len; i++)
        assert_int_equal(((struct fake_item *)inbox(rig)->items->pdata[i])->given, 1);
}

static const struct refusal {
    int status;
    const char *what;
} refusals[] = {{4, "protocol"}, {5, "server error"}, {6, "conversion"}, {9, "space"}, {16, "again"}, {99, "unknown"}};

/* Whatever status a folder answers with, its items stay and the other folders go on. */
static void a_refused_folder_stops_nothing(void **state)
{
    struct replica_rig *rig = *state;

    fill_and_sync(rig);
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autofree char *subject = g_strdup_printf("after %s", refusals[i].what);

        inbox(rig)->status = refusals[i].status;
        inbox(rig)->statuses = 1000;
        fake_mail(rig->mailbox, fake_find(rig->mailbox, "Sent Items"), subject, "text");
        replica_rig_sync(rig);
        assert_int_equal(replica_rig_count(rig, "Mail/Inbox"), 40);
        assert_true(replica_rig_find(rig, "Mail/Sent Items", subject) > 0);
        g_autofree char *errors = replica_rig_errors(rig);

        assert_non_null(strstr(errors, "Mail/Inbox"));
    }
    inbox(rig)->statuses = 0;
    replica_rig_sync(rig);
    g_autofree char *errors = replica_rig_errors(rig);

    assert_string_equal(errors, "");
    replica_rig_equal(rig);
}

/* A folder that makes every request holding it fail does not stop the others. */
static void a_folder_that_breaks_requests_stops_nothing(void **state)
{
    struct replica_rig *rig = *state;

    fill_and_sync(rig);
    inbox(rig)->refuses = true;
    fake_mail(rig->mailbox, fake_find(rig->mailbox, "Sent Items"), "after", "text");
    replica_rig_sync(rig);
    assert_true(replica_rig_find(rig, "Mail/Sent Items", "after") > 0);
    assert_int_equal(replica_rig_count(rig, "Mail/Inbox"), 40);
}

/* A list of folders that fails, or has nothing in it, removes no folder. */
static void a_refused_list_of_folders_removes_none(void **state)
{
    struct replica_rig *rig = *state;

    fill_and_sync(rig);
    g_autofree char *before = names(rig);
    GPtrArray *folders = rig->mailbox->folders;

    rig->mailbox->folder_status = 6;
    replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    rig->mailbox->hierarchy++;
    g_mutex_lock(&rig->mailbox->lock);
    rig->mailbox->folders = g_ptr_array_new();
    g_mutex_unlock(&rig->mailbox->lock);
    struct eas_result result = replica_sync(rig->replica, 0, RIG_PATIENCE_MS);

    g_mutex_lock(&rig->mailbox->lock);
    g_ptr_array_unref(rig->mailbox->folders);
    rig->mailbox->folders = folders;
    g_mutex_unlock(&rig->mailbox->lock);
    g_autofree char *after = names(rig);

    assert_int_equal(result.outcome, EAS_REFUSED);
    assert_string_equal(before, after);
}

/* One message makes every answer that holds its body empty, or an error: it is stepped around. */
static void poison(struct replica_rig *rig, bool fails)
{
    fill(rig, "Inbox", 50);
    rig->mailbox->poison_fails = fails;
    ((struct fake_item *)inbox(rig)->items->pdata[20])->poison = true;
    ((struct fake_item *)inbox(rig)->items->pdata[49])->poison = true;
    replica_rig_open(rig);
    replica_rig_sync(rig);
    replica_rig_equal(rig);
    for (guint i = 0; i < inbox(rig)->items->len; i++)
        assert_int_equal(((struct fake_item *)inbox(rig)->items->pdata[i])->given, 1);
}

static void a_silent_poison_item_is_stepped_around(void **state)
{
    poison(*state, false);
}

static void a_failing_poison_item_is_stepped_around(void **state)
{
    poison(*state, true);
}

/* A message that the server cannot give as MIME at all: only that one is not there, and it is named. */
static void broken(struct replica_rig *rig, bool text)
{
    fill(rig, "Inbox", 50);
    ((struct fake_item *)inbox(rig)->items->pdata[20])->broken = true;
    rig->mailbox->text = text;
    replica_rig_open(rig);
    replica_rig_sync(rig);
    g_autofree char *errors = replica_rig_errors(rig);

    assert_non_null(strstr(errors, "Inbox 020"));
    assert_null(strchr(errors, '\n'));
    assert_int_equal(replica_rig_count(rig, "Mail/Inbox"), 50);
    for (unsigned i = 0; i < 50; i++) {
        g_autofree char *subject = g_strdup_printf("Inbox %03u", i);
        g_autoptr(GBytes) bytes = replica_rig_bytes(rig, replica_rig_find(rig, "Mail/Inbox", subject));

        assert_int_equal(bytes != NULL, i != 20);
    }
}

static void a_broken_message_is_named_and_the_rest_is_there(void **state)
{
    broken(*state, false);
}

static void a_broken_message_among_parts_is_named_and_the_rest_is_there(void **state)
{
    broken(*state, true);
}

/* MoreAvailable for ever, with new keys and nothing new: the folder is named, the rest is there. */
static void more_for_ever_ends(void **state)
{
    struct replica_rig *rig = *state;

    inbox(rig)->endless = true;
    fill_and_sync(rig);
    g_autofree char *errors = replica_rig_errors(rig);

    assert_non_null(strstr(errors, "Mail/Inbox"));
    assert_true(inbox(rig)->asked < 40);
}

/* An unknown folder is answered by silence: the folder is named, the rest is there. */
static void a_silent_folder_stops_nothing(void **state)
{
    struct replica_rig *rig = *state;

    fake_folder(rig->mailbox, NULL, "Mute", 12)->silent = true;
    fill_and_sync(rig);
    g_autofree char *errors = replica_rig_errors(rig);

    assert_non_null(strstr(errors, "Mail/Mute"));
    fake_find(rig->mailbox, "Mute")->silent = false;
    fake_mail(rig->mailbox, fake_find(rig->mailbox, "Mute"), "spoken", "text");
    replica_rig_sync(rig);
    replica_rig_equal(rig);
}

/* The server's limit of collections is learnt from its refusal. */
static void a_limit_of_collections_is_kept(void **state)
{
    struct replica_rig *rig = *state;

    rig->mailbox->limit = 2;
    for (int i = 0; i < 9; i++) {
        g_autofree char *name = g_strdup_printf("Folder %d", i);

        fake_mail(rig->mailbox, fake_folder(rig->mailbox, NULL, name, 12), "one", "text");
    }
    fill_and_sync(rig);
}

/* An answer that never came is asked for again by the same key, and nothing comes twice. */
static bool lose_some(void *ctx, const struct script_request *request, unsigned number)
{
    (void)ctx, (void)request;
    return number % 5 != 4;
}

static void a_lost_answer_is_asked_for_again(void **state)
{
    struct replica_rig *rig = *state;

    rig->mailbox->at_request = lose_some;
    fill_and_sync(rig);
    for (guint i = 0; i < inbox(rig)->items->len; i++)
        assert_int_equal(((struct fake_item *)inbox(rig)->items->pdata[i])->given, 1);
}

/* Answers that break off leave nothing behind: not a message, not the room of those that came. */
static void a_broken_off_answer_leaves_nothing(void **state)
{
    struct replica_rig *rig = *state;
    g_autofree char *text = g_strnfill(20000, 'x');
    struct store_size size;

    for (int i = 0; i < 30; i++) {
        g_autofree char *subject = g_strdup_printf("large %02d", i);

        fake_mail(rig->mailbox, inbox(rig), subject, text);
    }
    rig->mailbox->cuts = 6;
    replica_rig_open(rig);
    while (rig->mailbox->cuts)
        replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    replica_rig_sync(rig);
    replica_rig_equal(rig);
    assert_int_equal(store_size(replica_store(rig->replica), &size), 0);
    assert_true(size.bodies > 0 && size.packs <= 2 * size.bodies);
}

/* 16.0: a Change of an event holds only what changed (MS-ASCAL, ghosting). */
static void a_partial_change_is_merged(void **state)
{
    struct replica_rig *rig = *state;
    struct fake_folder *calendar = fake_find(rig->mailbox, "Calendar");

    rig->mailbox->version = "16.1";
    fill_and_sync(rig);
    uint64_t ino = replica_rig_find(rig, "Calendar", "standup");
    struct fake_item *standup = calendar->items->pdata[0];

    standup->partial = true;
    g_free(standup->subject);
    standup->subject = g_strdup("moved");
    fake_change(rig->mailbox, calendar, standup, FAKE_CHANGE);
    replica_rig_sync(rig);
    g_autoptr(GBytes) bytes = replica_rig_bytes(rig, ino);
    const char *text = g_bytes_get_data(bytes, NULL);
    gssize size = (gssize)g_bytes_get_size(bytes);

    assert_non_null(g_strstr_len(text, size, "SUMMARY:moved"));
    assert_non_null(g_strstr_len(text, size, "DTSTART"));
    assert_non_null(g_strstr_len(text, size, "UID:uid-standup"));
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, up, down)
    const struct CMUnitTest tests[] = {
        ROW(a_dead_key_keeps_names_and_inodes),
        ROW(renumbered_items_keep_names_and_inodes),
        ROW(renumbered_folders_keep_names_and_inodes),
        ROW(a_resync_removes_what_is_gone),
        ROW(a_changed_hierarchy_costs_nothing),
        ROW(a_refused_folder_stops_nothing),
        ROW(a_folder_that_breaks_requests_stops_nothing),
        ROW(a_refused_list_of_folders_removes_none),
        ROW(a_silent_poison_item_is_stepped_around),
        ROW(a_failing_poison_item_is_stepped_around),
        ROW(a_broken_message_is_named_and_the_rest_is_there),
        ROW(a_broken_message_among_parts_is_named_and_the_rest_is_there),
        ROW(more_for_ever_ends),
        ROW(a_silent_folder_stops_nothing),
        ROW(a_limit_of_collections_is_kept),
        ROW(a_lost_answer_is_asked_for_again),
        ROW(a_broken_off_answer_leaves_nothing),
        ROW(a_partial_change_is_merged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
