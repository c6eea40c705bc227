/* What the server says while an edit is under way. Catches: an edit lost with its item, an addition that forgets its
 * name or is made twice, a conflict that leaves one side only. */
#include "edit_case.h"

/* ---- what the server does meanwhile ---- */

static void an_edit_outlives_the_item(void **state)
{
    struct rig *rig = *state;
    uint64_t ino = have_event(rig, "one.ics", "u1", "one");

    assert_int_equal(write_event(rig, "one.ics", "u1", "two"), 0);
    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(store_item_remove(rig->f.store, item_of(rig, ino)), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_int_equal(ino_at(rig, INO_CALENDAR, "one.ics"), ino);
    assert_row(rig, JOURNAL_ADD, JOURNAL_QUEUED);
    g_autoptr(GArray) all = rows(rig);

    assert_int_equal(store_begin(rig->f.store), 0);
    assert_true(journal_added(rig->f.store, &g_array_index(all, struct journal, 0), "5:7", 0) > 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_no_rows(rig);
    assert_xattr(rig, ino, "user.eas.state", "clean");
}

/* The only addition is on its way. */
static void send_addition(struct rig *rig)
{
    g_autoptr(GArray) all = rows(rig);
    struct journal *row = &g_array_index(all, struct journal, 0);

    assert_int_equal(row->kind, JOURNAL_ADD);
    row->state = JOURNAL_SENT;
    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(journal_put(rig->f.store, row), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
}

static void addition_taken(struct rig *rig)
{
    g_autoptr(GArray) all = rows(rig);

    assert_int_equal(store_begin(rig->f.store), 0);
    assert_true(journal_added(rig->f.store, &g_array_index(all, struct journal, 0), "5:7", 0) > 0);
    assert_int_equal(store_commit(rig->f.store), 0);
}

/* vim saves with a backup while the first save is on its way. */
static void an_addition_on_its_way_follows_its_name(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(write_event(rig, "one.ics", "u1", "one"), 0);
    send_addition(rig);
    assert_int_equal(move(rig, INO_CALENDAR, "one.ics", INO_CALENDAR, "one.ics~"), 0);
    assert_int_equal(write_event(rig, "one.ics", "u1", "two"), 0);
    uint64_t ino = ino_at(rig, INO_CALENDAR, "one.ics");

    assert_int_equal(remove_name(rig, INO_CALENDAR, "one.ics~"), 0);
    addition_taken(rig);
    assert_xattr(rig, ino, "user.eas.server-id", "5:7");
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_QUEUED);
}

static void an_addition_on_its_way_leaves_its_name(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(write_event(rig, "one.ics", "u1", "one"), 0);
    uint64_t ino = ino_at(rig, INO_CALENDAR, "one.ics");

    send_addition(rig);
    assert_int_equal(move(rig, INO_CALENDAR, "one.ics", INO_CALENDAR, "one.ics~"), 0);
    addition_taken(rig);
    assert_xattr(rig, ino, "user.eas.server-id", "5:7");
    assert_no_rows(rig);
    assert_int_equal(write_event(rig, "one.ics", "u1", "two"), 0);
    assert_xattr(rig, ino_at(rig, INO_CALENDAR, "one.ics"), "user.eas.server-id", "5:7");
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_QUEUED);
}

/* The deletion is of what was changed before: the answer to that change is no change of somebody else. */
static void a_removal_knows_the_change_before_it(void **state)
{
    struct rig *rig = *state;

    have_event(rig, "one.ics", "u1", "one");
    assert_int_equal(write_event(rig, "one.ics", "u1", "two"), 0);
    g_autoptr(GArray) all = rows(rig);
    struct journal *change = &g_array_index(all, struct journal, 0);

    assert_int_equal(change->kind, JOURNAL_CHANGE);
    change->state = JOURNAL_SENT;
    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(journal_put(rig->f.store, change), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_int_equal(remove_name(rig, INO_CALENDAR, "one.ics"), 0);
    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(journal_changed(rig->f.store, change, NULL), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_row(rig, JOURNAL_DELETE, JOURNAL_QUEUED);
    g_autoptr(GArray) left = rows(rig);

    assert_true(g_bytes_equal(g_array_index(left, struct journal, 0).base, change->data));
}

/* tar removes what it extracts anew; of mail nothing can be made, and nothing is lost. */
static void a_message_that_is_to_be_made_anew_comes_back(void **state)
{
    struct rig *rig = *state;
    uint64_t inbox = dir_of(rig, rig->inbox), ino = have_mail(rig, rig->inbox, "1:1"), made;

    assert_int_equal(remove_name(rig, inbox, MAIL_NAME), 0);
    assert_row(rig, JOURNAL_DELETE, JOURNAL_QUEUED);
    assert_int_equal(create(rig, inbox, "other.eml", &made), -EPERM);
    assert_row(rig, JOURNAL_DELETE, JOURNAL_QUEUED);
    assert_int_equal(create(rig, inbox, MAIL_NAME, &made), -EPERM);
    assert_no_rows(rig);
    assert_int_equal(ino_at(rig, inbox, MAIL_NAME), ino);
}

static void a_conflict_leaves_both(void **state)
{
    struct rig *rig = *state;
    g_autofree char *mine = event("u1", "mine"), *theirs = event("u1", "theirs");
    uint64_t ino = have_event(rig, "one.ics", "u1", "one");

    assert_int_equal(write_event(rig, "one.ics", "u1", "mine"), 0);
    g_autoptr(GArray) all = rows(rig);
    int64_t body = write_body(rig->f.store, theirs);

    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(journal_conflict(rig->f.store, &g_array_index(all, struct journal, 0), body, DAY_NS), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_bytes(rig->f.view, ino, theirs);
    uint64_t aside = ino_at(rig, INO_CALENDAR, "one.ics.conflict-19700102T000000Z");

    assert_bytes(rig->f.view, aside, mine);
    assert_xattr(rig, aside, "user.eas.state", "conflict");
    assert_no_rows(rig);
    assert_int_equal(move(rig, INO_CALENDAR, "one.ics.conflict-19700102T000000Z", INO_CALENDAR, "one.ics"), 0);
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_QUEUED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_edit_outlives_the_item),
        T(an_addition_on_its_way_follows_its_name),
        T(an_addition_on_its_way_leaves_its_name),
        T(a_removal_knows_the_change_before_it),
        T(a_message_that_is_to_be_made_anew_comes_back),
        T(a_conflict_leaves_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
