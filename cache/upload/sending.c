/* Messages: sent once. A row is durable as SENT before the first byte; from then on it is sent again only if the server
 * provably did not get all of it, or said so. Otherwise Sent Items is searched for the Message-ID, and what is not
 * found there in the end is held (CONTRACT 5). No server recognises a repeated ClientId for sure (NOTES section 18).
 *
 * A reply or forward of a message that we hold goes as SmartReply or SmartForward, which marks the original. The file
 * in Outbox is whole, so that the server must not add the original to it: ReplaceMime says so, from 14.0 on; before, it
 * could not be said, and such a message goes like any other. */
#include <errno.h>
#include <string.h>

#include "cache/sync/file_bytes.h"
#include "cache/sync/mail_head.h"
#include "cache/upload/uploader.h"
#include "codec/files/compose.h"
#include "codec/limits.h"
#include "codec/wire/send_mail.h"
#include "codec/wire/status.h"

/* A message and what it answers. */
struct letter {
    struct journal *row;
    GBytes *message;
    char *folder_id, *item_id; /* of the message it answers; NULL: none */
    bool forward;
};

static void letter_clear(struct letter *letter)
{
    g_clear_pointer(&letter->message, g_bytes_unref);
    g_free(letter->folder_id);
    g_free(letter->item_id);
}

static int in_transaction(struct upload *upload, struct journal *row, int (*how)(struct upload *, struct journal *))
{
    int error = upload_begin(upload);

    return error ? error : upload_end(upload, how(upload, row));
}

/* ---- what it answers ---- */

static bool find_original(struct upload *upload, const char *message_id, struct letter *letter)
{
    g_autofree char *bracketed = g_strdup_printf("<%s>", message_id);
    struct item item = {0};

    if (store_mail_find(upload->engine->store, bracketed, &item) != 0)
        return false;
    const struct collection *collection = upload_collection(upload, item.collection_id);

    if (collection && !journal_has_item(upload->engine->store, item.id)) {
        letter->folder_id = g_strdup(collection->server_id);
        letter->item_id = g_strdup(item.server_id);
        upload_touch(upload, collection->id); /* the server marks it */
    }
    item_clear(&item);
    return letter->item_id != NULL;
}

static void find_references(struct upload *upload, struct letter *letter)
{
    struct compose_context context = {
        .user = upload->engine->address ? upload->engine->address : "", .date = "", .message_id = letter->row->uid};
    struct composed composed = {0};
    g_autofree char *reason = NULL;
    gsize size;
    const char *bytes = g_bytes_get_data(letter->message, &size);

    if (session_version(upload->engine->session) < EAS_14_0 || letter->row->kind == JOURNAL_MAIL ||
        letter->row->tries > 0 || !compose(bytes, size, &context, &composed, &reason))
        return;
    letter->forward = composed.forward;
    for (guint i = 0; composed.references && i < composed.references->len; i++)
        if (find_original(upload, composed.references->pdata[i], letter))
            break;
    composed_clear(&composed);
}

/* ---- sent ---- */

/* What was sent is no draft any more, and not removed either: it is in Sent Items. */
static int drop_draft(struct upload *upload, int64_t item_id)
{
    struct store *store = upload->engine->store;
    struct journal deletion;
    int error = item_id ? journal_of_item(store, JOURNAL_DELETE, item_id, &deletion) : -ENOENT;

    if (error)
        return error == -ENOENT ? 0 : error;
    if (deletion.state == JOURNAL_QUEUED) {
        deletion.response = JOURNAL_FOR_GOOD;
        deletion.due_ns = 0;
        error = journal_put(store, &deletion);
    }
    journal_clear(&deletion);
    return error;
}

static int gone_out(struct upload *upload, struct journal *row)
{
    struct store *store = upload->engine->store;
    int error = drop_draft(upload, row->item_id);

    if (!error)
        error = journal_remove(store, row->id);
    upload_touch_type(upload, EAS_FOLDER_SENT);
    if (!error && row->kind == JOURNAL_SEND)
        error = store_file_remove(store, row->ino);
    return error == -ENOENT ? 0 : error;
}

/* Refusals that leave no doubt: the message did not go out. */
static bool is_certainly_unsent(const struct call *call, const struct eas_result *result)
{
    static const int doubtful[] = {408, 500, 502, 504};

    if (call->unsent || result->outcome == EAS_REFUSED)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(doubtful); i++)
        if (result->http == doubtful[i])
            return false;
    return result->http >= 400;
}

