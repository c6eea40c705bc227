/* What a user writes, on its way to the server. Catches: an edit that is lost or doubled, an answer that is lost and
 * makes one so; changes of both sides of which one goes; a refused edit that stands in the way of others, or is
 * forgotten. */
#include <errno.h>
#include <string.h>

#include "tests/unit/lib/edit_rig.h"

static int up(void **state)
{
    struct replica_rig *rig = g_new0(struct replica_rig, 1);

    replica_rig_up(rig);
    fake_folder(rig->mailbox, NULL, "Notes", 10);
    fake_folder(rig->mailbox, NULL, "Archive", 12);
    fake_folder(rig->mailbox, NULL, "Deleted Items", 4);
    *state = rig;
    return 0;
}

static int down(void **state)
{
    replica_rig_down(*state);
    g_free(*state);
    return 0;
}

static struct fake_folder *folder(struct replica_rig *rig, const char *name)
{
    return fake_find(rig->mailbox, name);
}

static void open_rig(struct replica_rig *rig)
{
    replica_rig_open(rig);
    replica_rig_sync(rig);
}

static char *note(const char *uid, const char *subject, const char *text)
{
    return g_strdup_printf(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nBEGIN:VJOURNAL\r\nUID:%s\r\n"
        "DTSTAMP:20260101T000000Z\r\nSUMMARY:%s\r\nDESCRIPTION:%s\r\nX-MINE:stays\r\nEND:VJOURNAL\r\n"
        "END:VCALENDAR\r\n",
        uid, subject, text);
}

static int write_note(struct replica_rig *rig, const char *subject, const char *text)
{
    g_autofree char *path = g_strdup_printf("Notes/%s.ics", subject), *bytes = note(subject, subject, text);

    return edit_write(rig, path, bytes);
}

static void assert_note_bytes(struct replica_rig *rig, const char *subject, const char *text)
{
    g_autofree char *path = g_strdup_printf("Notes/%s.ics", subject), *expected = note(subject, subject, text);
    g_autoptr(GBytes) bytes = replica_rig_bytes(rig, replica_rig_ino(rig, path));

    assert_non_null(bytes);
    assert_int_equal(g_bytes_get_size(bytes), strlen(expected));
    assert_memory_equal(g_bytes_get_data(bytes, NULL), expected, strlen(expected));
}

static const char *text_of(const struct fake_item *item)
{
    return eas_node_text(eas_node_child(item->data, TAG_AirSyncBase_Body), TAG_AirSyncBase_Data);
}

static void assert_queue(struct replica_rig *rig, const char *expected)
{
    g_autofree char *queue = edit_queue(rig);

    assert_string_equal(queue, expected);
}

static void assert_subject(struct replica_rig *rig, const char *name, const char *subject)
{
    if (!fake_only(folder(rig, name), subject))
        fail_msg("%s does not hold exactly one %s", name, subject);
}

/* ---- additions ---- */

static void a_new_file_becomes_an_item(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    assert_int_equal(write_note(rig, "ideas", "one"), 0);
    uint64_t ino = replica_rig_ino(rig, "Notes/ideas.ics");

    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_subject(rig, "Notes", "ideas");
    assert_string_equal(text_of(fake_only(folder(rig, "Notes"), "ideas")), "one");
    assert_int_equal(replica_rig_ino(rig, "Notes/ideas.ics"), ino);
    assert_note_bytes(rig, "ideas", "one");
    assert_int_equal(replica_rig_count(rig, "Notes"), 1);
}

static void many_travel_together(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    for (int i = 0; i < 450; i++) {
        g_autofree char *subject = g_strdup_printf("note %d", i);

        assert_int_equal(write_note(rig, subject, "text"), 0);
    }
    replica_rig_sync(rig);
    assert_int_equal(fake_count(folder(rig, "Notes")), 450);
    assert_int_equal(replica_rig_count(rig, "Notes"), 450);
    assert_in_range(rig->mailbox->writes, 3, 60);
}

