/* What a user does to files of items, by the editor's requests, without a server. Catches: an edit that is lost, told twice
 * or told though nothing changed; an identity that does not follow an atomic save; a name that is refused or taken
 * wrongly; a held edit that forgets why. */
#include "edit_case.h"

/* ---- new files ---- */

static void a_new_event_is_queued_and_survives_a_restart(void **state)
{
    struct rig *rig = *state;
    g_autofree char *bytes = event("u1", "one");

    assert_int_equal(write_event(rig, "one.ics", "u1", "one"), 0);
    assert_row(rig, JOURNAL_ADD, JOURNAL_QUEUED);
    assert_xattr(rig, ino_at(rig, INO_CALENDAR, "one.ics"), "user.eas.state", "queued");
    rig_close(rig);
    rig_open(rig);
    assert_row(rig, JOURNAL_ADD, JOURNAL_QUEUED);
    assert_bytes(rig->f.view, ino_at(rig, INO_CALENDAR, "one.ics"), bytes);
}

static void half_a_file_is_held_with_the_reason(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(write_name(rig, INO_CALENDAR, "half.ics", "BEGIN:VCALENDAR\r\n"), -EINVAL);
    assert_row(rig, JOURNAL_ADD, JOURNAL_HELD);
    uint64_t ino = ino_at(rig, INO_CALENDAR, "half.ics");
    char reason[256];

    assert_xattr(rig, ino, "user.eas.state", "held");
    assert_true(view_getxattr(rig->f.view, ino, "user.eas.error", reason, sizeof reason) > 0);
    assert_bytes(rig->f.view, ino, "BEGIN:VCALENDAR\r\n");
    assert_int_equal(write_event(rig, "half.ics", "u1", "whole"), 0);
    assert_row(rig, JOURNAL_ADD, JOURNAL_QUEUED);
}

static void an_open_edit_is_not_sent_before_its_last_writer_goes(void **state)
{
    struct rig *rig = *state;
    g_autofree char *bytes = event("u1", "one");
    struct edit last = {.kind = EDIT_STORE, .unchanged = true, .complete = true};
    uint64_t ino;

    assert_int_equal(create(rig, INO_CALENDAR, "one.ics", &ino), 0);
    assert_no_rows(rig);
    assert_int_equal(write_ino(rig, ino, bytes, false), 0);
    assert_row(rig, JOURNAL_ADD, JOURNAL_OPEN);
    last.ino = ino;
    assert_int_equal(edit_ask(rig->replica, &last), 0);
    assert_row(rig, JOURNAL_ADD, JOURNAL_QUEUED);
}

static void ten_saves_are_one_change(void **state)
{
    struct rig *rig = *state;
    uint64_t ino = have_event(rig, "one.ics", "u1", "zero");
    GBytes *first = edit_base(rig->f.view, ino);

    for (int i = 0; i < 10; i++) {
        g_autofree char *summary = g_strdup_printf("save %d", i);

        assert_int_equal(write_event(rig, "one.ics", "u1", summary), 0);
    }
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_QUEUED);
    g_autoptr(GArray) all = rows(rig);

    assert_true(g_bytes_equal(first, g_array_index(all, struct journal, 0).base));
    g_bytes_unref(first);
    assert_int_equal(write_event(rig, "one.ics", "u1", "zero"), 0);
    assert_no_rows(rig);
}

static void the_uid_of_another_is_refused(void **state)
{
    struct rig *rig = *state;

    have_event(rig, "one.ics", "u1", "one");
    assert_int_equal(write_event(rig, "copy.ics", "u1", "one"), -EINVAL);
    assert_row(rig, JOURNAL_ADD, JOURNAL_HELD);
    assert_int_equal(remove_name(rig, INO_CALENDAR, "copy.ics"), 0);
    assert_no_rows(rig);
    assert_int_equal(write_event(rig, "new.ics", "u2", "new"), 0);
    assert_int_equal(write_event(rig, "new copy.ics", "u2", "new"), -EINVAL);
}

