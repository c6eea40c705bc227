/* What has to be sent for a row. What the user meant (the row's base and data) is laid against what the server has by
 * now: the same already, merged by properties, or in conflict (CONTRACT 5). */
#include <errno.h>

#include "cache/sync/file_bytes.h"
#include "cache/upload/uploader.h"
#include "codec/files/mail_flags.h"
#include "codec/limits.h"

static void command_free(void *command)
{
    item_command_free(command);
}

static void preparation_add(struct preparation *preparation, struct eas_node *data, int kind)
{
    struct item_command *command = g_new0(struct item_command, 1);

    command->kind = kind;
    command->data = data;
    if (!preparation->commands)
        preparation->commands = g_ptr_array_new_with_free_func(command_free);
    g_ptr_array_add(preparation->commands, command);
}

void preparation_clear(struct preparation *preparation)
{
    g_free(preparation->server_id);
    g_clear_pointer(&preparation->commands, g_ptr_array_unref);
    *preparation = (struct preparation){0};
}

/* ---- settled without a word to the server ---- */

static enum prepared settle(struct upload *upload, struct journal *row, int (*how)(struct upload *, struct journal *),
                            int *error)
{
    *error = upload_begin(upload);
    if (!*error)
        *error = upload_end(upload, how(upload, row));
    return PREPARED_DONE;
}

static int drop(struct upload *upload, struct journal *row)
{
    return journal_remove(upload->engine->store, row->id);
}

static int hold(struct upload *upload, struct journal *row)
{
    g_autofree char *why = g_steal_pointer(&row->error);

    return row_hold(upload, row, why);
}

static enum prepared hold_for(struct upload *upload, struct journal *row, const char *why, int *error)
{
    g_free(row->error);
    row->error = g_strdup(why);
    return settle(upload, row, hold, error);
}

/* The server has what the user wanted; where it was sent and not answered, from this very change. */
static int agree(struct upload *upload, struct journal *row)
{
    struct item item = {0};
    int error = store_item_get(upload->engine->store, row->item_id, &item);

    if (!error && item.class == EAS_CALENDAR && row->tries && !row->response)
        error = upload_invite(upload, row->base, row->data, item.uid, item.ino);
    if (!error)
        error = journal_changed(upload->engine->store, row, item.props);
    item_clear(&item);
    return error;
}

/* ---- both changed it ---- */

static GBytes *file_for(struct upload *upload, const struct item *item, const struct eas_node *data, GBytes *previous)
{
    struct file_context context = file_context_of(upload->engine, item->uid);
    g_autofree char *reason = NULL;

    return previous ? file_refresh(item->class, data, &context, previous, &reason)
                    : file_from_item(item->class, data, &context, &reason);
}

bool row_may_conflict(const struct journal *row, enum eas_class class)
{
    return row->kind == JOURNAL_CHANGE && class != EAS_MAIL;
}

/* The server's version gets the name, the user's stands beside it. theirs NULL: it is fetched, as messages are. */
static enum prepared conflict(struct upload *upload, struct journal *row, const struct item *item,
                              const struct eas_node *theirs, int *error)
{
    struct store *store = upload->engine->store;
    g_autoptr(GBytes) bytes = theirs ? file_for(upload, item, theirs, NULL) : NULL;
    const struct sync_hooks *hooks = &upload->engine->hooks;
    int64_t body = 0;

    *error = bytes ? body_write(store, bytes, &body) : 0;
    if (!*error)
        *error = store_bodies_flush(store);
    if (!*error)
        *error = upload_begin(upload);
    if (!*error)
        *error = upload_end(upload, journal_conflict(store, row, body, upload->now_ns));
    if (*error)
        store_body_undo(store, body);
    else if (!theirs && hooks->bodies_wanted)
        hooks->bodies_wanted(hooks->ctx);
    return PREPARED_DONE;
}

