/* What a user does while an edit is on its way, and the server does not take that. Catches: the second edit that waits
 * for ever or is laid against the first as if somebody else had made it, a removal that is forgotten, a letter that is
 * sent again because of what came after its answer, an invitation that goes with a lost answer. */
#include "tests/unit/upload_case.h"

/* Carried out, once, while the first request with commands waits for its answer. Static where it is used: the rig asks on
 * until it is torn down. */
struct meanwhile {
    struct replica_rig *rig;
    void (*act)(struct replica_rig *rig);
    bool done;
    unsigned seen; /* requests with commands */
};

static bool has_commands(const struct script_request *request)
{
    g_autoptr(eas_node) root = eas_node_parse(request->body->data, request->body->len, NULL);
    const struct eas_node *list = root ? eas_node_child(root, TAG_AirSync_Collections) : NULL;

    for (const struct eas_node *each = list ? list->first : NULL; each; each = each->next)
        if (eas_node_child(each, TAG_AirSync_Commands))
            return true;
    return false;
}

static bool act_once(void *ctx, const struct script_request *request, unsigned number)
{
    struct meanwhile *meanwhile = ctx;

    (void)number;
    if (!meanwhile->done && !strcmp(request->command, "Sync") && has_commands(request)) {
        meanwhile->done = true;
        meanwhile->act(meanwhile->rig);
    }
    return true;
}

static void meanwhile(struct meanwhile *what, struct replica_rig *rig, void (*act)(struct replica_rig *rig))
{
    *what = (struct meanwhile){.rig = rig, .act = act};
    rig->mailbox->ctx = what;
    rig->mailbox->at_request = act_once;
}

static int write_note(struct replica_rig *rig, const char *name, const char *subject, const char *text)
{
    g_autofree char *path = g_strdup_printf("Notes/%s.ics", name);
    g_autofree char *bytes =
        g_strdup_printf("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nBEGIN:VJOURNAL\r\nUID:%s\r\n"
                        "DTSTAMP:20260101T000000Z\r\nSUMMARY:%s\r\nDESCRIPTION:%s\r\nEND:VJOURNAL\r\n"
                        "END:VCALENDAR\r\n",
                        name, subject, text);

    return edit_write(rig, path, bytes);
}

static void assert_note(struct replica_rig *rig, const char *subject, const char *text)
{
    const struct fake_item *item = fake_only(folder(rig, "Notes"), subject);

    assert_non_null(item);
    assert_string_equal(eas_node_text(eas_node_child(item->data, TAG_AirSyncBase_Body), TAG_AirSyncBase_Data), text);
}

static void refuse_next(struct replica_rig *rig)
{
    enum { MALFORMED = 6 };

    folder(rig, "Notes")->item_status = MALFORMED;
    folder(rig, "Notes")->item_statuses = 1;
}

/* ---- the server refuses ---- */

static void mend(struct replica_rig *rig)
{
    write_note(rig, "ideas", "ideas", "two");
}

static void what_mends_a_refused_addition_is_sent(void **state)
{
    struct replica_rig *rig = *state;
    static struct meanwhile what;

    open_rig(rig);
    meanwhile(&what, rig, mend);
    refuse_next(rig);
    assert_int_equal(write_note(rig, "ideas", "ideas", "one"), 0);
    replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    assert_queue(rig, "");
    assert_note(rig, "ideas", "two");
    assert_int_equal(replica_rig_count(rig, "Notes"), 1);
}

static void what_mends_a_refused_change_is_sent(void **state)
{
    struct replica_rig *rig = *state;
    static struct meanwhile what;

    open_rig(rig);
    assert_int_equal(write_note(rig, "ideas", "ideas", "zero"), 0);
    replica_rig_sync(rig);
    meanwhile(&what, rig, mend);
    refuse_next(rig);
    assert_int_equal(write_note(rig, "ideas", "ideas", "one"), 0);
    replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    assert_queue(rig, "");
    assert_note(rig, "ideas", "two");
    assert_int_equal(replica_rig_count(rig, "Notes"), 1);
}

static void rename_it(struct replica_rig *rig)
{
    write_note(rig, "ideas", "plans", "one");
}

static void a_refused_change_is_in_the_one_after_it(void **state)
{
    struct replica_rig *rig = *state;
    static struct meanwhile what;

    open_rig(rig);
    assert_int_equal(write_note(rig, "ideas", "ideas", "zero"), 0);
    replica_rig_sync(rig);
    meanwhile(&what, rig, rename_it);
    refuse_next(rig);
    assert_int_equal(write_note(rig, "ideas", "ideas", "one"), 0);
    replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    assert_queue(rig, "");
    assert_note(rig, "plans", "one");
}