static void an_item_left_empty_is_held(void **state)
{
    struct rig *rig = *state;
    uint64_t ino = have_event(rig, "one.ics", "u1", "one");

    assert_int_equal(write_ino(rig, ino, "", true), 0);
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_HELD);
    assert_int_equal(attr_of(rig->f.view, ino).size, 0);
    struct edit discard = {.kind = EDIT_DISCARD, .ino = ino};

    assert_int_equal(edit_ask(rig->replica, &discard), 0);
    assert_no_rows(rig);
    assert_true(attr_of(rig->f.view, ino).size > 0);
}

/* ---- editors ---- */

static void vim_keeps_the_identity(void **state)
{
    struct rig *rig = *state;
    int64_t item = item_of(rig, have_event(rig, "one.ics", "u1", "one"));

    assert_int_equal(move(rig, INO_CALENDAR, "one.ics", INO_CALENDAR, "one.ics~"), 0);
    assert_no_rows(rig);
    assert_int_equal(write_event(rig, "one.ics", "u1", "two"), 0);
    assert_int_equal(remove_name(rig, INO_CALENDAR, "one.ics~"), 0);
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_QUEUED);
    assert_int_equal(item_of(rig, ino_at(rig, INO_CALENDAR, "one.ics")), item);
}

static void the_carrier_of_the_identity_removed_is_a_deletion(void **state)
{
    struct rig *rig = *state;

    have_event(rig, "one.ics", "u1", "one");
    assert_int_equal(move(rig, INO_CALENDAR, "one.ics", INO_CALENDAR, "one.ics~"), 0);
    assert_int_equal(remove_name(rig, INO_CALENDAR, "one.ics~"), 0);
    assert_row(rig, JOURNAL_DELETE, JOURNAL_QUEUED);
}

static void sed_gives_the_item_the_inode_of_its_scratch_file(void **state)
{
    struct rig *rig = *state;
    uint64_t old = have_event(rig, "one.ics", "u1", "one");
    int64_t item = item_of(rig, old);

    assert_int_equal(write_event(rig, "sedXYZ", "u1", "two"), 0);
    uint64_t scratch = ino_at(rig, INO_CALENDAR, "sedXYZ");

    assert_xattr(rig, scratch, "user.eas.state", "local");
    assert_int_equal(move(rig, INO_CALENDAR, "sedXYZ", INO_CALENDAR, "one.ics"), 0);
    assert_int_equal(ino_at(rig, INO_CALENDAR, "one.ics"), scratch);
    assert_int_equal(item_of(rig, scratch), item);
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_QUEUED);
    assert_int_equal(write_name(rig, INO_CALENDAR, "sedBAD", "no calendar"), 0);
    assert_int_equal(move(rig, INO_CALENDAR, "sedBAD", INO_CALENDAR, "one.ics"), -EINVAL);
    assert_int_equal(ino_at(rig, INO_CALENDAR, "one.ics"), scratch);
}

static void link_and_unlink_make_an_item(void **state)
{
    struct rig *rig = *state;
    struct edit edit = {.kind = EDIT_LINK, .new_parent = INO_CALENDAR};

    assert_int_equal(write_event(rig, ".tmp", "u1", "one"), 0);
    edit.ino = ino_at(rig, INO_CALENDAR, ".tmp");
    g_strlcpy(edit.new_name, "one.ics", sizeof edit.new_name);
    assert_int_equal(edit_ask(rig->replica, &edit), 0);
    assert_int_equal(remove_name(rig, INO_CALENDAR, ".tmp"), 0);
    assert_row(rig, JOURNAL_ADD, JOURNAL_QUEUED);
    assert_listing(rig->f.view, INO_CALENDAR, "one.ics");
}

