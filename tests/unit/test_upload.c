/* What a user writes, on its way to the server. Catches: an edit that is lost or doubled, an answer that is lost and
 * makes one so; changes of both sides of which one goes; a refused edit that stands in the way of others, or is
 * forgotten. */
#include "tests/unit/upload_case.h"

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

    assert_non_null(strstr(errors, "Notes/bad.ics (add): "));
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

#define T(name) cmocka_unit_test_setup_teardown(name, upload_up, upload_down)

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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
