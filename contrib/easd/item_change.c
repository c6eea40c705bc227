#include "contrib/easd/item_change.h"

#include <errno.h>
#include <string.h>

#include "contrib/easd/client_uid.h"
#include "contrib/easd/edit.h"
#include "contrib/easd/item.h"
#include "contrib/easd/itip.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/store.h"

bool change_is_current(const struct item_change *change, const struct entry *entry)
{
    return collection_known(change->collection, entry->place) == entry->version;
}

int change_refuse(const struct item_change *change, const char *reason)
{
    g_printerr("easd: refused in %s: %s\n", change->collection->folder->path, reason ? reason : "it is none");
    return STATUS_ITEM_BAD;
}

int change_failed(void)
{
    g_printerr("easd: unable to write: %s\n", g_strerror(errno));
    return errno == ENOSPC || errno == EDQUOT ? STATUS_ITEM_NO_ROOM : 5;
}

static struct edit new_edit(const struct item_change *change)
{
    const struct mailbox *mailbox = change->request->mailbox;

    return (struct edit){
        .version = change->request->version, .owner = mailbox->user, .address = mailbox->address, .now = change->now};
}

/* Makes the file and looks whether it could be served: nothing is kept that nobody could read. */
static int make_file(const struct item_change *change, struct edit *edit)
{
    const struct folder *folder = change->collection->folder;

    if (edit_of(folder->class)(edit) &&
        item_check(folder, edit->file->str, edit->file->len, edit->version, &edit->refusal, NULL))
        return STATUS_ITEM_OK;
    return change_refuse(change, edit->refusal);
}

/* The attachments that were added, with the references they have now (MS-ASAIRS 2.2.2.7). */
static struct eas_node *tell_attached(const struct edit *edit, const char *server_id)
{
    struct eas_node *data = eas_node_new(TAG_AirSync_ApplicationData, NULL), *list;

    list = eas_node_add(data, TAG_AirSyncBase_Attachments, NULL);
    for (guint i = 0; edit->attached && i < edit->attached->len; i++) {
        g_autofree char *reference = g_strdup_printf("%s:%u", server_id, i);
        struct eas_node *one;

        if (!edit->attached->pdata[i])
            continue;
        one = eas_node_add(list, TAG_AirSyncBase_Attachment, NULL);
        eas_node_add(one, TAG_AirSyncBase_ClientId, edit->attached->pdata[i]);
        eas_node_add(one, TAG_AirSyncBase_FileReference, reference);
    }
    if (list->first)
        return data;
    eas_node_free(data);
    return NULL;
}

static void tell(const struct item_change *change, const struct edit *edit, const struct entry *entry,
                 struct fate *fate, bool current)
{
    char id[EASD_ID_BYTES];

    folder_server_id(change->collection->folder, entry, id);
    fate->server_id = g_strdup(id);
    fate->data = tell_attached(edit, id);
    if (current)
        collection_note(change->collection, entry);
}

int item_add(const struct item_change *change, const struct eas_node *command, struct fate *fate)
{
    struct folder *folder = change->collection->folder;
    const struct eas_node *data = eas_node_child(command, TAG_AirSync_ApplicationData);
    const char *client_uid = eas_node_text(data, TAG_Calendar_ClientUid);
    struct edit edit = new_edit(change);
    struct entry *entry;
    int status;

    if (folder->class == CLASS_MAIL)
        return mail_add(change, command, fate);
    if ((entry = client_uid_find(folder, client_uid))) { /* done by a request whose answer was lost */
        tell(change, &edit, entry, fate, true);
        return STATUS_ITEM_OK;
    }
    edit.after = data;
    if (eas_node_child(command, TAG_Email2_Send) || !data->first)
        status = change_refuse(change, "it says nothing");
    else if (!edit_allowed(data, folder->class, edit.version, false, &edit.refusal))
        status = change_refuse(change, edit.refusal);
    else
        status = make_file(change, &edit);
    if (status == STATUS_ITEM_OK) {
        entry = store_write(folder, NULL, edit.wish, edit.file->str, edit.file->len);
        if (entry)
            tell(change, &edit, entry, fate, true);
        else
            status = change_failed();
        if (entry && folder->class == CLASS_CALENDAR)
            itip_tell(change->request, NULL, edit.file, true);
    }
    edit_clear(&edit);
    return status;
}

/* What the item is to say. From 16.0 on a calendar's Change names what differs; else it names all there is
 * but for what the client said, by Supported, that it does not know (MS-ASCMD 2.2.3.179). Who an event is,
 * and whose, stays in any case. */
static struct eas_node *merge_change(const struct collection *collection, const struct eas_node *before,
                                     const struct eas_node *data, int version)
{
    static const eas_tag lasting[] = {TAG_Calendar_UID, TAG_Calendar_OrganizerEmail, TAG_Calendar_OrganizerName,
                                      TAG_Calendar_DtStamp};
    const struct eas_node *supported = collection->supported;
    bool partial = collection->folder->class == CLASS_CALENDAR && version >= 160;
    struct eas_node *after = eas_node_copy(partial ? before : data);

    if (partial) {
        eas_node_free(eas_node_take(after, TAG_AirSyncBase_Attachments));
        eas_node_merge(after, data);
        return after;
    }
    for (const struct eas_node *old = before->first; old; old = old->next) {
        bool ghosted = supported && !eas_node_child(supported, old->tag) && old->tag != TAG_AirSyncBase_Body;

        for (size_t i = 0; i < G_N_ELEMENTS(lasting); i++)
            ghosted |= lasting[i] == old->tag;
        if (ghosted && !eas_node_child(data, old->tag))
            eas_node_append(after, eas_node_copy(old));
    }
    return after;
}

