/* Sync (MS-ASCMD 2.2.1.21): what the client sent is done (sync_commands.h), then it is told what it lacks. */
#include <string.h>

#include "contrib/easd/command.h"
#include "contrib/easd/item.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/sync_commands.h"
#include "contrib/easd/sync_request.h"
#include "contrib/easd/waiting.h"

enum {
    STATUS_OK = 1,
    STATUS_BAD_KEY = 3,
    STATUS_PROTOCOL = 4,
    STATUS_NOT_FOUND = 8,
    STATUS_HIERARCHY = 12,
};

/* What goes on while an answer is built. */
struct sync {
    struct request *request;
    struct item_writer writer;
    gint64 now;
    int window_left;   /* items, over all collections */
    gint64 bytes_left; /* of memory */
    guint files;       /* held open */
    bool said;         /* anything at all: else the answer is empty */
};

static const eas_tag kind_tags[] = {
    [CHANGE_ADD] = TAG_AirSync_Add,
    [CHANGE_CHANGE] = TAG_AirSync_Change,
    [CHANGE_DELETE] = TAG_AirSync_Delete,
    [CHANGE_SOFT_DELETE] = TAG_AirSync_SoftDelete,
};

static void write_id_command(struct wbxml_writer *wbxml, const struct folder *folder, const struct entry *entry,
                             eas_tag kind)
{
    char id[EASD_ID_BYTES];

    folder_server_id(folder, entry, id);
    wbxml_open(wbxml, kind);
    wbxml_text(wbxml, TAG_AirSync_ServerId, id);
    wbxml_close(wbxml);
}

/* Takes back what was written since a mark: an item that turned out to be none. */
static void rewind_to(struct wbxml_writer *wbxml, guint length, unsigned page)
{
    g_byte_array_set_size(wbxml->out, length);
    wbxml->page = page;
}

/* Writes one change, as things are now, and notes in it what the device then knows. */
static bool write_change(struct sync *sync, const struct collection *collection, struct change *change)
{
    const struct folder *folder = collection->folder;
    struct entry *entry = folder->entries->pdata[change->place];
    struct wbxml_writer *wbxml = &sync->writer.wbxml;
    guint mark = wbxml->out->len;
    unsigned page = wbxml->page;
    char id[EASD_ID_BYTES];

    if (change->kind == CHANGE_ADD || change->kind == CHANGE_CHANGE) {
        folder_server_id(folder, entry, id);
        wbxml_open(wbxml, kind_tags[change->kind]);
        wbxml_text(wbxml, TAG_AirSync_ServerId, id);
        wbxml_open(wbxml, TAG_AirSync_ApplicationData);
        change->version = entry->version;
        sync->writer.state_only = change->kind == CHANGE_CHANGE && folder->class == CLASS_MAIL &&
                                  collection_known(collection, change->place) >= entry->content;
        if (entry->present && item_write(&sync->writer, folder, entry, &collection->options) == ITEM_WRITTEN) {
            wbxml_close(wbxml);
            wbxml_close(wbxml);
            return true;
        }
        rewind_to(wbxml, mark, page);
        change->version = 0;
        if (change->kind == CHANGE_ADD)
            return false;
        change->kind = CHANGE_DELETE;
    }
    write_id_command(wbxml, folder, entry, kind_tags[change->kind]);
    return true;
}

static void write_changes(struct sync *sync, struct collection *collection)
{
    struct wbxml_writer *wbxml = &sync->writer.wbxml;
    guint mark = wbxml->out->len, written = 0;
    unsigned page = wbxml->page;

    wbxml_open(wbxml, TAG_AirSync_Commands);
    for (guint i = 0; i < collection->pending->len; i++)
        written += write_change(sync, collection, &g_array_index(collection->pending, struct change, i));
    if (written)
        wbxml_close(wbxml);
    else
        rewind_to(wbxml, mark, page);
}

