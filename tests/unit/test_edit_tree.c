/* What a user does to mail, folders and the Outbox, by the editor's requests, without a server. Catches: a move or a
 * flag that is not queued; a refusal after which the message or folder does not come back; a letter that cannot be
 * recalled. */
#include "edit_case.h"

/* ---- mail ---- */

static void mail_moves_and_comes_back(void **state)
{
    struct rig *rig = *state;
    uint64_t inbox = dir_of(rig, rig->inbox), archive = dir_of(rig, rig->archive),
             ino = have_mail(rig, rig->inbox, "1:1");

    assert_int_equal(move(rig, inbox, MAIL_NAME, inbox, "other.eml"), -EPERM);
    assert_int_equal(move(rig, inbox, MAIL_NAME, (uint64_t)store_place(rig->f.store, PLACE_OUTBOX), "x.eml"), -EPERM);
    assert_int_equal(move(rig, inbox, MAIL_NAME, archive, MAIL_NAME), 0);
    assert_row(rig, JOURNAL_MOVE, JOURNAL_QUEUED);
    assert_int_equal(ino_at(rig, archive, MAIL_NAME), ino);
    assert_int_equal(move(rig, archive, MAIL_NAME, inbox, MAIL_NAME), 0);
    assert_no_rows(rig);
}

