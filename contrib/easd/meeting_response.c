/* MeetingResponse (MS-ASCMD 2.2.1.11): the owner's answer goes into the event; from 16.0 on the server mails it
 * to who organizes, where it is asked to, before that the client does. */
#include <gmime/gmime.h>
#include <string.h>

#include "contrib/easd/client_uid.h"
#include "contrib/easd/command.h"
#include "contrib/easd/draft_parts.h"
#include "contrib/easd/edit.h"
#include "contrib/easd/event.h"
#include "contrib/easd/item.h"
#include "contrib/easd/itip.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/long_id.h"
#include "contrib/easd/store.h"

enum { STATUS_OK = 1, STATUS_INVALID = 2, STATUS_FAILED = 3, STATUS_MALFORMED = 103 };
enum { ACCEPT = 1, TENTATIVE = 2, DECLINE = 3, CALENDAR = 8, DELETED_ITEMS = 4 };

/* By UserResponse: what the attendee's status becomes, the event's BusyStatus, and the words of the reply. */
static const struct {
    const char *status, *busy, *word;
} answers[] = {
    [ACCEPT] = {"3", "2", "Accepted: "}, [TENTATIVE] = {"2", "1", "Tentative: "}, [DECLINE] = {"4", "0", "Declined: "}};

struct response {
    struct request *request;
    const struct eas_node *node;
    gint64 answer;
    struct folder *folder; /* of the event */
    struct entry *event;
};

/* ---- the event ---- */

/* The iCalendar of an invitation that came by mail; NULL for none. */
static char *invitation_text(const char *path)
{
    GMimeMessage *message = draft_open(path);
    char *text = NULL;

    if (!message)
        return NULL;
    GMimePartIter *iter = g_mime_part_iter_new(GMIME_OBJECT(message));

    do {
        GMimeObject *part = g_mime_part_iter_get_current(iter);

        if (GMIME_IS_TEXT_PART(part) &&
            g_mime_content_type_is_type(g_mime_object_get_content_type(part), "text", "calendar"))
            text = g_mime_text_part_get_text(GMIME_TEXT_PART(part));
    } while (!text && g_mime_part_iter_next(iter));
    g_mime_part_iter_free(iter);
    g_object_unref(message);
    return text;
}

/* The event that an invitation is about, put into the calendar where it is not yet there. */
static bool take_invitation(struct response *response, const char *path)
{
    g_autofree char *text = invitation_text(path);
    g_autoptr(GString) kept = g_string_new(text ? text : "");
    struct participants people;
    char *refusal = NULL;
    bool right;

    response->folder = store_default_folder(response->request->mailbox, CALENDAR);
    g_string_replace(kept, "\r\n", "\n", 0);
    g_string_replace(kept, "\nMETHOD:REQUEST\n", "\n", 0);
    participants_read(&people, kept->str, kept->len, response->request->mailbox->user);
    right = text && people.uid && people.organizer && !people.owner_organizes &&
            strstr(text, "METHOD:REQUEST") != NULL &&
            item_check(response->folder, kept->str, kept->len, 141, &refusal, NULL);
    if (right && !(response->event = event_find(response->folder, people.uid)))
        response->event = store_write(response->folder, NULL, people.subject, kept->str, kept->len);
    participants_clear(&people);
    g_free(refusal);
    return right && response->event;
}

