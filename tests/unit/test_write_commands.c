/* The small commands that change something: messages sent, items moved, folders made, meetings answered. Catches: an
 * element in a version that lacks it, a message that is not sent byte for byte, a query that an id breaks out of, an
 * answer without an id taken for a success, a hostile answer that grows past its limit. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "codec/limits.h"
#include "codec/wire/folder_change.h"
#include "codec/wire/meeting_response.h"
#include "codec/wire/move_items.h"
#include "codec/wire/send_mail.h"
#include "tests/unit/item_data.h"

/* Any bytes; a message on its way is nobody's to mend. */
static const char message[] = "Subject: \xff\r\n\r\n\0.\r\nFrom\r\n";
enum { LENGTH = sizeof message - 1 };

static void a_message_before_14_is_the_request(void **state)
{
    static const struct {
        struct mail_to_send mail;
        const char *query;
    } rows[] = {
        {{EAS_SEND_MAIL, "c"}, NULL},
        {{EAS_SEND_MAIL, "c", true}, "&SaveInSent=T"},
        {{EAS_SMART_REPLY, "c", true, "5", "5:1"}, "&CollectionId=5&ItemId=5%3A1&SaveInSent=T"},
        {{EAS_SMART_FORWARD, "c", false, "a&b", "c d=?\xc3\xa4"}, "&CollectionId=a%26b&ItemId=c%20d%3D%3F%C3%A4"},
        {{EAS_SMART_FORWARD, "c", false, .long_id = "L/1"}, "&LongId=L%2F1"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) out = g_byte_array_new();
        g_autofree char *query = send_mail_query(EAS_12_1, &rows[i].mail);
        g_autofree char *later = send_mail_query(EAS_14_0, &rows[i].mail);

        send_mail_request(out, EAS_12_1, &rows[i].mail, message, LENGTH);
        assert_int_equal(out->len, LENGTH);
        assert_memory_equal(out->data, message, LENGTH);
        assert_int_equal(!query, !rows[i].query);
        if (query)
            assert_string_equal(query, rows[i].query);
        assert_null(later);
    }
}

static void from_14_on_it_is_a_document(void **state)
{
    static const struct mail_to_send mails[] = {
        {EAS_SEND_MAIL, "c1", true, .replace_mime = true},
        {EAS_SMART_REPLY, "c1", true, "5", "5:1", .instance_id = "i", .replace_mime = true},
        {EAS_SMART_FORWARD, "c1", false, "5", "5:1", .long_id = "L", .instance_id = "i"},
    };
    static const eas_tag roots[] = {TAG_ComposeMail_SendMail, TAG_ComposeMail_SmartReply, TAG_ComposeMail_SmartForward};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(mails); i++)
        for (int old = 0; old < 2; old++) {
            g_autoptr(GByteArray) out = g_byte_array_new();

            send_mail_request(out, old ? EAS_14_0 : EAS_16_1, &mails[i], message, LENGTH);
            g_autoptr(eas_node) root = eas_node_parse(out->data, out->len, NULL);
            const struct eas_node *mime = eas_node_child(root, TAG_ComposeMail_Mime);
            const struct eas_node *source = eas_node_child(root, TAG_ComposeMail_Source);

            assert_int_equal(root->tag, roots[i]);
            assert_string_equal(eas_node_text(root, TAG_ComposeMail_ClientId), "c1");
            assert_int_equal(mime->length, LENGTH);
            assert_memory_equal(mime->text, message, LENGTH);
            assert_int_equal(eas_node_child(root, TAG_ComposeMail_SaveInSentItems) != NULL, mails[i].save);
            assert_int_equal(eas_node_child(root, TAG_ComposeMail_ReplaceMime) != NULL, i == 1);
            assert_int_equal(source != NULL, i > 0);
            assert_int_equal(eas_node_child(source, TAG_ComposeMail_InstanceId) != NULL, i > 0 && !old);
            assert_int_equal(eas_node_child(source, TAG_ComposeMail_LongId) != NULL, i == 2);
            assert_int_equal(eas_node_child(source, TAG_ComposeMail_ItemId) != NULL, i == 1);
        }
}

static struct eas_node *reading(eas_tag tag)
{
    return eas_node_new(tag, NULL);
}

static void moves_have_a_fate_each(void **state)
{
    static const struct {
        const char *id, *status, *to;
        int read_status;
        const char *read_to;
    } rows[] = {
        {"5:1", "3", "6:9", 3, "6:9"}, {"5:2", "3", NULL, 3, "5:2"}, {"5:3", "1", "6:8", 1, NULL},
        {"5:4", NULL, "6:7", 0, NULL}, {"5:5", "3", "", 3, "5:5"},
    };
    g_autoptr(eas_node) root = reading(TAG_Move_MoveItems);

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct eas_node *response = eas_node_add(root, TAG_Move_Response, NULL);

        eas_node_add(response, TAG_Move_SrcMsgId, rows[i].id);
        if (rows[i].status)
            eas_node_add(response, TAG_Move_Status, rows[i].status);
        if (rows[i].to)
            eas_node_add(response, TAG_Move_DstMsgId, rows[i].to);
    }
    eas_node_add(eas_node_add(root, TAG_Move_Response, NULL), TAG_Move_Status, "3"); /* of what? */
    g_autoptr(GArray) moved = move_items_read(root);

    assert_int_equal(moved->len, G_N_ELEMENTS(rows));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct item_moved *one = &g_array_index(moved, struct item_moved, i);

        assert_string_equal(one->server_id, rows[i].id);
        assert_int_equal(one->status, rows[i].read_status);
        assert_int_equal(!one->new_server_id, !rows[i].read_to);
        if (rows[i].read_to)
            assert_string_equal(one->new_server_id, rows[i].read_to);
    }
}