static void lost_answer(struct replica_rig *rig, bool forgetful)
{
    rig->mailbox->forgetful = forgetful;
    open_rig(rig);
    fake_other(rig->mailbox, folder(rig, "Notes"), "of the server");
    rig->mailbox->lose_after = 1;
    assert_int_equal(write_note(rig, "a", "1"), 0);
    assert_int_equal(write_note(rig, "b", "2"), 0);
    replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_int_equal(rig->mailbox->lose_after, 0);
    assert_subject(rig, "Notes", "a");
    assert_subject(rig, "Notes", "b");
    assert_int_equal(fake_count(folder(rig, "Notes")), 3);
    assert_int_equal(replica_rig_count(rig, "Notes"), 3);
    assert_note_bytes(rig, "a", "1");
    assert_note_bytes(rig, "b", "2");
}

static void a_lost_answer_doubles_nothing(void **state)
{
    lost_answer(*state, false);
}

static void a_lost_answer_of_a_server_without_memory_doubles_nothing(void **state)
{
    lost_answer(*state, true);
}

static void a_lost_request_loses_nothing(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    rig->mailbox->lose_before = 1;
    assert_int_equal(write_note(rig, "a", "1"), 0);
    replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_subject(rig, "Notes", "a");
    assert_int_equal(replica_rig_count(rig, "Notes"), 1);
}

/* ---- changes ---- */

static void a_change_goes_up_and_a_foreign_one_comes_down(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    assert_int_equal(write_note(rig, "ideas", "one"), 0);
    replica_rig_sync(rig);
    assert_int_equal(write_note(rig, "ideas", "two"), 0);
    replica_rig_sync(rig);
    struct fake_item *item = fake_only(folder(rig, "Notes"), "ideas");

    assert_non_null(item);
    assert_string_equal(text_of(item), "two");
    assert_note_bytes(rig, "ideas", "two");
    /* What the server changes is seen, and what only the file has stays in it. */
    eas_node_free(eas_node_take(item->data, TAG_AirSyncBase_Body));
    struct eas_node *body = eas_node_add(item->data, TAG_AirSyncBase_Body, NULL);

    eas_node_add(body, TAG_AirSyncBase_Type, "1");
    eas_node_add(body, TAG_AirSyncBase_Data, "three");
    fake_change(rig->mailbox, folder(rig, "Notes"), item, FAKE_WHOLE_CHANGE);
    replica_rig_sync(rig);
    g_autoptr(GBytes) bytes = replica_rig_bytes(rig, replica_rig_ino(rig, "Notes/ideas.ics"));
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));

    assert_non_null(strstr(text, "three"));
    assert_non_null(strstr(text, "X-MINE:stays"));
    assert_int_equal(rig->mailbox->writes, 2);
}

static void set_data(struct fake_item *item, const char *subject, const char *text)
{
    struct eas_node *data = eas_node_new(TAG_AirSync_ApplicationData, NULL), *body;

    eas_node_add(data, TAG_Notes_Subject, subject);
    body = eas_node_add(data, TAG_AirSyncBase_Body, NULL);
    eas_node_add(body, TAG_AirSyncBase_Type, "1");
    eas_node_add(body, TAG_AirSyncBase_Data, text);
    eas_node_add(data, TAG_Notes_MessageClass, "IPM.StickyNote");
    eas_node_free(item->data);
    item->data = data;
}

/* Both change the note; the server is not asked in between. */
static void both_change(struct replica_rig *rig, const char *their_subject, const char *their_text, const char *mine)
{
    g_autofree char *bytes = NULL;

    open_rig(rig);
    assert_int_equal(write_note(rig, "ideas", "one"), 0);
    replica_rig_sync(rig);
    struct fake_item *item = fake_only(folder(rig, "Notes"), "ideas");

    set_data(item, their_subject, their_text);
    fake_change(rig->mailbox, folder(rig, "Notes"), item, FAKE_WHOLE_CHANGE);
    bytes = note("ideas", "ideas", mine);
    assert_int_equal(edit_write(rig, "Notes/ideas.ics", bytes), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
}

static void changes_of_different_properties_are_merged(void **state)
{
    struct replica_rig *rig = *state;

    both_change(rig, "plans", "one", "two");
    assert_int_equal(fake_count(folder(rig, "Notes")), 1);
    const struct fake_item *item = folder(rig, "Notes")->items->pdata[0];

    assert_string_equal(eas_node_text(item->data, TAG_Notes_Subject), "plans");
    assert_string_equal(text_of(item), "two");
    assert_int_equal(replica_rig_count(rig, "Notes"), 1);
    g_autoptr(GBytes) bytes = replica_rig_bytes(rig, replica_rig_ino(rig, "Notes/ideas.ics"));
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));

    assert_non_null(strstr(text, "SUMMARY:plans"));
    assert_non_null(strstr(text, "DESCRIPTION:two"));
}