/* Finds what is answered: mail, or from 14.0 on an event. *mail is set to the message, and its folder. */
static int find_event(struct response *response, struct entry **mail, struct folder **inbox)
{
    const struct mailbox *mailbox = response->request->mailbox;
    const char *long_id = eas_node_text(response->node, TAG_Search_LongId);
    struct folder *folder = mailbox_folder(mailbox, eas_node_text(response->node, TAG_MeetingResponse_CollectionId));
    struct entry *entry =
        folder ? folder_entry(folder, eas_node_text(response->node, TAG_MeetingResponse_RequestId)) : NULL;

    if (long_id)
        entry = long_id_find(mailbox, long_id, &folder);
    if (!entry || !entry->present)
        return STATUS_INVALID;
    if (folder->class == CLASS_CALENDAR && response->request->version >= 140) {
        response->folder = folder;
        response->event = entry;
        return STATUS_OK;
    }
    if (folder->class != CLASS_MAIL)
        return STATUS_INVALID;
    g_autofree char *path = folder_path(folder, entry);

    *mail = entry;
    *inbox = folder;
    return take_invitation(response, path) ? STATUS_OK : STATUS_INVALID;
}

/* ---- the answer in it ---- */

/* The attendees with the owner's answer; NULL where the owner is none of them. */
static struct eas_node *answered_attendees(const struct eas_node *properties, const char *owner, const char *status)
{
    const struct eas_node *attendees = eas_node_child(properties, TAG_Calendar_Attendees);
    struct eas_node *copy = attendees ? eas_node_copy(attendees) : NULL;
    bool found = false;

    for (struct eas_node *one = copy ? copy->first : NULL; one; one = one->next) {
        const char *address = eas_node_text(one, TAG_Calendar_Email);

        if (!address || !meeting_is_owner(address, owner))
            continue;
        eas_node_free(eas_node_take(one, TAG_Calendar_AttendeeStatus));
        eas_node_add(one, TAG_Calendar_AttendeeStatus, status);
        found = true;
    }
    if (!found)
        g_clear_pointer(&copy, eas_node_free);
    return copy;
}

static bool write_answer_into(struct response *response, const struct eas_node *before, const GByteArray *bytes,
                              GString **file)
{
    struct mailbox *mailbox = response->request->mailbox;
    const char *instance = eas_node_text(response->node, TAG_MeetingResponse_InstanceId);
    g_autoptr(eas_node) data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    g_autoptr(eas_node) after = eas_node_copy(before);
    struct eas_node *attendees = answered_attendees(before, mailbox->user, answers[response->answer].status);
    struct edit edit = {.version = 141,
                        .owner = mailbox->user,
                        .address = mailbox->address,
                        .now = g_get_real_time() / G_USEC_PER_SEC,
                        .before = before,
                        .after = after,
                        .bytes = (const char *)bytes->data,
                        .length = bytes->len};
    bool right = attendees != NULL;

    if (attendees)
        eas_node_append(data, attendees);
    if (response->answer != DECLINE)
        eas_node_add(data, TAG_Calendar_BusyStatus, answers[response->answer].busy);
    if (right && instance)
        right = edit_instance(after, instance, response->answer == DECLINE ? NULL : data);
    else if (right)
        eas_node_merge(after, data);
    right = right && edit_event(&edit);
    if (right)
        *file = g_steal_pointer(&edit.file);
    edit_clear(&edit);
    return right;
}

static void mail_answer(const struct response *response, const struct participants *people, const GString *file)
{
    const struct eas_node *wanted = eas_node_child(response->node, TAG_MeetingResponse_SendResponse);
    const char *text = eas_node_text(eas_node_child(wanted, TAG_AirSyncBase_Body), TAG_AirSyncBase_Data);
    g_autofree char *subject = g_strconcat(answers[response->answer].word, people->subject, NULL);
    g_autoptr(GPtrArray) to = g_ptr_array_new();
    const struct itip reply = {.method = "REPLY",
                               .bytes = file->str,
                               .length = file->len,
                               .to = to,
                               .subject = subject,
                               .text = text,
                               .why = "response"};

    g_ptr_array_add(to, people->organizer);
    if (wanted && response->request->version >= 160)
        itip_send(response->request, &reply);
}