/* Cuts what was chosen where the answer would hold too much memory or too many files; one item
 * always stays. Returns whether it cut. */
static bool limit_cost(struct sync *sync, struct collection *collection)
{
    GArray *pending = collection->pending;

    for (guint i = 0; i < pending->len; i++) {
        const struct change *change = &g_array_index(pending, struct change, i);
        const struct entry *entry = collection->folder->entries->pdata[change->place];

        if (change->kind == CHANGE_ADD || change->kind == CHANGE_CHANGE)
            sync->bytes_left -= item_cost(collection->folder, entry, &collection->options, &sync->files);
        if (i > 0 && (sync->bytes_left < 0 || sync->files > EASD_OPEN_FILES)) {
            g_array_set_size(pending, i);
            return true;
        }
    }
    return false;
}

/* The same request again must get the same answer: what is hashed is what shaped it. */
static guint hash_ask(const struct sync_ask *ask, const struct sync *sync)
{
    guint hash = g_str_hash(ask->key) ^ (guint)ask->window * 31u ^ (guint)sync->window_left * 131071u;
    g_autoptr(GBytes) options = ask->options_node ? eas_node_bytes(ask->options_node) : NULL;

    return options ? hash ^ g_bytes_hash(options) : hash;
}

/* Chooses what to tell. Returns whether the collection has anything to say. */
static bool choose_changes(struct sync *sync, struct collection *collection, const struct sync_ask *ask, bool repeated)
{
    guint asked = hash_ask(ask, sync), limit = (guint)MIN(ask->window, sync->window_left);

    if (repeated && collection->asked == asked)
        return true;
    if (repeated)
        g_array_set_size(collection->pending, 0);
    collection->asked = asked;
    collection->pending_more = false;
    if (ask->get_changes && limit > 0) {
        guint count = collection_changes(collection, sync->now, limit, collection->pending);

        collection->pending_more = limit_cost(sync, collection) || count > limit;
    } else if (ask->get_changes) {
        collection->pending_more = collection_changes(collection, sync->now, 1, NULL) > 0;
    }
    if (ask->get_changes)
        collection->told = collection->pending_more ? 0 : collection->folder->version;
    if (collection->pending->len == 0 && !collection->pending_more && !ask->commands && !repeated)
        return false;
    if (repeated || collection->pending->len || ask->commands) {
        if (!repeated)
            collection->previous = collection->key;
        else
            g_free(collection->key);
        collection->key = device_new_key(sync->request->mailbox);
    }
    return true;
}

static void write_head(struct sync *sync, const struct folder *folder, const char *id, const char *key, int status)
{
    struct wbxml_writer *wbxml = &sync->writer.wbxml;

    sync->said = true;
    wbxml_open(wbxml, TAG_AirSync_Collection);
    if (folder && sync->request->version < 140)
        wbxml_text(wbxml, TAG_AirSync_Class, class_name(folder->class));
    wbxml_text(wbxml, TAG_AirSync_SyncKey, key);
    wbxml_text(wbxml, TAG_AirSync_CollectionId, id);
    wbxml_number(wbxml, TAG_AirSync_Status, status);
}

static void write_refusal(struct sync *sync, const struct sync_ask *ask, int status)
{
    write_head(sync, NULL, ask->collection_id, status == STATUS_BAD_KEY ? "0" : ask->key, status);
    wbxml_close(&sync->writer.wbxml);
}