static void remove_it(struct replica_rig *rig)
{
    edit_remove(rig, "Notes/ideas.ics");
}

static void what_is_removed_before_it_is_refused_is_gone(void **state)
{
    struct replica_rig *rig = *state;
    static struct meanwhile what;

    open_rig(rig);
    meanwhile(&what, rig, remove_it);
    refuse_next(rig);
    assert_int_equal(write_note(rig, "ideas", "ideas", "one"), 0);
    replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    assert_queue(rig, "");
    assert_int_equal(fake_count(folder(rig, "Notes")), 0);
    assert_int_equal(replica_rig_count(rig, "Notes"), 0);
}

static void what_is_removed_before_it_arrives_is_not_sent_again(void **state)
{
    struct replica_rig *rig = *state;
    static struct meanwhile what;

    open_rig(rig);
    meanwhile(&what, rig, remove_it);
    rig->mailbox->lose_before = 1;
    assert_int_equal(write_note(rig, "ideas", "ideas", "one"), 0);
    replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_int_equal(rig->mailbox->writes, 0);
}

/* ---- the server takes a part ---- */

static void set_read(struct replica_rig *rig)
{
    g_autofree char *path = view_path(rig->view, replica_rig_find(rig, "Mail/Inbox", "hello"));

    edit_attribute(rig, path, "user.eas.read", "1");
}

/* The second command is to be tried again; before it is, a third thing is wanted. */
static bool take_one_only(void *ctx, const struct script_request *request, unsigned number)
{
    enum { TRY_AGAIN = 16 };
    struct meanwhile *meanwhile = ctx;
    bool sync = !strcmp(request->command, "Sync");

    (void)number;
    if (sync && has_commands(request)) {
        folder(meanwhile->rig, "Inbox")->item_status = TRY_AGAIN;
        folder(meanwhile->rig, "Inbox")->item_statuses = meanwhile->seen++ == 1;
    } else if (sync && meanwhile->seen > 1 && !meanwhile->done) {
        meanwhile->done = true;
        meanwhile->act(meanwhile->rig);
    }
    return true;
}

static void a_flag_set_after_others_were_taken_is_sent(void **state)
{
    struct replica_rig *rig = *state;
    static struct meanwhile what;

    fake_mail(rig->mailbox, folder(rig, "Inbox"), "hello", "text");
    open_rig(rig);
    g_autofree char *path = view_path(rig->view, replica_rig_find(rig, "Mail/Inbox", "hello"));

    what = (struct meanwhile){.rig = rig, .act = set_read};
    rig->mailbox->ctx = &what;
    rig->mailbox->at_request = take_one_only;
    assert_int_equal(edit_attribute(rig, path, "user.eas.flag", "active"), 0);
    assert_int_equal(edit_attribute(rig, path, "user.eas.categories", "blue"), 0);
    replica_rig_sync(rig);
    assert_true(what.done);
    assert_queue(rig, "");
    assert_int_equal(fake_only(folder(rig, "Inbox"), "hello")->flag, 2);
    assert_int_equal(fake_only(folder(rig, "Inbox"), "hello")->read, 1);
}

/* ---- letters ---- */

static const char letter[] = "From: user@here.test\r\nTo: ann@partner.test\r\nSubject: letter\r\n"
                             "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <stub@here.test>\r\n"
                             "MIME-Version: 1.0\r\n\r\nHello.\r\n";

static void a_letter_sent_is_sent_whatever_else_the_answer_says(void **state)
{
    struct replica_rig *rig = *state;

    open_rig(rig);
    rig->mailbox->announces = "12.1,14.0";
    assert_int_equal(edit_write(rig, "Outbox/letter.eml", letter), 0);
    replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    assert_int_equal(rig->mailbox->mails->len, 1);
    assert_queue(rig, "");
}

/* ---- moves ---- */

