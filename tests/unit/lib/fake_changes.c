#include <string.h>

#include "tests/unit/lib/fake_mailbox.h"

unsigned fake_count(const struct fake_folder *folder)
{
    unsigned count = 0;

    for (guint i = 0; i < folder->items->len; i++)
        count += !((struct fake_item *)folder->items->pdata[i])->gone;
    return count;
}

struct fake_item *fake_only(const struct fake_folder *folder, const char *subject)
{
    struct fake_item *found = NULL;
    unsigned count = 0;

    for (guint i = 0; i < folder->items->len; i++) {
        struct fake_item *each = folder->items->pdata[i];

        if (each->gone || strcmp(each->subject, subject) != 0)
            continue;
        found = each;
        count++;
    }
    return count == 1 ? found : NULL;
}

/* ---- Sync ---- */

static const char *subject_of(const struct eas_node *data)
{
    static const eas_tag tags[] = {TAG_Notes_Subject, TAG_Calendar_Subject, TAG_Tasks_Subject, TAG_Contacts_LastName,
                                   TAG_Email_Subject};
    const char *text = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(tags) && !text; i++)
        text = eas_node_text(data, tags[i]);
    return text ? text : "";
}

static void respond(struct eas_node *out, const struct eas_node *command, const char *server_id, int status)
{
    struct eas_node *responses = eas_node_child(out, TAG_AirSync_Responses), *response;
    g_autofree char *text = g_strdup_printf("%d", status);
    const char *client_id = eas_node_text(command, TAG_AirSync_ClientId);

    if (!responses)
        responses = eas_node_add(out, TAG_AirSync_Responses, NULL);
    response = eas_node_add(responses, command->tag, NULL);
    if (client_id)
        eas_node_add(response, TAG_AirSync_ClientId, client_id);
    if (server_id)
        eas_node_add(response, TAG_AirSync_ServerId, server_id);
    eas_node_add(response, TAG_AirSync_Status, text);
}

static void add(struct fake_mailbox *mailbox, struct fake_folder *folder, const struct eas_node *command,
                struct eas_node *out)
{
    const struct eas_node *data = eas_node_child(command, TAG_AirSync_ApplicationData);
    struct fake_item *item = fake_item_add(mailbox, folder, subject_of(data));

    item->data = eas_node_copy(data);
    item->gone = folder->forgets;
    fake_log(folder, FAKE_ADD, item, mailbox->forgetful);
    respond(out, command, item->id, 1);
}

/* Flags of a message; of anything else, all of it. */
static void change(struct fake_mailbox *mailbox, struct fake_folder *folder, struct fake_item *item,
                   const struct eas_node *command)
{
    const struct eas_node *data = eas_node_child(command, TAG_AirSync_ApplicationData);
    const struct eas_node *flag = eas_node_child(data, TAG_Email_Flag);

    if (folder->class == EAS_MAIL) {
        item->read = (int)eas_node_number(data, TAG_Email_Read, item->read);
        item->flag = flag ? (int)eas_node_number(flag, TAG_Email_Status, 0) : item->flag;
    } else {
        eas_node_free(item->data);
        item->data = eas_node_copy(data);
        g_free(item->subject);
        item->subject = g_strdup(subject_of(data));
    }
    fake_log(folder, FAKE_WHOLE_CHANGE, item, mailbox->forgetful);
}

static struct fake_folder *trash(struct fake_mailbox *mailbox)
{
    for (guint i = 0; i < mailbox->folders->len; i++)
        if (((struct fake_folder *)mailbox->folders->pdata[i])->type == EAS_FOLDER_DELETED)
            return mailbox->folders->pdata[i];
    return NULL;
}

static struct fake_item *transfer(struct fake_mailbox *mailbox, struct fake_item *item, struct fake_folder *to,
                                  bool own)
{
    struct fake_item *there = fake_item_add(mailbox, to, item->subject);

    there->mime = item->mime ? g_bytes_ref(item->mime) : NULL;
    there->data = item->data ? eas_node_copy(item->data) : NULL;
    there->uid = g_strdup(item->uid);
    there->hour = item->hour;
    there->read = item->read;
    fake_log(to, FAKE_ADD, there, own);
    return there;
}

