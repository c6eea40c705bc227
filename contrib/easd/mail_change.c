/* What a client may change of a message: Read, Flag, Categories, kept as extended attributes of its file
 * (MS-ASEMAIL 3.1.5.3). From 16.0 on drafts are written as well (draft.h). */
#include <string.h>

#include "contrib/easd/draft.h"
#include "contrib/easd/edit.h"
#include "contrib/easd/item_change.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/store.h"
#include "contrib/easd/submit.h"
#include "contrib/easd/times.h"

enum { DRAFTS = 3, FLAG_CLEARED = 0, FLAG_COMPLETE = 1, FLAG_ACTIVE = 2, STATUS_NO_RECIPIENT = 183 };

/* ---- the state ---- */

static bool times_right(const struct eas_node *flag, const eas_tag *tags, size_t count)
{
    gint64 ignored;

    for (size_t i = 0; i < count; i++)
        if (!times_read(edit_text(flag, tags[i]), &ignored))
            return false;
    return true;
}

/* A flag for follow-up names its type, and its four dates or none; a completed one when (MS-ASEMAIL 2.2.2.34). */
static const char *flag_word(const struct eas_node *flag)
{
    static const eas_tag dates[] = {TAG_Tasks_StartDate, TAG_Tasks_UtcStartDate, TAG_Tasks_DueDate,
                                    TAG_Tasks_UtcDueDate};
    static const eas_tag done[] = {TAG_Email_CompleteTime, TAG_Tasks_DateCompleted};
    gint64 status;
    bool dated = false;

    if (!flag->first)
        return "none";
    if (!edit_text(flag, TAG_Email_Status) ||
        !edit_number(flag, TAG_Email_Status, FLAG_CLEARED, FLAG_ACTIVE, FLAG_CLEARED, &status))
        return NULL;
    if (status == FLAG_CLEARED)
        return "none";
    if (status == FLAG_COMPLETE)
        return times_right(flag, done, G_N_ELEMENTS(done)) ? "complete" : NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(dates); i++)
        dated |= eas_node_child(flag, dates[i]) != NULL;
    if (!edit_text(flag, TAG_Email_FlagType) || (dated && !times_right(flag, dates, G_N_ELEMENTS(dates))))
        return NULL;
    return "active";
}

static char *category_lines(const struct eas_node *categories)
{
    GString *lines = g_string_new(NULL);

    for (const struct eas_node *one = categories->first; one; one = one->next)
        if (one->length && !strchr(one->text, '\n'))
            g_string_append_printf(lines, "%s%s", lines->len ? "\n" : "", one->text);
    return g_string_free(lines, FALSE);
}

static bool set_state(struct folder *folder, struct entry *entry, const char *name, const char *value)
{
    g_autofree char *old = store_state(folder, entry, name);

    return g_strcmp0(old, value) == 0 || store_set_state(folder, entry, name, value);
}

/* All that data says of the state; a Status. */
static int edit_state(const struct item_change *change, struct folder *folder, struct entry *entry,
                      const struct eas_node *data)
{
    const struct eas_node *flag = eas_node_child(data, TAG_Email_Flag);
    const struct eas_node *categories = eas_node_child(data, TAG_Email_Categories);
    const char *word = flag ? flag_word(flag) : NULL, *read = eas_node_text(data, TAG_Email_Read);
    g_autofree char *lines = categories ? category_lines(categories) : NULL;

    if (flag && !word)
        return change_refuse(change, "its Flag is none");
    if (read && strcmp(read, "0") != 0 && strcmp(read, "1") != 0)
        return change_refuse(change, "its Read is none");
    if ((read && !set_state(folder, entry, "read", read)) || (word && !set_state(folder, entry, "flag", word)) ||
        (lines && !set_state(folder, entry, "categories", lines)))
        return change_failed();
    return STATUS_ITEM_OK;
}

/* Whether there is nothing in it but state. */
static bool is_state(const struct eas_node *data, int version)
{
    for (const struct eas_node *child = data ? data->first : NULL; child; child = child->next)
        if (child->tag != TAG_Email_Read && child->tag != TAG_Email_Flag &&
            !(child->tag == TAG_Email_Categories && version >= 140))
            return false;
    return true;
}

/* ---- drafts ---- */

static bool takes_drafts(const struct item_change *change)
{
    return change->request->version >= 160 && change->collection->folder->type == DRAFTS;
}

static struct draft new_draft(const struct item_change *change, const struct eas_node *data)
{
    const struct mailbox *mailbox = change->request->mailbox;