static void write_fetch(struct sync *sync, const struct collection *collection, const char *server_id)
{
    struct wbxml_writer *wbxml = &sync->writer.wbxml;
    struct entry *entry = folder_entry(collection->folder, server_id);
    guint mark = wbxml->out->len;
    unsigned page = wbxml->page;

    sync->writer.state_only = false;
    wbxml_open(wbxml, TAG_AirSync_Fetch);
    wbxml_text(wbxml, TAG_AirSync_ServerId, server_id);
    wbxml_number(wbxml, TAG_AirSync_Status, STATUS_OK);
    wbxml_open(wbxml, TAG_AirSync_ApplicationData);
    if (entry && entry->present &&
        item_write(&sync->writer, collection->folder, entry, &collection->options) == ITEM_WRITTEN) {
        wbxml_close(wbxml);
    } else {
        rewind_to(wbxml, mark, page);
        wbxml_open(wbxml, TAG_AirSync_Fetch);
        wbxml_text(wbxml, TAG_AirSync_ServerId, server_id);
        wbxml_number(wbxml, TAG_AirSync_Status, STATUS_NOT_FOUND);
    }
    wbxml_close(wbxml);
}

/* A Change that went well is told only for what the server added to it. */
static void write_fate(struct wbxml_writer *wbxml, const struct eas_node *command, const struct fate *fate)
{
    bool add = command->tag == TAG_AirSync_Add;
    const char *instance = eas_node_text(command, TAG_AirSyncBase_InstanceId);

    if (!add && fate->status == STATUS_OK && !fate->data)
        return;
    wbxml_open(wbxml, command->tag);
    if (add)
        wbxml_text(wbxml, TAG_AirSync_ClientId, eas_node_text(command, TAG_AirSync_ClientId));
    if (!add || fate->server_id)
        wbxml_text(wbxml, TAG_AirSync_ServerId, add ? fate->server_id : eas_node_text(command, TAG_AirSync_ServerId));
    if (instance)
        wbxml_text(wbxml, TAG_AirSyncBase_InstanceId, instance);
    wbxml_number(wbxml, TAG_AirSync_Status, fate->status);
    if (fate->data)
        eas_node_write(wbxml, fate->data);
    wbxml_close(wbxml);
}

/* What became of what the client sent; what only went well is not mentioned (MS-ASCMD 2.2.3.154). */
static void write_responses(struct sync *sync, const struct collection *collection, const struct eas_node *commands)
{
    struct wbxml_writer *wbxml = &sync->writer.wbxml;
    guint mark = wbxml->out->len, begun;
    unsigned page = wbxml->page;

    wbxml_open(wbxml, TAG_AirSync_Responses);
    begun = wbxml->out->len;
    for (const struct eas_node *command = commands->first; command; command = command->next)
        if (command->tag == TAG_AirSync_Fetch)
            write_fetch(sync, collection, eas_node_text(command, TAG_AirSync_ServerId));
        else
            write_fate(wbxml, command, command_fate(collection, command));
    if (wbxml->out->len > begun)
        wbxml_close(wbxml);
    else
        rewind_to(wbxml, mark, page);
}

static void answer_prime(struct sync *sync, const struct sync_ask *ask, struct folder *folder,
                         const struct options *options)
{
    struct collection *collection =
        device_prime(sync->request->device, folder, sync->request->version, device_new_key(sync->request->mailbox));

    if (ask->options_node)
        collection->options = *options;
    if (ask->supported)
        collection->supported = eas_node_copy(ask->supported);
    write_head(sync, folder, folder->id, collection->key, STATUS_OK);
    wbxml_close(&sync->writer.wbxml);
}

static void answer_changes(struct sync *sync, const struct sync_ask *ask, struct collection *collection, bool repeated)
{
    struct wbxml_writer *wbxml = &sync->writer.wbxml;

    if (ask->commands)
        commands_apply(sync->request, collection, ask->commands);
    if (!choose_changes(sync, collection, ask, repeated))
        return;
    write_head(sync, collection->folder, collection->folder->id, collection->key, STATUS_OK);
    if (collection->pending_more)
        wbxml_empty(wbxml, TAG_AirSync_MoreAvailable);
    if (ask->commands)
        write_responses(sync, collection, ask->commands);
    sync->window_left -= (int)collection->pending->len;
    write_changes(sync, collection);
    wbxml_close(wbxml);
}

