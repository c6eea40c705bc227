/* Meetings. Answers to invitations (MS-ASCMD 2.2.1.11), and the mail that goes with meetings of one's own. Up to 14.1
 * the server changes the calendar only, and the mail to the organiser is ours: it is queued in the same transaction.
 * From 16.0 on the server mails. */
#include <errno.h>
#include <string.h>

#include "cache/sync/file_bytes.h"
#include "cache/upload/uploader.h"
#include "codec/limits.h"
#include "codec/wire/meeting_response.h"
#include "codec/wire/status.h"

enum { DECLINED = 3 }; /* a response of the journal */

static int settle(struct upload *upload, struct journal *row, const char *why)
{
    int error = upload_begin(upload);

    return error
               ? error
               : upload_end(upload, why ? row_hold(upload, row, why) : journal_remove(upload->engine->store, row->id));
}

/* ---- the mail to the organiser ---- */

static bool is_reply_wanted(const struct eas_node *data)
{
    return eas_node_number(data, TAG_Calendar_ResponseRequested, 1) != 0;
}

static char *rfc5322_date(int64_t ns)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(ns / G_GINT64_CONSTANT(1000000000));
    g_autofree char *rest = g_date_time_format(at, "%Y %H:%M:%S +0000");

    return g_strdup_printf("%s, %d %s %s", days[g_date_time_get_day_of_week(at) - 1], g_date_time_get_day_of_month(at),
                           months[g_date_time_get_month(at) - 1], rest);
}

/* The mail goes by the name that its event has, or had before it was removed. */
static void name_event(struct upload *upload, int64_t ino, struct journal *mail)
{
    struct store *store = upload->engine->store;
    struct file_row file = {0};
    struct journal removal = {0};
    bool known = store_file_get(store, ino, &file) == 0;

    if (known && store_is_grave(store, file.parent)) {
        known = journal_of_file(store, JOURNAL_DELETE, ino, &removal) == 0;
        mail->origin = known ? g_strdup(removal.origin) : NULL;
        mail->origin_ino = removal.origin_ino;
    } else if (known) {
        mail->origin = g_strdup(file.name);
        mail->origin_ino = file.parent;
    }
    journal_clear(&removal);
    file_row_clear(&file);
}

/* The row is made in the transaction of the answer: mailed once, whatever happens in between. */
static int put_mail(struct upload *upload, const char *method, const struct eas_node *data, const char *uid,
                    int64_t ino, int response)
{
    struct sync_engine *engine = upload->engine;
    struct file_context context = file_context_of(engine, uid);
    g_autofree char *date = rfc5322_date(upload->now_ns), *unique = g_uuid_string_random();
    const char *host = engine->address ? strrchr(engine->address, '@') : NULL;
    g_autofree char *message_id = g_strdup_printf("%s@%s", unique, host ? host + 1 : "localhost");
    g_autoptr(GBytes) message = meeting_mail(method, data, &context, response, date, message_id);
    struct journal mail = {.kind = JOURNAL_MAIL,
                           .state = JOURNAL_QUEUED,
                           .queued_ns = upload->now_ns,
                           .uid = message_id,
                           .client_id = unique,
                           .data = message ? letter_pack(message) : NULL,
                           .wanted = {-1, -1, -1, -1, NULL}};
    int error = 0;

    if (message) {
        name_event(upload, ino, &mail);
        error = journal_put(engine->store, &mail);
        g_free(mail.origin);
    }
    g_clear_pointer(&mail.data, g_bytes_unref);
    return error;
}

static int put_reply(struct upload *upload, const struct journal *row, const struct item *item)
{
    g_autoptr(eas_node) data = upload_node(item->props);

    return data && is_reply_wanted(data) ? put_mail(upload, "REPLY", data, item->uid, item->ino, row->response) : 0;
}

int upload_invite(struct upload *upload, GBytes *base, GBytes *mine, const char *uid, int64_t ino)
{
    const struct sync_engine *engine = upload->engine;
    g_autoptr(eas_node) before = upload_node(base), after = upload_node(mine);
    int response;

    if (!engine->config->send_invitations || session_version(engine->session) >= EAS_16_0 || (!before && !after) ||
        meeting_act(before, after, engine->address ? engine->address : "", &response) != MEETING_ORGANISE)
        return 0;
    return put_mail(upload, after ? "REQUEST" : "CANCEL", after ? after : before, uid, ino, 0);
}

int upload_declined(struct upload *upload, const struct item *item)
{
    struct journal row = {0};
    int error = journal_of_item(upload->engine->store, JOURNAL_RESPOND, item->id, &row);

    if (!error && row.sent_ns && row.response == DECLINED && session_version(upload->engine->session) < EAS_16_0)
        error = put_reply(upload, &row, item);
    journal_clear(&row);
    return error == -ENOENT ? 0 : error;
}