/* The file gets the changes of both; what goes up is what is in it. */
static int take_merged(struct upload *upload, struct journal *row, const struct item *item,
                       const struct eas_node *merged)
{
    struct store *store = upload->engine->store;
    int error;
    g_autoptr(GBytes) own = file_bytes(upload->engine, row->ino, &error);
    g_autoptr(GBytes) bytes = error ? NULL : file_for(upload, item, merged, own);
    g_autoptr(GBytes) data = eas_node_bytes(merged);
    int64_t body = 0;

    g_hash_table_remove(uploader_of(upload->engine)->done, &row->id);
    if (!error)
        error = bytes ? body_write(store, bytes, &body) : -EINVAL;
    if (!error)
        error = store_bodies_flush(store);
    if (!error)
        error = upload_begin(upload);
    if (!error)
        error = upload_end(upload, journal_merged(store, row, body, item->props, data));
    if (error)
        store_body_undo(store, body);
    return error;
}

/* ---- by kind ---- */

static const char *client_uid(const struct journal *row)
{
    return row->uid && *row->uid ? row->uid : row->client_id;
}

/* What was queued as a change of what was there is an invitation once that is gone; and a server that was updated
 * may take for the user's what it took for another's before. */
static const char *may_not_add(struct upload *upload, const struct eas_node *mine)
{
    const struct sync_engine *engine = upload->engine;
    int response;
    enum meeting_act act = meeting_act(NULL, mine, engine->address ? engine->address : "", &response);

    if (act == MEETING_ORGANISE && !engine->config->send_invitations)
        return "it is not on the server any more, and as a new one it would mail the attendees; mount with "
               "-o send_invitations to allow that";
    if (act == MEETING_FOREIGN && session_version(engine->session) >= EAS_16_0)
        return "it is somebody else's event and not on the server any more; as a new one this server would make it "
               "yours";
    return NULL;
}

static enum prepared prepare_add(struct upload *upload, struct journal *row, const struct collection *collection,
                                 struct preparation *preparation, int *error)
{
    enum eas_version version = session_version(upload->engine->session);
    g_autoptr(eas_node) mine = upload_node(row->data);

    if (!mine)
        return hold_for(upload, row, "what the file means is not known any more; write it again", error);
    if (!row->client_id)
        row->client_id = g_uuid_string_random();
    if (collection->class == EAS_MAIL) {
        if (version < EAS_16_0)
            return hold_for(upload, row, "this server takes no drafts; it stays here, and can be moved to Outbox",
                            error);
        preparation_add(preparation, g_steal_pointer(&mine), ITEM_ADD);
        return PREPARED_SEND;
    }
    const char *forbidden = collection->class == EAS_CALENDAR ? may_not_add(upload, mine) : NULL;
    if (forbidden)
        return hold_for(upload, row, forbidden, error);
    preparation->commands = item_commands(collection->class, version, NULL, mine, client_uid(row));
    return preparation->commands->len ? PREPARED_SEND : settle(upload, row, drop, error);
}

/* Nothing is merged of two messages: of which a reader could not tell what either meant. */
static enum prepared prepare_draft(struct upload *upload, struct journal *row, const struct item *item,
                                   struct eas_node *mine, struct preparation *preparation, int *error)
{
    switch (draft_meet_server(upload, row, item, mine)) {
    case DRAFT_SAME:
        return settle(upload, row, agree, error);
    case DRAFT_CONFLICT:
        return conflict(upload, row, item, NULL, error);
    case DRAFT_CHANGE:
        preparation_add(preparation, eas_node_copy(mine), ITEM_CHANGE);
        return PREPARED_SEND;
    default:
        return PREPARED_WAIT;
    }
}

/* Below 16.0 a Change has to be the whole item, so that it is laid over what the server has now. */
static enum prepared prepare_change(struct upload *upload, struct journal *row, const struct item *item,
                                    struct preparation *preparation, int *error)
{
    enum eas_version version = session_version(upload->engine->session);
    g_autoptr(eas_node) base = upload_node(row->base), theirs = upload_node(item->props);
    g_autoptr(eas_node) mine = upload_node(row->data);