    return (struct draft){.data = data, .address = mailbox->address, .name = mailbox->user, .now = change->now};
}

/* A draft with Send leaves as it is (MS-ASEMAIL 2.2.2.68). */
static int send_draft(const struct item_change *change, const struct draft *draft)
{
    struct submission submission = {.server = change->request->server,
                                    .mailbox = change->request->mailbox,
                                    .bytes = draft->message->str,
                                    .length = draft->message->len,
                                    .save = true,
                                    .why = "sendmail"};
    int status = submit(&submission);

    return status == SUBMIT_OK             ? STATUS_ITEM_OK
           : status == SUBMIT_NO_RECIPIENT ? STATUS_NO_RECIPIENT
                                           : change_refuse(change, "it cannot be sent");
}

static void tell_draft(const struct item_change *change, const struct draft *draft, const struct entry *entry,
                       struct fate *fate)
{
    char id[EASD_ID_BYTES];

    folder_server_id(change->collection->folder, entry, id);
    fate->server_id = g_strdup(id);
    fate->data = draft_attached(draft, id);
}

int mail_add(const struct item_change *change, const struct eas_node *command, struct fate *fate)
{
    struct folder *folder = change->collection->folder;
    const struct eas_node *data = eas_node_child(command, TAG_AirSync_ApplicationData);
    struct draft draft = new_draft(change, data);
    g_autofree char *wish = NULL;
    struct entry *entry;
    int status = STATUS_ITEM_OK;

    if (!takes_drafts(change))
        return change_refuse(change, "messages are not added");
    if (!draft_build(&draft)) {
        status = change_refuse(change, draft.refusal);
    } else if (eas_node_child(command, TAG_Email2_Send)) {
        status = send_draft(change, &draft);
    } else {
        wish = store_mail_wish(change->now, change->request->mailbox->user, edit_text(data, TAG_Email_Subject));
        entry = store_write(folder, NULL, wish, draft.message->str, draft.message->len);
        status = entry ? edit_state(change, folder, entry, data) : change_failed();
        if (status == STATUS_ITEM_OK) {
            tell_draft(change, &draft, entry, fate);
            collection_note(change->collection, entry);
        }
    }
    draft_clear(&draft);
    return status;
}

static int edit_draft(const struct item_change *change, struct entry *entry, const struct eas_node *command,
                      struct fate *fate)
{
    struct folder *folder = change->collection->folder;
    const struct eas_node *data = eas_node_child(command, TAG_AirSync_ApplicationData);
    struct draft draft = new_draft(change, data);
    g_autofree char *path = folder_path(folder, entry);
    bool current = change_is_current(change, entry);
    int status = STATUS_ITEM_OK;

    draft.path = path;
    if (!draft_build(&draft))
        status = change_refuse(change, draft.refusal);
    else if (eas_node_child(command, TAG_Email2_Send))
        status = send_draft(change, &draft);
    else if (!(entry = store_write(folder, entry, NULL, draft.message->str, draft.message->len)))
        status = change_failed();
    if (status == STATUS_ITEM_OK && eas_node_child(command, TAG_Email2_Send)) {
        store_remove(folder, entry);
        collection_note(change->collection, entry);
    } else if (status == STATUS_ITEM_OK) {
        status = data ? edit_state(change, folder, entry, data) : status;
        tell_draft(change, &draft, entry, fate);
        if (current)
            collection_note(change->collection, entry);
    }
    draft_clear(&draft);
    return status;
}

int mail_edit(const struct item_change *change, struct entry *entry, const struct eas_node *command, struct fate *fate)
{
    const struct collection *collection = change->collection;
    const struct eas_node *data = eas_node_child(command, TAG_AirSync_ApplicationData);
    bool current = change_is_current(change, entry), sends = eas_node_child(command, TAG_Email2_Send);
    int status;

    if (eas_node_child(command, TAG_AirSyncBase_InstanceId) || (!data && !sends))
        return change_refuse(change, "it says nothing");
    if (is_state(data, change->request->version) && !sends) {
        status = edit_state(change, collection->folder, entry, data);
        if (status == STATUS_ITEM_OK && current)
            collection_note(change->collection, entry);
        return status;
    }
    if (!takes_drafts(change))
        return change_refuse(change, "of a message only Read, Flag and Categories change");
    if (collection_known(collection, entry->place) < entry->content && !collection->options.client_wins)
        return STATUS_ITEM_CONFLICT;
    return edit_draft(change, entry, command, fate);
}
