/* SendMail, SmartReply, SmartForward (MS-ASCMD 2.2.1.17 to 2.2.1.20): up to 12.1 the message is the body and
 * all else stands in the query, from 14.0 on both are in a document. */
#include "contrib/easd/send_mail.h"

#include <string.h>

#include "contrib/easd/command.h"
#include "contrib/easd/edit.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/long_id.h"
#include "contrib/easd/store.h"
#include "contrib/easd/submit.h"

enum { STATUS_MALFORMED = 103, STATUS_SENT_BEFORE = 118, STATUS_SOURCE_GONE = 150, STATUS_MIXED = 178 };

struct sending {
    const char *bytes; /* the message */
    gsize length;
    const char *client_id, *folder_id, *item_id, *long_id;
    bool save, replace;
};

/* A flag may be an empty tag, which says yes. */
static bool is_set(const struct eas_node *root, eas_tag tag)
{
    const char *text = eas_node_text(root, tag);

    return text && strcmp(text, "0") != 0;
}

static int read_document(struct sending *sending, const struct request *request)
{
    const struct eas_node *root = request->root, *source = eas_node_child(root, TAG_ComposeMail_Source);
    const struct eas_node *mime = eas_node_child(root, TAG_ComposeMail_Mime);

    if (eas_node_child(root, TAG_ComposeMail_Forwardees))
        return request->version >= 160 && mime ? STATUS_MIXED : STATUS_MALFORMED;
    sending->client_id = edit_text(root, TAG_ComposeMail_ClientId);
    sending->folder_id = edit_text(source, TAG_ComposeMail_FolderId);
    sending->item_id = edit_text(source, TAG_ComposeMail_ItemId);
    sending->long_id = edit_text(source, TAG_ComposeMail_LongId);
    sending->save = is_set(root, TAG_ComposeMail_SaveInSentItems);
    sending->replace = is_set(root, TAG_ComposeMail_ReplaceMime);
    if (!mime || !sending->client_id || strlen(sending->client_id) > EASD_CLIENT_ID ||
        (source != NULL) != (request->command->smart))
        return STATUS_MALFORMED;
    sending->bytes = mime->text;
    sending->length = mime->length;
    return SUBMIT_OK;
}

static int read_query(struct sending *sending, const struct request *request)
{
    const struct query *query = request->query;

    sending->bytes = request->body;
    sending->length = request->body_length;
    sending->save = query->save_in_sent;
    sending->folder_id = query->collection_id;
    sending->item_id = query->item_id;
    sending->long_id = query->long_id;
    return SUBMIT_OK;
}

/* The item that is answered or forwarded. */
static struct entry *find_source(const struct request *request, const struct sending *sending, struct folder **folder)
{
    struct entry *entry;

    if (sending->long_id)
        return long_id_find(request->mailbox, sending->long_id, folder);
    *folder = mailbox_folder(request->mailbox, sending->folder_id);
    entry = *folder ? folder_entry(*folder, sending->item_id) : NULL;
    return entry && entry_served(entry, request->version) ? entry : NULL;
}

static int send_bytes(struct request *request, const struct sending *sending, const char *why)
{
    const struct submission submission = {.server = request->server,
                                          .mailbox = request->mailbox,
                                          .bytes = sending->bytes,
                                          .length = sending->length,
                                          .save = sending->save,
                                          .why = why};

    return submit(&submission);
}

static int send_smart(struct request *request, struct sending *sending)
{
    bool forward = strcmp(request->command->name, "SmartForward") == 0;
    const char *why = forward ? "smartforward" : "smartreply";
    struct folder *folder;
    struct entry *source = find_source(request, sending, &folder);
    g_autofree char *path = NULL;
    GString *whole = NULL;
    int status;

    if (!source)
        return STATUS_SOURCE_GONE;
    if (!sending->replace) {
        path = folder_path(folder, source);
        whole = smart_compose(sending->bytes, sending->length, path, folder->class != CLASS_MAIL, forward);
        if (!whole)
            return SUBMIT_NO_MESSAGE;
        sending->bytes = whole->str;
        sending->length = whole->len;
    }
    status = send_bytes(request, sending, why);
    if (status == SUBMIT_OK && folder->class == CLASS_MAIL)
        store_set_state(folder, source, "answered", forward ? "forward" : "reply");
    if (whole)
        g_string_free(whole, TRUE);
    return status;
}

/* A ClientId is a message's own: what comes with one again is not sent again (MS-ASCMD 2.2.3.28). */
static bool sent_before(const struct request *request, const char *client_id)
{
    return client_id && g_queue_find_custom(request->device->sent_ids, client_id, (GCompareFunc)(void (*)(void))strcmp);
}

static void note_sent(const struct request *request, const char *client_id)
{
    GQueue *ids = request->device->sent_ids;

    if (!client_id)
        return;
    g_queue_push_tail(ids, g_strdup(client_id));
    if (g_queue_get_length(ids) > EASD_SENT_IDS)
        g_free(g_queue_pop_head(ids));
}

/* Success is an empty answer. */
void run_send_mail(struct request *request, struct answer *answer)
{
    struct sending sending = {0};
    int status = request->version >= 140 ? read_document(&sending, request) : read_query(&sending, request);

    if (status == SUBMIT_OK && sent_before(request, sending.client_id))
        status = STATUS_SENT_BEFORE;
    if (status == SUBMIT_OK && request->fault.kind != FAULT_FORGET)
        status = request->command->smart ? send_smart(request, &sending) : send_bytes(request, &sending, "sendmail");
    if (status == SUBMIT_OK)
        note_sent(request, sending.client_id);
    else
        answer_global_status(request, answer, status);
}