    if (!mine)
        return hold_for(upload, row, "what the file means is not known any more; write it again", error);
    if (item->class == EAS_MAIL)
        return prepare_draft(upload, row, item, mine, preparation, error);
    if (theirs && item_same(item->class, mine, theirs, NULL))
        return settle(upload, row, agree, error);
    if (theirs && row->tries >= LIMIT_UPLOAD_TRIES)
        return conflict(upload, row, item, theirs, error);
    if (theirs && base && !item_same(item->class, base, theirs, NULL)) {
        g_autoptr(eas_node) merged = item_merge(item->class, base, mine, theirs, NULL);

        if (!merged)
            return conflict(upload, row, item, theirs, error);
        *error = take_merged(upload, row, item, merged);
        if (*error)
            return PREPARED_DONE;
        eas_node_free(mine);
        mine = g_steal_pointer(&merged);
        if (item_same(item->class, mine, theirs, NULL))
            return settle(upload, row, agree, error);
    }
    preparation->commands = item_commands(item->class, version, theirs ? theirs : base, mine, client_uid(row));
    return preparation->commands->len ? PREPARED_SEND : settle(upload, row, agree, error);
}

static enum prepared prepare_delete(struct upload *upload, struct journal *row, const struct item *item,
                                    struct preparation *preparation, int *error)
{
    g_autoptr(eas_node) base = upload_node(row->base), theirs = upload_node(item->props);

    if (item->class != EAS_MAIL && base && theirs && !item_same(item->class, base, theirs, NULL)) {
        g_bytes_unref(row->base); /* whoever decides on it again has seen this version */
        row->base = g_bytes_ref(item->props);
        return hold_for(upload, row,
                        "it was changed on the server after it was removed here, so it is back; "
                        "easfs retry removes it all the same, easfs discard keeps it",
                        error);
    }
    preparation_add(preparation, NULL, ITEM_DELETE);
    return PREPARED_SEND;
}

/* Read and flag in one Change: some servers lose one of them (NOTES section 18). */
static enum prepared prepare_flags(struct upload *upload, struct journal *row, struct preparation *preparation,
                                   int *error)
{
    enum eas_version version = session_version(upload->engine->session);

    if (row->wanted.read >= 0)
        preparation_add(preparation, mail_read_data(row->wanted.read != 0), ITEM_CHANGE);
    if (row->wanted.flag >= 0)
        preparation_add(preparation, mail_flag_data(row->wanted.flag, row->queued_ns), ITEM_CHANGE);
    if (row->wanted.categories && version >= EAS_14_0)
        preparation_add(preparation, mail_categories_data(row->wanted.categories), ITEM_CHANGE);
    return preparation->commands ? PREPARED_SEND : settle(upload, row, drop, error);
}

/* A change that was written while its item was on its way as new knows it by its file alone. */
static int find_item(struct upload *upload, struct journal *row, struct item *item)
{
    int error = row->item_id ? store_item_get(upload->engine->store, row->item_id, item)
                             : store_item_of(upload->engine->store, row->ino, item);

    row->item_id = error ? row->item_id : item->id;
    return error;
}

enum prepared row_prepare(struct upload *upload, struct journal *row, struct preparation *preparation, int *error)
{
    const struct collection *collection = upload_collection(upload, row->collection_id);
    struct item item = {0};
    enum prepared prepared = PREPARED_WAIT;

    *error = 0;
    if (!collection)
        return hold_for(upload, row, "its folder is no longer there", error);
    if (row->kind == JOURNAL_ADD)
        return prepare_add(upload, row, collection, preparation, error);
    *error = find_item(upload, row, &item);
    if (*error == -ENOENT)
        return row->kind == JOURNAL_CHANGE && !row->item_id ? (*error = 0, PREPARED_WAIT)
                                                            : settle(upload, row, drop, error);
    if (*error)
        return PREPARED_DONE;
    row->collection_id = item.collection_id; /* it may have been moved since */
    preparation->server_id = g_strdup(item.server_id);
    if (row->kind == JOURNAL_CHANGE)
        prepared = prepare_change(upload, row, &item, preparation, error);
    else if (row->kind == JOURNAL_DELETE)
        prepared = prepare_delete(upload, row, &item, preparation, error);
    else if (row->kind == JOURNAL_FLAGS)
        prepared = prepare_flags(upload, row, preparation, error);
    item_clear(&item);
    return prepared;
}