/* Said at once, and for as long as it is looked for. Who removed it meanwhile does not want to know. */
static int note_doubt(struct upload *upload, struct journal *row)
{
    int error = row_refresh(upload, row);

    if (error)
        return error == -ENOENT ? 0 : error;
    g_autoptr(GDateTime) until =
        g_date_time_new_from_unix_utc(row->sent_ns / G_GINT64_CONSTANT(1000000000) + LIMIT_SENT_LOOK_MS / 1000);

    g_free(row->error);
    row->error = g_date_time_format(until, "perhaps sent; looked for in Sent Items until %H:%M UTC");
    return journal_put(upload->engine->store, row);
}

/* The server said why; that there is none is said of the account. */
static int wait_for_account(struct upload *upload, struct journal *row, const struct eas_result *result)
{
    if (result->status || result->http) {
        g_free(row->error);
        row->error = g_strdup(result->text);
    }
    return row_requeue(upload, row);
}

static struct eas_result not_sent(struct upload *upload, struct journal *row, const struct eas_result *result)
{
    enum { NO_REPLY_BUILT = 121 };
    bool of_account = result->outcome != EAS_REFUSED || result->scope >= EAS_SCOPE_ACCOUNT;
    struct eas_result refusal = *result;
    int error = upload_begin(upload);

    if (error)
        return store_result(error);
    if (result->status == NO_REPLY_BUILT)
        refusal.action = EAS_ACTION_RETRY; /* as an ordinary message, next time */
    error = upload_end(upload, of_account ? wait_for_account(upload, row, result) : row_refused(upload, row, &refusal));
    return error || !of_account ? store_result(error) : *result;
}

static struct eas_result post(struct upload *upload, struct letter *letter)
{
    enum eas_version version = session_version(upload->engine->session);
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct mail_to_send mail = {.command = !letter->item_id  ? EAS_SEND_MAIL
                                           : letter->forward ? EAS_SMART_FORWARD
                                                             : EAS_SMART_REPLY,
                                .client_id = letter->row->client_id,
                                .save = true,
                                .folder_id = letter->folder_id,
                                .item_id = letter->item_id,
                                .replace_mime = true};
    g_autofree char *query = send_mail_query(version, &mail);
    struct answer_tree answer = {0};
    struct call call = {.command = mail.command,
                        .request = request,
                        .sink = &answer_tree_sink,
                        .ctx = &answer,
                        .query = query,
                        .once = true};
    gsize size;
    const char *message = g_bytes_get_data(letter->message, &size);

    send_mail_request(request, version, &mail, message, size);
    struct eas_result result = session_call(upload->engine->link, &call);

    if (eas_is_served(&result) && call.status > 1)
        result = eas_status_result(mail.command, EAS_LEVEL_TOP, call.status);
    result = request_refusal(mail.command, &result);
    answer_tree_clear(&answer);
    if (eas_is_served(&result))
        return store_result(in_transaction(upload, letter->row, gone_out));
    if (is_certainly_unsent(&call, &result))
        return not_sent(upload, letter->row, &result);
    int error = in_transaction(upload, letter->row, note_doubt);

    return error ? store_result(error) : result;
}

/* NULL: it was removed meanwhile; or, with an error, it cannot be read. */
static GBytes *message_of(struct upload *upload, const struct journal *row, int *error)
{
    g_autoptr(eas_node) node = NULL;

    *error = 0;
    if (row->kind == JOURNAL_SEND)
        return file_bytes(upload->engine, row->ino, error);
    node = upload_node(row->data);
    return node ? g_bytes_new(node->text, node->length) : NULL;
}

GBytes *letter_pack(GBytes *message)
{
    gsize length;
    const char *bytes = g_bytes_get_data(message, &length);
    g_autoptr(eas_node) node = eas_node_new(TAG_ComposeMail_Mime, NULL);

    node->opaque = true;
    g_free(node->text);
    node->text = g_malloc(length + 1);
    memcpy(node->text, bytes, length);
    node->text[length] = '\0';
    node->length = length;
    return eas_node_bytes(node);
}

/* What is on its way nobody writes to: it is read then, so that it is what was written last. */
static struct eas_result send_one(struct upload *upload, struct journal *row)
{
    struct letter letter = {.row = row};
    struct eas_result result;

    g_clear_pointer(&row->error, g_free); /* on its way, it says nothing until it is in doubt */
    int error = rows_mark(upload, &row, 1, NULL);