static void delete (struct fake_mailbox *mailbox, struct fake_folder *folder, struct fake_item *item, bool as_move)
{
    struct fake_folder *to = trash(mailbox);

    item->gone = true;
    fake_log(folder, FAKE_DELETE, item, mailbox->forgetful);
    if (as_move && to && to != folder && folder->class == EAS_MAIL)
        transfer(mailbox, item, to, false);
}

static void run(struct fake_mailbox *mailbox, struct fake_folder *folder, const struct eas_node *asked,
                const struct eas_node *command, struct eas_node *out)
{
    const char *id = eas_node_text(command, TAG_AirSync_ServerId);
    struct fake_item *item = id ? fake_item_by_id(folder, id) : NULL;

    if (folder->item_statuses) {
        folder->item_statuses--;
        respond(out, command, id, folder->item_status);
    } else if (command->tag == TAG_AirSync_Add) {
        add(mailbox, folder, command, out);
    } else if (!item || item->gone) {
        respond(out, command, id, 8);
    } else if (command->tag == TAG_AirSync_Change) {
        change(mailbox, folder, item, command);
    } else {
        delete (mailbox, folder, item, eas_node_number(asked, TAG_AirSync_DeletesAsMoves, 1) != 0);
    }
}

static bool is_poisoned(const struct fake_folder *folder, const struct eas_node *list)
{
    for (const struct eas_node *each = list->first; each && folder->chokes; each = each->next)
        if (!strcmp(subject_of(eas_node_child(each, TAG_AirSync_ApplicationData)), "poison"))
            return true;
    return false;
}

bool fake_commands(struct fake_mailbox *mailbox, struct fake_folder *folder, const struct eas_node *asked,
                   unsigned *place, struct eas_node *out)
{
    const struct eas_node *list = eas_node_child(asked, TAG_AirSync_Commands);
    bool settled = *place == folder->log->len;

    if (!list)
        return true;
    if (is_poisoned(folder, list))
        return false;
    mailbox->writes++;
    for (const struct eas_node *each = list->first; each; each = each->next)
        run(mailbox, folder, asked, each, out);
    if (settled && !mailbox->forgetful)
        *place = folder->log->len;
    return true;
}

/* ---- the other commands ---- */

static void move(struct fake_mailbox *mailbox, const struct eas_node *asked, struct eas_node *answer)
{
    struct fake_folder *from = fake_folder_by_id(mailbox, eas_node_text(asked, TAG_Move_SrcFldId));
    struct fake_folder *to = fake_folder_by_id(mailbox, eas_node_text(asked, TAG_Move_DstFldId));
    const char *id = eas_node_text(asked, TAG_Move_SrcMsgId);
    struct fake_item *item = fake_item_by_id(from, id);
    struct eas_node *response = eas_node_add(answer, TAG_Move_Response, NULL);

    eas_node_add(response, TAG_Move_SrcMsgId, id);
    if (!item || item->gone || !to) {
        eas_node_add(response, TAG_Move_Status, to ? "1" : "2");
        return;
    }
    item->gone = true;
    fake_log(from, FAKE_DELETE, item, false);
    eas_node_add(response, TAG_Move_Status, "3");
    eas_node_add(response, TAG_Move_DstMsgId, transfer(mailbox, item, to, false)->id);
}

static struct eas_node *move_items(struct fake_mailbox *mailbox, const struct eas_node *root)
{
    struct eas_node *answer = eas_node_new(TAG_Move_MoveItems, NULL);

    for (const struct eas_node *each = root ? root->first : NULL; each; each = each->next)
        move(mailbox, each, answer);
    return answer;
}