/* Ids are a folder's own: another folder's message may have the same. */
static void messages_of_one_id_move_each_by_itself(void **state)
{
    struct replica_rig *rig = *state;
    struct fake_item *hello, *bye;

    fake_folder(rig->mailbox, NULL, "Target", 12);
    hello = fake_mail(rig->mailbox, folder(rig, "Inbox"), "hello", "text");
    bye = fake_mail(rig->mailbox, folder(rig, "Archive"), "bye", "text");
    for (GArray *log = folder(rig, "Archive")->log; log; log = NULL) {
        g_free(g_array_index(log, struct fake_event, log->len - 1).id);
        g_array_index(log, struct fake_event, log->len - 1).id = g_strdup(hello->id);
    }
    g_free(bye->id);
    bye->id = g_strdup(hello->id);
    open_rig(rig);
    g_autofree char *one = view_path(rig->view, replica_rig_find(rig, "Mail/Inbox", "hello"));
    g_autofree char *two = view_path(rig->view, replica_rig_find(rig, "Mail/Archive", "bye"));

    assert_int_equal(edit_rename(rig, one, "Mail/Target/hello.eml"), 0);
    assert_int_equal(edit_rename(rig, two, "Mail/Target/bye.eml"), 0);
    uint64_t hello_ino = replica_rig_ino(rig, "Mail/Target/hello.eml");
    uint64_t bye_ino = replica_rig_ino(rig, "Mail/Target/bye.eml");

    replica_rig_sync(rig);
    replica_rig_sync(rig);
    assert_queue(rig, "");
    assert_int_equal(replica_rig_count(rig, "Mail/Target"), 2);
    assert_int_equal(replica_rig_ino(rig, "Mail/Target/hello.eml"), hello_ino);
    assert_int_equal(replica_rig_ino(rig, "Mail/Target/bye.eml"), bye_ino);
    /* Each is the message that it was: removing one removes that. */
    assert_int_equal(edit_remove(rig, "Mail/Target/bye.eml"), 0);
    replica_rig_sync(rig);
    assert_subject(rig, "Target", "hello");
    assert_int_equal(fake_count(folder(rig, "Target")), 1);
}

/* ---- meetings ---- */

static char *meeting(const char *summary)
{
    return g_strdup_printf("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nBEGIN:VEVENT\r\nUID:m1\r\n"
                           "DTSTAMP:20260101T000000Z\r\nDTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z\r\n"
                           "SUMMARY:%s\r\nORGANIZER:mailto:user@here.test\r\n"
                           "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ann@partner.test\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
                           summary);
}

static void open_as_organiser(struct replica_rig *rig)
{
    g_autofree char *url = script_server_url(rig->mailbox->server);

    open_rig(rig);
    store_set(replica_store(rig->replica), "address", "user@here.test");
    replica_rig_close(rig);
    rig->config = replica_rig_config(rig->dir, url);
    rig->config->send_invitations = true;
    open_rig(rig);
}

static void lose(struct replica_rig *rig)
{
    rig->mailbox->lose_after = 1;
    replica_sync(rig->replica, 0, RIG_PATIENCE_MS);
    replica_rig_sync(rig);
    replica_rig_sync(rig);
    assert_int_equal(rig->mailbox->lose_after, 0);
    assert_queue(rig, "");
}

static void a_lost_answer_loses_no_invitation(void **state)
{
    struct replica_rig *rig = *state;
    g_autofree char *plans = meeting("plans");

    open_as_organiser(rig);
    assert_int_equal(edit_write(rig, "Calendar/plans.ics", plans), 0);
    lose(rig);
    assert_int_equal(rig->mailbox->mails->len, 1);
}

static void a_lost_answer_loses_no_update(void **state)
{
    struct replica_rig *rig = *state;
    g_autofree char *plans = meeting("plans"), *other = meeting("other plans");

    open_as_organiser(rig);
    assert_int_equal(edit_write(rig, "Calendar/plans.ics", plans), 0);
    replica_rig_sync(rig);
    assert_int_equal(rig->mailbox->mails->len, 1);
    assert_int_equal(edit_write(rig, "Calendar/plans.ics", other), 0);
    lose(rig);
    assert_int_equal(rig->mailbox->mails->len, 2);
}

static void a_lost_answer_loses_no_cancellation(void **state)
{
    struct replica_rig *rig = *state;
    g_autofree char *plans = meeting("plans");

    open_as_organiser(rig);
    assert_int_equal(edit_write(rig, "Calendar/plans.ics", plans), 0);
    replica_rig_sync(rig);
    assert_int_equal(edit_remove(rig, "Calendar/plans.ics"), 0);
    lose(rig);
    assert_int_equal(rig->mailbox->mails->len, 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, upload_up, upload_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_mends_a_refused_addition_is_sent),
        T(what_mends_a_refused_change_is_sent),
        T(a_refused_change_is_in_the_one_after_it),
        T(what_is_removed_before_it_is_refused_is_gone),
        T(what_is_removed_before_it_arrives_is_not_sent_again),
        T(a_flag_set_after_others_were_taken_is_sent),
        T(a_letter_sent_is_sent_whatever_else_the_answer_says),
        T(messages_of_one_id_move_each_by_itself),
        T(a_lost_answer_loses_no_invitation),
        T(a_lost_answer_loses_no_update),
        T(a_lost_answer_loses_no_cancellation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