/* Whether those who are invited would see a change. */
static bool is_shown(const struct edit *edit)
{
    static const eas_tag tags[] = {TAG_Calendar_StartTime,  TAG_Calendar_EndTime,     TAG_Calendar_AllDayEvent,
                                   TAG_Calendar_Recurrence, TAG_Calendar_Exceptions,  TAG_Calendar_Subject,
                                   TAG_AirSyncBase_Body,    TAG_AirSyncBase_Location, TAG_Calendar_Attendees};

    for (size_t i = 0; i < G_N_ELEMENTS(tags); i++)
        if (edit_differs(edit, tags[i]))
            return true;
    return false;
}

static int rewrite(const struct item_change *change, struct edit *edit, struct entry *entry, struct fate *fate,
                   const GByteArray *old)
{
    bool current = change_is_current(change, entry);
    int status = make_file(change, edit);

    if (status != STATUS_ITEM_OK)
        return status;
    entry = store_write(change->collection->folder, entry, NULL, edit->file->str, edit->file->len);
    if (!entry)
        return change_failed();
    tell(change, edit, entry, fate, current);
    if (change->collection->folder->class == CLASS_CALENDAR)
        itip_tell(change->request, old, edit->file, is_shown(edit));
    return status;
}

int item_edit(const struct item_change *change, struct entry *entry, const struct eas_node *command, struct fate *fate)
{
    const struct collection *collection = change->collection;
    const struct folder *folder = collection->folder;
    const struct eas_node *data = eas_node_child(command, TAG_AirSync_ApplicationData);
    const char *instance = eas_node_text(command, TAG_AirSyncBase_InstanceId);
    struct edit edit = new_edit(change);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(eas_node) before = NULL;
    g_autoptr(eas_node) after = NULL;
    int status = STATUS_ITEM_OK;

    if (folder->class == CLASS_MAIL)
        return mail_edit(change, entry, command, fate);
    if (!change_is_current(change, entry) && !collection->options.client_wins)
        return STATUS_ITEM_CONFLICT;
    if (!data || !data->first || (instance && folder->class != CLASS_CALENDAR) ||
        eas_node_child(command, TAG_Email2_Send) ||
        !edit_allowed(data, folder->class, edit.version, instance != NULL, &edit.refusal) ||
        eas_node_child(data, TAG_Calendar_ClientUid)) {
        status = change_refuse(change, edit.refusal);
    } else if (!(before = item_read(folder, entry, edit.version, bytes))) {
        status = STATUS_ITEM_NOT_FOUND;
    } else {
        after = instance ? eas_node_copy(before) : merge_change(collection, before, data, edit.version);
        edit.before = before;
        edit.after = after;
        edit.bytes = (const char *)bytes->data;
        edit.length = bytes->len;
        if (instance && !edit_instance(after, instance, data))
            status = change_refuse(change, "it names no occurrence");
        else
            status = rewrite(change, &edit, entry, fate, bytes);
    }
    edit_clear(&edit);
    return status;
}

static int delete_instance(const struct item_change *change, struct entry *entry, const char *instance)
{
    const struct folder *folder = change->collection->folder;
    struct edit edit = new_edit(change);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(eas_node) before = item_read(folder, entry, edit.version, bytes);
    g_autoptr(eas_node) after = before ? eas_node_copy(before) : NULL;
    struct fate fate = {0};
    int status;

    if (!before)
        return STATUS_ITEM_NOT_FOUND;
    if (folder->class != CLASS_CALENDAR || !edit_instance(after, instance, NULL))
        return change_refuse(change, "it names no occurrence");
    edit.before = before;
    edit.after = after;
    edit.bytes = (const char *)bytes->data;
    edit.length = bytes->len;
    status = rewrite(change, &edit, entry, &fate, bytes);
    g_free(fate.server_id);
    eas_node_free(fate.data);
    edit_clear(&edit);
    return status;
}

/* Into Deleted Items, where it is gone for all classes but mail; what is in there goes for good. */
int item_delete(const struct item_change *change, struct entry *entry, const struct eas_node *command)
{
    enum { DELETED_ITEMS = 4 };
    struct folder *folder = change->collection->folder;
    struct folder *bin = store_default_folder(change->request->mailbox, DELETED_ITEMS);
    const char *instance = eas_node_text(command, TAG_AirSyncBase_InstanceId);
    bool conflict = folder->class == CLASS_MAIL ? collection_known(change->collection, entry->place) < entry->content
                                                : !change_is_current(change, entry);

    g_autoptr(GByteArray) old = g_byte_array_new();
    g_autoptr(eas_node) gone = NULL;

    if (conflict && !change->collection->options.client_wins)
        return STATUS_ITEM_CONFLICT;
    if (instance)
        return delete_instance(change, entry, instance);
    if (folder->class == CLASS_CALENDAR)
        gone = item_read(folder, entry, change->request->version, old);
    if (change->deletes_as_moves && folder != bin ? !store_move(folder, entry, bin) : !store_remove(folder, entry))
        return change_failed();
    collection_note(change->collection, entry);
    if (gone)
        itip_tell(change->request, old, NULL, true);
    return STATUS_ITEM_OK;
}
