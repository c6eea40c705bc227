/* Messages, letters, meetings and folders on their way to the server. Catches: a move, a letter or a folder that is
 * lost or done twice when an answer is lost, a flag that another one takes away, a mail that nobody meant. */
#include "tests/unit/upload_case.h"

/* ---- mail ---- */

static uint64_t have_mail(struct replica_rig *rig, char **path)
{
    struct view_attr attr;
    uint64_t ino;

    fake_mail(rig->mailbox, folder(rig, "Inbox"), "hello", "text");
    open_rig(rig);
    ino = replica_rig_find(rig, "Mail/Inbox", "hello");
    assert_int_equal(view_getattr(rig->view, ino, &attr), 0);
    *path = view_path(rig->view, ino);
    return ino;
}

static void flags_travel_one_by_one(void **state)
{
    struct replica_rig *rig = *state;
    g_autofree char *path = NULL;

    have_mail(rig, &path);
    assert_int_equal(edit_attribute(rig, path, "user.eas.read", "1"), 0);
    assert_int_equal(edit_attribute(rig, path, "user.eas.flag", "active"), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    const struct fake_item *item = fake_only(folder(rig, "Inbox"), "hello");

    assert_int_equal(item->read, 1);
    assert_int_equal(item->flag, 2);
    assert_int_equal(rig->mailbox->writes, 2);
}

static void move_mail(struct replica_rig *rig)
{
    g_autofree char *path = NULL;
    uint64_t ino = have_mail(rig, &path);
    g_autofree char *name = g_path_get_basename(path), *target = g_strdup_printf("Mail/Archive/%s", name);

    assert_int_equal(edit_rename(rig, path, target), 0);
    replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_subject(rig, "Archive", "hello");
    assert_int_equal(fake_count(folder(rig, "Inbox")), 0);
    assert_int_equal(replica_rig_ino(rig, target), ino);
    assert_int_equal(replica_rig_count(rig, "Mail/Archive"), 1);
    assert_int_equal(replica_rig_count(rig, "Mail/Inbox"), 0);
}

static void a_moved_message_is_moved(void **state)
{
    move_mail(*state);
}

static void a_move_whose_answer_is_lost_is_found(void **state)
{
    ((struct replica_rig *)*state)->mailbox->lose_after = 1;
    move_mail(*state);
}

static void a_move_that_never_arrived_is_sent_again(void **state)
{
    ((struct replica_rig *)*state)->mailbox->lose_before = 1;
    move_mail(*state);
}

static void a_removed_message_goes_to_deleted_items(void **state)
{
    struct replica_rig *rig = *state;
    g_autofree char *path = NULL;

    have_mail(rig, &path);
    assert_int_equal(edit_remove(rig, path), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_int_equal(fake_count(folder(rig, "Inbox")), 0);
    assert_subject(rig, "Deleted Items", "hello");
    assert_int_equal(replica_rig_count(rig, "Mail/Deleted Items"), 1);
}

static const char letter[] = "From: user@here.test\r\nTo: ann@partner.test\r\nSubject: letter\r\n"
                             "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <stub@here.test>\r\n"
                             "MIME-Version: 1.0\r\n\r\nHello.\r\n";

static void a_letter_is_sent_once(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    assert_int_equal(edit_write(rig, "Outbox/letter.eml", letter), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_int_equal(rig->mailbox->mails->len, 1);
    assert_int_equal(replica_rig_count(rig, "Outbox"), 0);
    assert_int_equal(replica_rig_count(rig, "Mail/Sent Items"), 1);
}

static void a_letter_whose_answer_is_lost_is_looked_for(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    rig->mailbox->lose_after = 1;
    assert_int_equal(edit_write(rig, "Outbox/letter.eml", letter), 0);
    replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_int_equal(rig->mailbox->mails->len, 1);
    assert_int_equal(replica_rig_count(rig, "Outbox"), 0);
}

static void a_letter_of_unknown_fate_is_not_sent_again(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    rig->mailbox->lose_before = 1;
    assert_int_equal(edit_write(rig, "Outbox/letter.eml", letter), 0);
    replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    replica_sync(rig->replica, 0, 500);
    assert_queue(rig, "send sent Outbox/letter.eml");
    assert_int_equal(rig->mailbox->mails->len, 0);
    assert_int_equal(script_server_count(rig->mailbox->server, "SendMail"), 1);
}

static void a_refused_letter_is_held(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    rig->mailbox->send_status = 116;
    assert_int_equal(edit_write(rig, "Outbox/letter.eml", letter), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "send held Outbox/letter.eml");
    assert_int_equal(rig->mailbox->mails->len, 0);
    assert_int_equal(replica_rig_count(rig, "Outbox"), 1);
}

/* ---- meetings ---- */

static const char meeting[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nBEGIN:VEVENT\r\nUID:m1\r\n"
    "DTSTAMP:20260101T000000Z\r\nDTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z\r\n"
    "SUMMARY:plans\r\nORGANIZER:mailto:user@here.test\r\n"
    "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ann@partner.test\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

static bool mail_holds(struct replica_rig *rig, guint index, const char *text)
{
    gsize size;
    const char *bytes = g_bytes_get_data(rig->mailbox->mails->pdata[index], &size);

    return g_strstr_len(bytes, (gssize)size, text) != NULL;
}

/* What the account's address is comes from the server as a rule; this one does not say it. */
static void open_as(struct replica_rig *rig, bool may_mail)
{
    g_autofree char *url = script_server_url(rig->mailbox->server);

    open_rig(rig);
    store_set(replica_store(rig->replica), "address", "user@here.test");
    replica_rig_close(rig);
    rig->config = replica_rig_config(rig->dir, url);
    rig->config->send_invitations = may_mail;
    open_rig(rig);
}

static void a_meeting_invites_once_and_is_called_off(void **state)
{
    struct replica_rig *rig = *state;

    open_as(rig, true);
    assert_int_equal(edit_write(rig, "Calendar/plans.ics", meeting), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_subject(rig, "Calendar", "plans");
    assert_int_equal(rig->mailbox->mails->len, 1);
    assert_true(mail_holds(rig, 0, "METHOD:REQUEST"));
    assert_true(mail_holds(rig, 0, "ann@partner.test"));
    assert_int_equal(edit_remove(rig, "Calendar/plans.ics"), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_int_equal(rig->mailbox->mails->len, 2);
    assert_true(mail_holds(rig, 1, "METHOD:CANCEL"));
}

static void nobody_is_invited_by_surprise(void **state)
{
    struct replica_rig *rig = *state;

    open_as(rig, false);
    assert_int_equal(edit_write(rig, "Calendar/plans.ics", meeting), -EPERM);
    replica_rig_sync(rig);
    assert_int_equal(fake_count(folder(rig, "Calendar")), 0);
    assert_int_equal(rig->mailbox->mails->len, 0);
}

/* ---- folders ---- */

static void folders_are_made_renamed_and_removed(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    assert_int_equal(edit_mkdir(rig, "Mail/Projects"), 0);
    assert_int_equal(edit_mkdir(rig, "Mail/Projects/2026"), 0);
    uint64_t ino = replica_rig_ino(rig, "Mail/Projects");

    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_non_null(folder(rig, "Projects"));
    assert_non_null(folder(rig, "2026"));
    assert_string_equal(folder(rig, "2026")->parent, folder(rig, "Projects")->id);
    assert_int_equal(replica_rig_ino(rig, "Mail/Projects"), ino);
    assert_int_equal(edit_rename(rig, "Mail/Projects", "Mail/Plans"), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_non_null(folder(rig, "Plans"));
    assert_int_equal(replica_rig_ino(rig, "Mail/Plans"), ino);
    assert_int_equal(edit_rmdir(rig, "Mail/Plans/2026"), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_string_equal(folder(rig, "2026")->parent, folder(rig, "Deleted Items")->id);
    assert_int_equal(replica_rig_ino(rig, "Mail/Plans/2026"), 0);
    assert_int_not_equal(replica_rig_ino(rig, "Mail/Deleted Items/2026"), 0);
}

static void a_message_moves_into_a_folder_that_was_just_made(void **state)
{
    struct replica_rig *rig = *state;
    g_autofree char *path = NULL;
    uint64_t ino = have_mail(rig, &path);

    assert_int_equal(edit_mkdir(rig, "Mail/New"), 0);
    assert_int_equal(edit_rename(rig, path, "Mail/New/moved.eml"), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_subject(rig, "New", "hello");
    assert_int_equal(replica_rig_ino(rig, "Mail/New/moved.eml"), ino);
}

static void a_folder_whose_answer_is_lost_is_not_made_twice(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    rig->mailbox->lose_after = 1;
    assert_int_equal(edit_mkdir(rig, "Mail/Projects"), 0);
    uint64_t ino = replica_rig_ino(rig, "Mail/Projects");

    replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_int_equal(script_server_count(rig->mailbox->server, "FolderCreate"), 1);
    assert_int_equal(replica_rig_ino(rig, "Mail/Projects"), ino);
}

#define T(name) cmocka_unit_test_setup_teardown(name, upload_up, upload_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(flags_travel_one_by_one),
        T(a_moved_message_is_moved),
        T(a_move_whose_answer_is_lost_is_found),
        T(a_move_that_never_arrived_is_sent_again),
        T(a_removed_message_goes_to_deleted_items),
        T(a_letter_is_sent_once),
        T(a_letter_whose_answer_is_lost_is_looked_for),
        T(a_letter_of_unknown_fate_is_not_sent_again),
        T(a_refused_letter_is_held),
        T(a_meeting_invites_once_and_is_called_off),
        T(nobody_is_invited_by_surprise),
        T(folders_are_made_renamed_and_removed),
        T(a_message_moves_into_a_folder_that_was_just_made),
        T(a_folder_whose_answer_is_lost_is_not_made_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