static void of_changes_of_one_property_both_are_kept(void **state)
{
    struct replica_rig *rig = *state;

    both_change(rig, "ideas", "theirs", "mine");
    const struct fake_item *item = folder(rig, "Notes")->items->pdata[0];

    assert_string_equal(text_of(item), "theirs");
    assert_int_equal(replica_rig_count(rig, "Notes"), 2);
    g_autoptr(GBytes) named = replica_rig_bytes(rig, replica_rig_ino(rig, "Notes/ideas.ics"));
    g_autoptr(GBytes) beside = replica_rig_bytes(rig, replica_rig_find(rig, "Notes", ".conflict-"));
    g_autofree char *theirs = g_strndup(g_bytes_get_data(named, NULL), g_bytes_get_size(named));
    g_autofree char *mine = g_strndup(g_bytes_get_data(beside, NULL), g_bytes_get_size(beside));

    assert_non_null(strstr(theirs, "DESCRIPTION:theirs"));
    assert_non_null(strstr(mine, "DESCRIPTION:mine"));
}

static void a_conflict_that_the_server_finds_is_settled_here(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    assert_int_equal(write_note(rig, "ideas", "one"), 0);
    replica_rig_sync(rig);
    folder(rig, "Notes")->item_status = 7;
    folder(rig, "Notes")->item_statuses = 1;
    assert_int_equal(write_note(rig, "ideas", "two"), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_string_equal(text_of(fake_only(folder(rig, "Notes"), "ideas")), "two");
}

static void a_change_of_what_was_removed_is_a_new_item(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    assert_int_equal(write_note(rig, "ideas", "one"), 0);
    replica_rig_sync(rig);
    fake_change(rig->mailbox, folder(rig, "Notes"), fake_only(folder(rig, "Notes"), "ideas"), FAKE_DELETE);
    assert_int_equal(write_note(rig, "ideas", "two"), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_subject(rig, "Notes", "ideas");
    assert_note_bytes(rig, "ideas", "two");
}

static void a_change_that_the_server_says_is_of_nothing_is_a_new_item(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    assert_int_equal(write_note(rig, "ideas", "one"), 0);
    replica_rig_sync(rig);
    folder(rig, "Notes")->item_status = 8;
    folder(rig, "Notes")->item_statuses = 1;
    fake_only(folder(rig, "Notes"), "ideas")->gone = true;
    assert_int_equal(write_note(rig, "ideas", "two"), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_subject(rig, "Notes", "ideas");
}

/* ---- deletions ---- */

static void a_removed_file_is_a_deleted_item(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    assert_int_equal(write_note(rig, "ideas", "one"), 0);
    replica_rig_sync(rig);
    assert_int_equal(edit_remove(rig, "Notes/ideas.ics"), 0);
    assert_queue(rig, "delete queued Notes/ideas.ics");
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_int_equal(fake_count(folder(rig, "Notes")), 0);
}

static void a_deletion_of_what_has_changed_is_asked_about(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    assert_int_equal(write_note(rig, "ideas", "one"), 0);
    replica_rig_sync(rig);
    struct fake_item *item = fake_only(folder(rig, "Notes"), "ideas");

    set_data(item, "ideas", "theirs");
    fake_change(rig->mailbox, folder(rig, "Notes"), item, FAKE_WHOLE_CHANGE);
    assert_int_equal(edit_remove(rig, "Notes/ideas.ics"), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "delete held Notes/ideas.ics");
    assert_int_not_equal(replica_rig_ino(rig, "Notes/ideas.ics"), 0);
    assert_int_equal(fake_count(folder(rig, "Notes")), 1);
    assert_int_equal(edit_retry(rig, "Notes/ideas.ics"), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_int_equal(fake_count(folder(rig, "Notes")), 0);
}

static void too_many_deletions_wait_for_a_person(void **state)
{
    struct replica_rig *rig = *state;
    g_autofree char *url = script_server_url(rig->mailbox->server);

    rig->config = replica_rig_config(rig->dir, url);
    rig->config->max_deletes = 3;
    open_rig(rig);
    for (int i = 0; i < 5; i++) {
        g_autofree char *subject = g_strdup_printf("n%d", i);

        assert_int_equal(write_note(rig, subject, "text"), 0);
    }
    replica_rig_sync(rig);
    for (int i = 0; i < 5; i++) {
        g_autofree char *path = g_strdup_printf("Notes/n%d.ics", i);

        assert_int_equal(edit_remove(rig, path), 0);
    }
    replica_rig_sync(rig);
    assert_int_equal(fake_count(folder(rig, "Notes")), 5);
    assert_int_equal(replica_rig_count(rig, "Notes"), 5);
    assert_int_equal(edit_retry(rig, NULL), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_int_equal(fake_count(folder(rig, "Notes")), 0);
}

/* ---- refusals ---- */

static void a_refused_item_is_held_and_passed_by(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    folder(rig, "Notes")->item_status = 6;
    folder(rig, "Notes")->item_statuses = 1;
    assert_int_equal(write_note(rig, "bad", "1"), 0);
    assert_int_equal(write_note(rig, "good", "2"), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "add held Notes/bad.ics");
    assert_subject(rig, "Notes", "good");
    assert_note_bytes(rig, "bad", "1");
    g_autofree char *errors = replica_rig_errors(rig);

    assert_non_null(strstr(errors, "Notes/bad.ics: "));
    assert_int_equal(edit_retry(rig, "Notes/bad.ics"), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_subject(rig, "Notes", "bad");
}

static void what_the_server_forgot_stays_beside(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    folder(rig, "Notes")->forgets = true;
    assert_int_equal(write_note(rig, "lost", "1"), 0);
    replica_rig_sync(rig);
    folder(rig, "Notes")->forgets = false;
    assert_int_equal(write_note(rig, "kept", "2"), 0);
    replica_rig_sync(rig);
    assert_int_equal(replica_rig_count(rig, "Notes"), 2);
    fake_forget(rig->mailbox, folder(rig, "Notes"), false);
    replica_rig_sync(rig);
    assert_int_equal(replica_rig_count(rig, "Notes"), 2);
    assert_note_bytes(rig, "kept", "2");
    assert_int_equal(replica_rig_ino(rig, "Notes/lost.ics"), 0);
    assert_int_not_equal(replica_rig_find(rig, "Notes", "lost.ics.conflict-"), 0);
}

static void what_is_to_be_tried_again_is(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    folder(rig, "Notes")->item_status = 16;
    folder(rig, "Notes")->item_statuses = 2;
    assert_int_equal(write_note(rig, "a", "1"), 0);
    assert_int_equal(write_note(rig, "b", "1"), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_int_equal(fake_count(folder(rig, "Notes")), 2);
}

static void a_poisoned_edit_does_not_stop_the_others(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    folder(rig, "Notes")->chokes = true;
    assert_int_equal(write_note(rig, "a", "1"), 0);
    assert_int_equal(write_note(rig, "poison", "1"), 0);
    assert_int_equal(write_note(rig, "b", "1"), 0);
    replica_rig_sync(rig);
    assert_queue(rig, "add held Notes/poison.ics");
    assert_subject(rig, "Notes", "a");
    assert_subject(rig, "Notes", "b");
    assert_int_equal(fake_count(folder(rig, "Notes")), 2);
}

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

#define T(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_new_file_becomes_an_item),
        T(many_travel_together),
        T(a_lost_answer_doubles_nothing),
        T(a_lost_answer_of_a_server_without_memory_doubles_nothing),
        T(a_lost_request_loses_nothing),
        T(a_change_goes_up_and_a_foreign_one_comes_down),
        T(changes_of_different_properties_are_merged),
        T(of_changes_of_one_property_both_are_kept),
        T(a_conflict_that_the_server_finds_is_settled_here),
        T(a_change_of_what_was_removed_is_a_new_item),
        T(a_change_that_the_server_says_is_of_nothing_is_a_new_item),
        T(a_removed_file_is_a_deleted_item),
        T(a_deletion_of_what_has_changed_is_asked_about),
        T(too_many_deletions_wait_for_a_person),
        T(a_refused_item_is_held_and_passed_by),
        T(what_the_server_forgot_stays_beside),
        T(what_is_to_be_tried_again_is),
        T(a_poisoned_edit_does_not_stop_the_others),
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