/* ---- the answer ---- */

/* A server need not tell us what we told it: without this the next save of the file would answer once more. */
static int note_answer(struct upload *upload, const struct journal *row, const struct item *item)
{
    g_autoptr(eas_node) data = upload_node(item->props);
    g_autoptr(GBytes) props = NULL;

    if (!data)
        return 0;
    meeting_answered(data, row->response);
    props = eas_node_bytes(data);
    return store_identity_props(upload->engine->store, item->id, props);
}

static int taken(struct upload *upload, struct journal *row, const struct item *item)
{
    int error = upload_begin(upload);

    if (error)
        return error;
    error = note_answer(upload, row, item);
    if (!error && session_version(upload->engine->session) < EAS_16_0)
        error = put_reply(upload, row, item);
    if (!error)
        error = journal_remove(upload->engine->store, row->id);
    upload_touch(upload, item->collection_id);
    return upload_end(upload, error);
}

static int not_taken(struct upload *upload, struct journal *row, const struct eas_result *refusal)
{
    int error = upload_begin(upload);

    return error ? error : upload_end(upload, refusal ? row_refused(upload, row, refusal) : row_requeue(upload, row));
}

/* The invitation is the calendar's item from 14.0 on; before, the mail in the Inbox alone will do. */
static bool find_request(struct upload *upload, const struct item *item, char **folder, char **id)
{
    const struct collection *calendar = upload_collection(upload, item->collection_id);

    if (!calendar || session_version(upload->engine->session) < EAS_14_0)
        return false;
    *folder = g_strdup(calendar->server_id);
    *id = g_strdup(item->server_id);
    return true;
}

static struct eas_result respond(struct upload *upload, struct journal *row, const struct item *item)
{
    enum eas_version version = session_version(upload->engine->session);
    g_autoptr(GByteArray) request = g_byte_array_new();
    g_autofree char *folder = NULL, *id = NULL;
    struct answer_tree answer = {0};
    struct call call = {.command = EAS_MEETING_RESPONSE,
                        .request = request,
                        .sink = &answer_tree_sink,
                        .ctx = &answer,
                        .once = version >= EAS_16_0};
    struct eas_result result;
    int error;

    if (!find_request(upload, item, &folder, &id))
        return store_result(settle(upload, row,
                                   "before protocol 14.0 an invitation can only be answered in the mail that brought "
                                   "it; answer that with another program"));
    struct meeting_reply reply = {.answer = (enum meeting_answer)row->response,
                                  .collection_id = folder,
                                  .request_id = id,
                                  .send = version >= EAS_16_0};

    error = rows_mark(upload, &row, 1, NULL);
    if (error || !row->id)
        return store_result(error);
    meeting_response_request(request, version, &reply, 1);
    result = session_call(upload->engine->link, &call);
    if (eas_is_served(&result) && call.status > 1)
        result = eas_status_result(EAS_MEETING_RESPONSE, EAS_LEVEL_TOP, call.status);
    result = request_refusal(EAS_MEETING_RESPONSE, &result);
    if (eas_is_served(&result)) {
        g_autoptr(GArray) replied = meeting_response_read(answer_tree_root(&answer));
        int status = replied->len ? g_array_index(replied, struct meeting_replied, 0).status : 0;

        if (status != 1)
            result = eas_status_result(EAS_MEETING_RESPONSE, EAS_LEVEL_ITEM, status ? status : 4);
    }
    if (eas_is_served(&result)) {
        result = store_result(taken(upload, row, item));
    } else if (result.outcome == EAS_REFUSED) {
        bool of_account = result.scope >= EAS_SCOPE_ACCOUNT;

        error = not_taken(upload, row, of_account ? NULL : &result);
        result = error || !of_account ? store_result(error) : result;
    } else if (call.unsent && (error = not_taken(upload, row, NULL))) {
        result = store_result(error);
    } /* else: doubt.c looks whether it arrived */
    answer_tree_clear(&answer);
    return result;
}

struct eas_result upload_replies(struct upload *upload)
{
    g_autoptr(GArray) rows = upload_due(upload, UPLOAD_KIND(JOURNAL_RESPOND));
    struct eas_result result = eas_served();

    for (guint i = 0; i < rows->len && eas_is_served(&result); i++) {
        struct journal *row = &g_array_index(rows, struct journal, i);
        struct item item = {0};
        int error = store_item_get(upload->engine->store, row->item_id, &item);

        if (error == -ENOENT)
            result = store_result(settle(upload, row, NULL));
        else
            result = error ? store_result(error) : respond(upload, row, &item);
        item_clear(&item);
    }
    return result;
}