    if (error || !row->id)
        return store_result(error);
    letter.message = message_of(upload, row, &error);
    if (error) {
        in_transaction(upload, row, row_requeue);
        result = store_result(error);
    } else if (!letter.message) {
        result = store_result(in_transaction(upload, row, gone_out));
    } else {
        find_references(upload, &letter);
        result = post(upload, &letter);
    }
    letter_clear(&letter);
    return result;
}

struct eas_result upload_mail(struct upload *upload)
{
    g_autoptr(GArray) rows = upload_due(upload, UPLOAD_KIND(JOURNAL_SEND) | UPLOAD_KIND(JOURNAL_MAIL));
    struct eas_result result = eas_served();

    for (guint i = 0; i < rows->len && eas_is_served(&result); i++)
        result = upload_is_stopping(upload) ? eas_unreachable(75, "interrupted")
                                            : send_one(upload, &g_array_index(rows, struct journal, i));
    return result;
}

/* ---- looked for ---- */

static const struct collection *find_sent_items(const struct upload *upload)
{
    for (guint i = 0; i < upload->collections->len; i++) {
        const struct collection *each = &g_array_index(upload->collections, struct collection, i);

        if (each->type == EAS_FOLDER_SENT)
            return each;
    }
    return NULL;
}

bool row_is_letter(const struct journal *row)
{
    return row->kind == JOURNAL_SEND || row->kind == JOURNAL_MAIL;
}

void upload_name_sent(struct upload *upload, GHashTable *only)
{
    g_autoptr(GArray) rows = journal_list(upload->engine->store, JOURNAL_SENT, G_MAXINT64);
    const struct collection *sent = find_sent_items(upload);

    for (guint i = 0; only && sent && i < rows->len; i++)
        if (row_is_letter(&g_array_index(rows, struct journal, i)))
            g_hash_table_add(only, g_strdup(sent->server_id));
}

/* Where a server gives bodies by themselves, a message bears no Message-ID in the store: the newest are looked into. */
static bool is_in_heads(struct upload *upload, const struct collection *sent, const char *message_id)
{
    g_autoptr(GArray) newest = store_newest(upload->engine->store, sent->id, LIMIT_SENT_HEADS);

    for (guint i = 0; i < newest->len; i++) {
        const struct item *item = &g_array_index(newest, struct item, i);
        int error = 0;
        g_autoptr(GBytes) bytes = !*item->uid && item->body ? file_bytes(upload->engine, item->ino, &error) : NULL;
        gsize size = 0;
        const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
        g_autofree char *id = data ? mail_head_message_id(data, MIN(size, LIMIT_MAIL_HEAD_BYTES)) : NULL;

        if (!g_strcmp0(id, message_id))
            return true;
    }
    return false;
}

static bool is_in_sent_items(struct upload *upload, const struct journal *row)
{
    const struct collection *sent = find_sent_items(upload);
    g_autofree char *bracketed = g_strdup_printf("<%s>", row->uid ? row->uid : "");
    struct item item = {0};
    bool found = sent && row->uid && *row->uid &&
                 (store_uid_find(upload->engine->store, sent->id, bracketed, &item) == 0 ||
                  is_in_heads(upload, sent, bracketed));

    item_clear(&item);
    return found;
}

static int give_up(struct upload *upload, struct journal *row)
{
    return row_hold(upload, row,
                    "it may have been sent: the server's answer was lost, and it is not in Sent Items; "
                    "easfs retry sends it (again), easfs discard drops it");
}

int upload_look_for_mail(struct upload *upload)
{
    g_autoptr(GArray) rows = journal_list(upload->engine->store, JOURNAL_SENT, G_MAXINT64);
    struct uploader *uploader = uploader_of(upload->engine);
    int error = 0;

    uploader->look_at = 0;
    for (guint i = 0; i < rows->len && !error; i++) {
        struct journal *row = &g_array_index(rows, struct journal, i);

        if (!row_is_letter(row))
            continue;
        if (is_in_sent_items(upload, row)) {
            error = in_transaction(upload, row, gone_out);
        } else if (upload->now_ns - row->sent_ns >= LIMIT_SENT_LOOK_MS * G_GINT64_CONSTANT(1000000)) {
            error = in_transaction(upload, row, give_up);
        } else {
            error = row->error ? 0 : in_transaction(upload, row, note_doubt); /* easfs ended before it was said */
            uploader->look_at = g_get_monotonic_time() + LIMIT_SENT_AGAIN_MS * G_GINT64_CONSTANT(1000);
        }
    }
    return error;
}