static struct eas_node *change_folder(struct fake_mailbox *mailbox, const struct eas_node *root)
{
    struct eas_node *answer = eas_node_new(root->tag, NULL);
    struct fake_folder *folder = fake_folder_by_id(mailbox, eas_node_text(root, TAG_FolderHierarchy_ServerId));
    const char *parent = eas_node_text(root, TAG_FolderHierarchy_ParentId);
    const char *name = eas_node_text(root, TAG_FolderHierarchy_DisplayName);
    bool create = root->tag == TAG_FolderHierarchy_FolderCreate;

    if (create) {
        g_mutex_unlock(&mailbox->lock);
        folder = fake_folder(mailbox, NULL, name, (int)eas_node_number(root, TAG_FolderHierarchy_Type, 12));
        g_mutex_lock(&mailbox->lock);
    }
    if (!folder) {
        eas_node_add(answer, TAG_FolderHierarchy_Status, "4");
        return answer;
    }
    if (root->tag == TAG_FolderHierarchy_FolderDelete) {
        g_ptr_array_remove(mailbox->folders, folder);
    } else {
        char *new_parent = g_strdup(parent), *new_name = g_strdup(name);

        g_free(folder->parent);
        g_free(folder->name);
        folder->parent = new_parent;
        folder->name = new_name;
    }
    g_autofree char *key = g_strdup_printf("%u-%u", mailbox->hierarchy, create ? mailbox->place : ++mailbox->place);

    eas_node_add(answer, TAG_FolderHierarchy_Status, "1");
    eas_node_add(answer, TAG_FolderHierarchy_SyncKey, key);
    if (create)
        eas_node_add(answer, TAG_FolderHierarchy_ServerId, folder->id);
    return answer;
}

/* The message is kept, and, as the server of the real ones, a copy in Sent Items. */
static struct eas_node *send(struct fake_mailbox *mailbox, const struct eas_node *root)
{
    const struct eas_node *mime = eas_node_child(root, TAG_ComposeMail_Mime);
    struct fake_folder *sent = fake_find(mailbox, "Sent Items");

    if (mailbox->send_status) {
        struct eas_node *answer = eas_node_new(root->tag, NULL);
        g_autofree char *status = g_strdup_printf("%d", mailbox->send_status);

        mailbox->send_status = 0;
        eas_node_add(answer, TAG_ComposeMail_Status, status);
        return answer;
    }
    g_ptr_array_add(mailbox->mails, g_bytes_new(mime->text, mime->length));
    if (sent) {
        struct fake_item *item = fake_item_add(mailbox, sent, "sent");

        item->mime = g_bytes_new(mime->text, mime->length);
        fake_log(sent, FAKE_ADD, item, false);
    }
    return NULL;
}

bool fake_changes(struct fake_mailbox *mailbox, const struct script_request *request, const struct eas_node *root,
                  struct script_reply *reply)
{
    bool moves = !strcmp(request->command, "MoveItems"),
         sends = root && (root->tag == TAG_ComposeMail_SendMail || root->tag == TAG_ComposeMail_SmartReply ||
                          root->tag == TAG_ComposeMail_SmartForward);
    struct eas_node *answer;

    if (!root || (!moves && !sends && strncmp(request->command, "Folder", 6) != 0))
        return false;
    if (mailbox->lose_before) {
        mailbox->lose_before--;
        return true;
    }
    mailbox->writes++;
    answer = moves ? move_items(mailbox, root) : sends ? send(mailbox, root) : change_folder(mailbox, root);
    if (mailbox->lose_after) {
        mailbox->lose_after--;
        eas_node_free(answer);
    } else if (answer) {
        script_reply_document(reply, NULL, answer);
    } else {
        g_autofree char *headers = mailbox->announces ? g_strdup_printf("X-MS-RP: %s\r\n", mailbox->announces) : NULL;

        mailbox->version = mailbox->announces ? mailbox->announces : mailbox->version;
        mailbox->announces = NULL;
        script_reply_http(reply, 200, headers, "", 0);
    }
    return true;
}