static void answer_collection(struct sync *sync, const struct sync_ask *ask)
{
    struct folder *folder = mailbox_folder(sync->request->mailbox, ask->collection_id);
    struct collection *collection = folder ? device_collection(sync->request->device, folder) : NULL;
    struct options options;
    bool repeated, filter_changed;

    options_init(&options);
    if (!folder) {
        write_refusal(sync, ask, STATUS_NOT_FOUND);
    } else if ((folder->class == CLASS_NOTES && sync->request->version < 140) ||
               !commands_valid(ask->commands, sync->request->version) ||
               (ask->options_node && options_read(&options, ask->options_node, folder->class) != 1)) {
        write_refusal(sync, ask, STATUS_PROTOCOL);
    } else if (strcmp(ask->key, "0") == 0) {
        answer_prime(sync, ask, folder, &options);
    } else if (!collection || collection->version != sync->request->version ||
               !collection_accept(collection, ask->key, &repeated)) {
        write_refusal(sync, ask, STATUS_BAD_KEY);
    } else {
        if (ask->options_node) {
            filter_changed = collection->options.filter != options.filter;
            collection->options = options; /* sticky: they hold until replaced (MS-ASCMD 2.2.3.125.5) */
            if (filter_changed)
                collection->settled = 0;
        }
        answer_changes(sync, ask, collection, repeated);
    }
}

/* A folder the device was told of is gone: the whole request waits for a FolderSync. */
static bool hierarchy_changed(const struct request *request, const struct sync_request *asked)
{
    for (guint i = 0; i < asked->asks->len; i++) {
        const struct sync_ask *ask = &g_array_index(asked->asks, struct sync_ask, i);

        if (!mailbox_folder(request->mailbox, ask->collection_id) && request->device->hierarchy &&
            g_hash_table_contains(request->device->hierarchy, ask->collection_id))
            return true;
    }
    return false;
}

static void write_collections(struct request *request, const struct sync_request *asked, struct answer *answer)
{
    struct sync sync = {.request = request,
                        .writer = {.answer = answer, .version = request->version, .buffer = g_byte_array_new()},
                        .now = g_get_real_time() / G_USEC_PER_SEC,
                        .window_left = asked->window,
                        .bytes_left = EASD_WINDOW_BYTES};

    answer_begin(answer, &sync.writer.wbxml);
    wbxml_open(&sync.writer.wbxml, TAG_AirSync_Sync);
    wbxml_open(&sync.writer.wbxml, TAG_AirSync_Collections);
    for (guint i = 0; i < asked->asks->len; i++)
        answer_collection(&sync, &g_array_index(asked->asks, struct sync_ask, i));
    wbxml_close(&sync.writer.wbxml);
    wbxml_close(&sync.writer.wbxml);
    if (!sync.said) /* nothing changed, so nothing is said (MS-ASCMD 3.1.5.4.1) */
        g_byte_array_set_size(answer->bytes, 0);
    g_byte_array_unref(sync.writer.buffer);
}

static void write_limit(struct answer *answer, int status, int limit)
{
    struct wbxml_writer writer;

    answer_begin(answer, &writer);
    wbxml_open(&writer, TAG_AirSync_Sync);
    wbxml_number(&writer, TAG_AirSync_Status, status);
    if (limit)
        wbxml_number(&writer, TAG_AirSync_Limit, limit);
    wbxml_close(&writer);
}

void run_sync(struct request *request, struct answer *answer)
{
    struct sync_request asked;
    int limit = 0, status = sync_request_read(&asked, request, &limit);

    if (status == STATUS_OK && hierarchy_changed(request, &asked))
        status = STATUS_HIERARCHY;
    if (status != STATUS_OK) {
        write_limit(answer, status, limit);
    } else {
        gint64 deadline = g_get_monotonic_time() + (gint64)asked.wait * G_USEC_PER_SEC;

        do
            write_collections(request, &asked, answer);
        while (asked.wait && answer->bytes->len == 0 && wait_for_change(request, deadline));
    }
    g_array_unref(asked.asks);
}