/* The server speaks of the message where it still has it: the file stays where the user put it. */
static void a_moved_message_stays_moved_whatever_the_server_says_of_it(void **state)
{
    struct rig *rig = *state;
    uint64_t inbox = dir_of(rig, rig->inbox), archive = dir_of(rig, rig->archive),
             ino = have_mail(rig, rig->inbox, "1:1");
    struct item item = {0};

    assert_int_equal(move(rig, inbox, MAIL_NAME, archive, MAIL_NAME), 0);
    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(store_item_find(rig->f.store, rig->inbox, "1:1", &item), 0);
    item.flags.read = 1;
    assert_int_equal(store_item_put(rig->f.store, &item), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    item_clear(&item);
    assert_int_equal(ino_at(rig, archive, MAIL_NAME), ino);
    g_autoptr(GArray) all = rows(rig);
    struct journal *row = &g_array_index(all, struct journal, 0);

    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(journal_moved(rig->f.store, row, "2:9"), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_xattr(rig, ino, "user.eas.server-id", "2:9");
    assert_xattr(rig, ino, "user.eas.state", "clean");
    assert_no_rows(rig);
}

static void a_refused_move_and_a_refused_removal_come_back(void **state)
{
    struct rig *rig = *state;
    uint64_t inbox = dir_of(rig, rig->inbox), archive = dir_of(rig, rig->archive),
             ino = have_mail(rig, rig->inbox, "1:1");

    for (int i = 0; i < 2; i++) {
        assert_int_equal(i ? remove_name(rig, inbox, MAIL_NAME) : move(rig, inbox, MAIL_NAME, archive, MAIL_NAME), 0);
        assert_int_equal(ino_at(rig, inbox, MAIL_NAME), 0);
        g_autoptr(GArray) all = rows(rig);

        assert_int_equal(store_begin(rig->f.store), 0);
        assert_int_equal(journal_hold(rig->f.store, &g_array_index(all, struct journal, 0), "refused"), 0);
        assert_int_equal(store_commit(rig->f.store), 0);
        assert_int_equal(ino_at(rig, inbox, MAIL_NAME), ino);
        assert_xattr(rig, ino, "user.eas.error", "refused");
        struct edit retry = {.kind = EDIT_RETRY, .ino = ino};

        assert_int_equal(edit_ask(rig->replica, &retry), 0);
        assert_int_equal(ino_at(rig, inbox, MAIL_NAME), 0);
        struct edit discard = {.kind = EDIT_DISCARD, .ino = ino};

        assert_int_equal(edit_ask(rig->replica, &discard), 0);
        assert_int_equal(ino_at(rig, inbox, MAIL_NAME), ino);
        assert_no_rows(rig);
    }
}

static void flags_are_shown_and_queued(void **state)
{
    struct rig *rig = *state;
    uint64_t ino = have_mail(rig, rig->inbox, "1:1");
    struct edit edit = named(EDIT_XATTR, 0, "user.eas.read");

    edit.ino = ino;
    edit.value = g_bytes_new_static("1", 1);
    assert_int_equal(edit_ask(rig->replica, &edit), 0);
    assert_xattr(rig, ino, "user.eas.read", "1");
    assert_row(rig, JOURNAL_FLAGS, JOURNAL_QUEUED);
    edit.value = g_bytes_new_static("maybe", 5);
    assert_int_equal(edit_ask(rig->replica, &edit), -EINVAL);
    g_strlcpy(edit.name, "user.other", sizeof edit.name);
    edit.value = g_bytes_new_static("kept", 4);
    assert_int_equal(edit_ask(rig->replica, &edit), 0);
    assert_xattr(rig, ino, "user.other", "kept");
}

/* ---- folders ---- */

static void folders_are_made_renamed_and_removed(void **state)
{
    struct rig *rig = *state;
    struct edit make = named(EDIT_MKDIR, INO_MAIL, "Projects");
    struct edit gone = named(EDIT_RMDIR, INO_MAIL, "Inbox");

    assert_int_equal(edit_ask(rig->replica, &make), 0);
    assert_row(rig, JOURNAL_FOLDER_CREATE, JOURNAL_QUEUED);
    assert_int_equal(move(rig, INO_MAIL, "Projects", INO_MAIL, "Plans"), 0);
    assert_row(rig, JOURNAL_FOLDER_CREATE, JOURNAL_QUEUED);
    assert_int_equal(edit_ask(rig->replica, &gone), -EPERM);
    gone = named(EDIT_RMDIR, INO_MAIL, "Plans");
    assert_int_equal(edit_ask(rig->replica, &gone), 0);
    assert_no_rows(rig);
    assert_int_equal(ino_at(rig, INO_MAIL, "Plans"), 0);
    make = named(EDIT_MKDIR, INO_MAIL, ".hidden");
    assert_int_equal(edit_ask(rig->replica, &make), -EPERM);
}

static void a_new_folder_gets_its_id(void **state)
{
    struct rig *rig = *state;
    struct edit make = named(EDIT_MKDIR, INO_MAIL, "Projects");
    struct edit below = named(EDIT_MKDIR, 0, "2026");
    struct collection child = {0};

    assert_int_equal(edit_ask(rig->replica, &make), 0);
    below.parent = make.attr.ino;
    assert_int_equal(edit_ask(rig->replica, &below), 0);
    g_autoptr(GArray) all = rows(rig);

    assert_int_equal(all->len, 2);
    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(journal_folder_created(rig->f.store, &g_array_index(all, struct journal, 0), "77"), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_int_equal(store_collection_get(rig->f.store, g_array_index(all, struct journal, 1).collection_id, &child),
                     0);
    assert_string_equal(child.parent_id, "77");
    assert_true(journal_is_stand_in(child.server_id));
    collection_clear(&child);
    assert_path(&rig->f, below.attr.ino, "Mail/Projects/2026");
}

static void a_refused_removal_of_a_folder_comes_back(void **state)
{
    struct rig *rig = *state;
    struct edit gone = named(EDIT_RMDIR, INO_MAIL, "Archive");
    struct collection archive = {0};
    uint64_t ino = dir_of(rig, rig->archive);

    assert_int_equal(edit_ask(rig->replica, &gone), -EPERM); /* not read to its end */
    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(store_collection_get(rig->f.store, rig->archive, &archive), 0);
    archive.complete = true;
    assert_int_equal(store_collection_state(rig->f.store, &archive), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    collection_clear(&archive);
    assert_int_equal(edit_ask(rig->replica, &gone), 0);
    assert_int_equal(ino_at(rig, INO_MAIL, "Archive"), 0);
    g_autoptr(GArray) all = rows(rig);

    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(journal_hold(rig->f.store, &g_array_index(all, struct journal, 0), "refused"), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_int_equal(ino_at(rig, INO_MAIL, "Archive"), ino);
}

/* ---- Outbox ---- */

static void a_letter_waits_and_can_be_taken_back(void **state)
{
    struct rig *rig = *state;
    uint64_t outbox = (uint64_t)store_place(rig->f.store, PLACE_OUTBOX);

    assert_int_equal(write_name(rig, outbox, "a.eml", "To: bob@example.org\r\nSubject: x\r\n\r\nHello\r\n"), 0);
    assert_row(rig, JOURNAL_SEND, JOURNAL_QUEUED);
    assert_int_equal(remove_name(rig, outbox, "a.eml"), 0);
    assert_no_rows(rig);
    assert_int_equal(write_name(rig, outbox, "b.eml", "Subject: x\r\n\r\nHello\r\n"), -EINVAL);
    assert_row(rig, JOURNAL_SEND, JOURNAL_HELD);
}

/* Catches: the beginning of a letter that is mailed, because whoever wrote it was cut off. */
static void half_a_letter_is_not_sent(void **state)
{
    static const char half[] = "To: bob@example.org\r\nSubject: x\r\n\r\nI do not";
    struct rig *rig = *state;
    uint64_t outbox = (uint64_t)store_place(rig->f.store, PLACE_OUTBOX), ino;

    assert_int_equal(create(rig, outbox, "a.eml", &ino), 0);
    assert_int_equal(write_ino(rig, ino, half, false), 0);
    assert_row(rig, JOURNAL_SEND, JOURNAL_OPEN);
    rig_close(rig);
    rig_open(rig);
    assert_row(rig, JOURNAL_SEND, JOURNAL_HELD);
    assert_bytes(rig->f.view, ino, half);
    struct edit again = {.kind = EDIT_RETRY, .ino = ino};

    assert_int_equal(edit_ask(rig->replica, &again), 0);
    assert_row(rig, JOURNAL_SEND, JOURNAL_QUEUED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(mail_moves_and_comes_back),
        T(a_moved_message_stays_moved_whatever_the_server_says_of_it),
        T(a_refused_move_and_a_refused_removal_come_back),
        T(flags_are_shown_and_queued),
        T(folders_are_made_renamed_and_removed),
        T(a_new_folder_gets_its_id),
        T(a_refused_removal_of_a_folder_comes_back),
        T(a_letter_waits_and_can_be_taken_back),
        T(half_a_letter_is_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