static void removed_and_written_again_is_an_edit(void **state)
{
    struct rig *rig = *state;
    int64_t item = item_of(rig, have_event(rig, "one.ics", "u1", "one"));

    assert_int_equal(remove_name(rig, INO_CALENDAR, "one.ics"), 0);
    assert_row(rig, JOURNAL_DELETE, JOURNAL_QUEUED);
    assert_int_equal(ino_at(rig, INO_CALENDAR, "one.ics"), 0);
    assert_int_equal(write_event(rig, "one.ics", "u1", "two"), 0);
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_QUEUED);
    assert_int_equal(item_of(rig, ino_at(rig, INO_CALENDAR, "one.ics")), item);
}

static void another_uid_under_the_name_is_another_event(void **state)
{
    struct rig *rig = *state;

    have_event(rig, "one.ics", "u1", "one");
    assert_int_equal(write_event(rig, "one.ics", "u2", "other"), 0);
    g_autoptr(GArray) all = rows(rig);

    assert_int_equal(all->len, 2);
    assert_int_equal(g_array_index(all, struct journal, 0).kind, JOURNAL_DELETE);
    assert_int_equal(g_array_index(all, struct journal, 1).kind, JOURNAL_ADD);
    assert_listing(rig->f.view, INO_CALENDAR, "one.ics");
}

/* ---- names ---- */

static void names_are_used_as_the_contract_says(void **state)
{
    struct rig *rig = *state;
    uint64_t inbox = dir_of(rig, rig->inbox);

    assert_int_equal(create(rig, inbox, "x.eml", NULL), -EPERM);
    assert_int_equal(create(rig, inbox, "x", NULL), -EPERM);
    assert_int_equal(create(rig, inbox, ".x", NULL), 0);
    assert_int_equal(create(rig, inbox, "x~", NULL), 0);
    assert_int_equal(create(rig, INO_CALENDAR, "x.vcf", NULL), -EPERM);
    assert_int_equal(create(rig, INO_CALENDAR, "color", NULL), 0);
    assert_int_equal(create(rig, INO_CALENDAR, "color", NULL), -EEXIST);
    assert_int_equal(create(rig, INO_CALENDAR, "a\nb.ics", NULL), -EINVAL);
    assert_int_equal(create(rig, INO_CALENDAR, "\xff.ics", NULL), -EINVAL);
    assert_int_equal(create(rig, VIEW_ROOT, "x", NULL), -EPERM);
    assert_int_equal(create(rig, dir_of(rig, rig->drafts), "x.eml", NULL), 0);
    assert_int_equal(create(rig, (uint64_t)store_place(rig->f.store, PLACE_OUTBOX), "x.eml", NULL), 0);
    assert_int_equal(create(rig, (uint64_t)store_place(rig->f.store, PLACE_OUTBOX), "x.ics", NULL), -EPERM);
    assert_no_rows(rig);
}

static void an_item_is_renamed_without_the_server(void **state)
{
    struct rig *rig = *state;
    uint64_t ino = have_event(rig, "one.ics", "u1", "one");

    assert_int_equal(move(rig, INO_CALENDAR, "one.ics", INO_CALENDAR, "Two.ics"), 0);
    assert_int_equal(ino_at(rig, INO_CALENDAR, "Two.ics"), ino);
    assert_int_equal(move(rig, INO_CALENDAR, "Two.ics", INO_CALENDAR, "two.ics"), 0);
    assert_int_equal(move(rig, INO_CALENDAR, "two.ics", INO_CONTACTS, "two.ics"), -EPERM);
    assert_no_rows(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_new_event_is_queued_and_survives_a_restart),
        T(half_a_file_is_held_with_the_reason),
        T(an_open_edit_is_not_sent_before_its_last_writer_goes),
        T(ten_saves_are_one_change),
        T(the_uid_of_another_is_refused),
        T(an_item_left_empty_is_held),
        T(vim_keeps_the_identity),
        T(the_carrier_of_the_identity_removed_is_a_deletion),
        T(sed_gives_the_item_the_inode_of_its_scratch_file),
        T(link_and_unlink_make_an_item),
        T(removed_and_written_again_is_an_edit),
        T(another_uid_under_the_name_is_another_event),
        T(names_are_used_as_the_contract_says),
        T(an_item_is_renamed_without_the_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