static int answer_event(struct response *response)
{
    struct folder *bin = store_default_folder(response->request->mailbox, DELETED_ITEMS);
    bool whole = !eas_node_child(response->node, TAG_MeetingResponse_InstanceId);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(eas_node) before = item_read(response->folder, response->event, 141, bytes);
    struct participants people;
    GString *file = NULL;
    int status = STATUS_INVALID;

    if (!before)
        return STATUS_INVALID;
    participants_read(&people, (const char *)bytes->data, bytes->len, response->request->mailbox->user);
    if (people.organizer && !people.owner_organizes && write_answer_into(response, before, bytes, &file)) {
        response->event = store_write(response->folder, response->event, NULL, file->str, file->len);
        status = response->event ? STATUS_OK : STATUS_FAILED;
        if (status == STATUS_OK)
            mail_answer(response, &people, file);
        if (status == STATUS_OK && response->answer == DECLINE && whole)
            store_move(response->folder, response->event, bin);
        g_string_free(file, TRUE);
    }
    participants_clear(&people);
    return status;
}

/* ---- the request ---- */

/* The invitation has done its work: it goes into Deleted Items. */
static int respond(struct response *response)
{
    struct folder *inbox = NULL, *bin = store_default_folder(response->request->mailbox, DELETED_ITEMS);
    struct entry *mail = NULL;
    int status = find_event(response, &mail, &inbox);

    if (status == STATUS_OK)
        status = answer_event(response);
    if (status == STATUS_OK && mail && inbox != bin)
        store_move(inbox, mail, bin);
    return status;
}

static void write_result(struct wbxml_writer *wbxml, const struct response *response, int status)
{
    const char *long_id = eas_node_text(response->node, TAG_Search_LongId);
    const char *request_id = eas_node_text(response->node, TAG_MeetingResponse_RequestId);
    char id[EASD_ID_BYTES];

    wbxml_open(wbxml, TAG_MeetingResponse_Result);
    wbxml_text(wbxml, TAG_MeetingResponse_RequestId, request_id ? request_id : long_id);
    wbxml_number(wbxml, TAG_MeetingResponse_Status, status);
    if (status == STATUS_OK && response->answer != DECLINE) {
        folder_server_id(response->folder, response->event, id);
        wbxml_text(wbxml, TAG_MeetingResponse_CalendarId, id);
    }
    wbxml_close(wbxml);
}

static bool response_valid(const struct eas_node *node, int version)
{
    gint64 answer;
    bool named = eas_node_child(node, TAG_Search_LongId) ||
                 (edit_text(node, TAG_MeetingResponse_CollectionId) && edit_text(node, TAG_MeetingResponse_RequestId));

    return node->tag == TAG_MeetingResponse_Request && named && edit_text(node, TAG_MeetingResponse_UserResponse) &&
           edit_number(node, TAG_MeetingResponse_UserResponse, ACCEPT, DECLINE, 0, &answer) &&
           (version >= 141 || !eas_node_child(node, TAG_MeetingResponse_InstanceId)) &&
           (version >= 160 || !eas_node_child(node, TAG_MeetingResponse_SendResponse));
}

static bool request_valid(const struct request *request)
{
    guint count = 0;

    for (const struct eas_node *node = request->root->first; node; node = node->next)
        if (!response_valid(node, request->version) || ++count > EASD_RESPONSES)
            return false;
    return count > 0;
}

void run_meeting_response(struct request *request, struct answer *answer)
{
    struct wbxml_writer wbxml;

    if (!request_valid(request)) {
        answer_global_status(request, answer, STATUS_MALFORMED);
        return;
    }
    answer_begin(answer, &wbxml);
    wbxml_open(&wbxml, TAG_MeetingResponse_MeetingResponse);
    for (const struct eas_node *node = request->root->first; node; node = node->next) {
        struct response response = {.request = request, .node = node};

        response.answer = eas_node_number(node, TAG_MeetingResponse_UserResponse, 0);
        write_result(&wbxml, &response, respond(&response));
    }
    wbxml_close(&wbxml);
}