static void an_answer_is_read_within_its_limit(void **state)
{
    g_autoptr(eas_node) moves = reading(TAG_Move_MoveItems), meetings = reading(TAG_MeetingResponse_MeetingResponse);

    (void)state;
    for (int i = 0; i < LIMIT_MOVES + 10; i++) {
        eas_node_add(eas_node_add(moves, TAG_Move_Response, NULL), TAG_Move_SrcMsgId, "5:1");
        eas_node_add(meetings, TAG_MeetingResponse_Result, NULL);
    }
    g_autoptr(GArray) moved = move_items_read(moves), replied = meeting_response_read(meetings);
    g_autoptr(GArray) others = move_items_read(meetings), none = meeting_response_read(NULL);

    assert_int_equal(moved->len, LIMIT_MOVES);
    assert_int_equal(replied->len, LIMIT_REPLIES);
    assert_int_equal(others->len, 0);
    assert_int_equal(none->len, 0);
}

static void folders_that_were_changed(void **state)
{
    g_autofree char *long_key = g_strnfill(LIMIT_KEY_BYTES + 1, 'k');
    const struct {
        eas_tag tag;
        const char *status, *key, *id;
        int read_status;
        bool has_id;
    } rows[] = {
        {TAG_FolderHierarchy_FolderCreate, "1", "h2", "17", 1, true},
        {TAG_FolderHierarchy_FolderCreate, "1", "h2", NULL, 0, false},
        {TAG_FolderHierarchy_FolderCreate, "1", NULL, "17", 0, false},
        {TAG_FolderHierarchy_FolderCreate, "1", long_key, "17", 0, false},
        {TAG_FolderHierarchy_FolderCreate, "2", "h2", "17", 2, false},
        {TAG_FolderHierarchy_FolderUpdate, "1", "h2", "17", 1, false},
        {TAG_FolderHierarchy_FolderDelete, "1", "h2", NULL, 1, false},
        {TAG_FolderHierarchy_FolderDelete, "4", NULL, NULL, 4, false},
        {TAG_FolderHierarchy_FolderSync, "1", "h2", "17", 0, false},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(eas_node) root = reading(rows[i].tag);
        struct folder_changed answer;

        eas_node_add(root, TAG_FolderHierarchy_Status, rows[i].status);
        if (rows[i].key)
            eas_node_add(root, TAG_FolderHierarchy_SyncKey, rows[i].key);
        if (rows[i].id)
            eas_node_add(root, TAG_FolderHierarchy_ServerId, rows[i].id);
        folder_changed_read(root, &answer);
        assert_int_equal(answer.status, rows[i].read_status);
        assert_int_equal(answer.sync_key != NULL, rows[i].read_status == 1);
        assert_int_equal(answer.server_id != NULL, rows[i].has_id);
        folder_changed_clear(&answer);
    }
}

static void meetings_are_answered_as_the_version_can(void **state)
{
    static const struct meeting_reply reply = {
        MEETING_TENTATIVE, "5", "5:1", .instance_id = "2026-01-31T09:00:00.000Z", .send = true, .text = "perhaps"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        static const enum eas_version versions[] = {EAS_12_1, EAS_14_1, EAS_16_1};
        g_autoptr(GByteArray) out = g_byte_array_new();

        meeting_response_request(out, versions[i], &reply, 1);
        g_autoptr(eas_node) root = eas_node_parse(out->data, out->len, NULL);
        const struct eas_node *request = root->first;
        const struct eas_node *send = eas_node_child(request, TAG_MeetingResponse_SendResponse);

        assert_string_equal(eas_node_text(request, TAG_MeetingResponse_UserResponse), "2");
        assert_int_equal(eas_node_child(request, TAG_MeetingResponse_InstanceId) != NULL, i > 0);
        assert_int_equal(send != NULL, i == 2);
        if (send)
            assert_string_equal(eas_node_text(send->first, TAG_AirSyncBase_Data), "perhaps");
    }
}

static void what_became_of_the_replies(void **state)
{
    g_autoptr(eas_node) root = reading(TAG_MeetingResponse_MeetingResponse);
    struct eas_node *first = eas_node_add(root, TAG_MeetingResponse_Result, NULL);
    struct eas_node *second = eas_node_add(root, TAG_MeetingResponse_Result, NULL);

    (void)state;
    eas_node_add(first, TAG_MeetingResponse_RequestId, "5:1");
    eas_node_add(first, TAG_MeetingResponse_Status, "1");
    eas_node_add(first, TAG_MeetingResponse_CalendarId, "7:4");
    eas_node_add(second, TAG_MeetingResponse_Status, "2");
    eas_node_add(second, TAG_MeetingResponse_CalendarId, "");
    g_autoptr(GArray) replied = meeting_response_read(root);
    const struct meeting_replied *one = &g_array_index(replied, struct meeting_replied, 0), *two = one + 1;

    assert_int_equal(replied->len, 2);
    assert_string_equal(one->request_id, "5:1");
    assert_int_equal(one->status, 1);
    assert_string_equal(one->calendar_id, "7:4");
    assert_string_equal(two->request_id, "");
    assert_int_equal(two->status, 2);
    assert_null(two->calendar_id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_before_14_is_the_request),
        cmocka_unit_test(from_14_on_it_is_a_document),
        cmocka_unit_test(moves_have_a_fate_each),
        cmocka_unit_test(an_answer_is_read_within_its_limit),
        cmocka_unit_test(folders_that_were_changed),
        cmocka_unit_test(meetings_are_answered_as_the_version_can),
        cmocka_unit_test(what_became_of_the_replies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
