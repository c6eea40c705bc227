/* What follows from an Add that was taken, whether its answer says so or the item was found there (doubt.c). */
#include <errno.h>

#include "cache/upload/uploader.h"

/* Who wrote again meanwhile has said all of it, against what the server has. */
static int rebase(struct upload *upload, const struct journal *row, struct journal *again, GBytes *base)
{
    if (again->data && row->data && g_bytes_equal(again->data, row->data))
        again->response = 1;
    g_clear_pointer(&again->base, g_bytes_unref);
    again->base = g_bytes_ref(base);
    return journal_put(upload->engine->store, again);
}

static int change(struct upload *upload, const struct journal *row, int64_t item_id, GBytes *base)
{
    struct journal rest = {.kind = JOURNAL_CHANGE,
                           .response = 1,
                           .state = JOURNAL_QUEUED,
                           .ino = row->ino,
                           .item_id = item_id,
                           .collection_id = row->collection_id,
                           .queued_ns = row->queued_ns,
                           .base = base,
                           .data = row->data,
                           .wanted = {-1, -1, -1, -1, NULL}};

    return journal_put(upload->engine->store, &rest);
}

/* What a new item does not have yet: its exceptions, which some versions and servers take only afterwards. */
static int put_rest(struct upload *upload, const struct journal *row, int64_t item_id)
{
    g_autoptr(eas_node) first = upload_node(row->data);
    g_autoptr(eas_node) exceptions = first ? eas_node_take(first, TAG_Calendar_Exceptions) : NULL;
    struct journal again = {0};

    if (!exceptions)
        return 0;
    g_autoptr(GBytes) base = eas_node_bytes(first);
    int error = store_identity_props(upload->engine->store, item_id, base);

    if (error)
        return error;
    error = journal_of_item(upload->engine->store, JOURNAL_CHANGE, item_id, &again);
    error = error == -ENOENT ? change(upload, row, item_id, base) : error ? error : rebase(upload, row, &again, base);
    journal_clear(&again);
    return error;
}

int64_t row_added(struct upload *upload, struct journal *row, const struct collection *collection,
                  const char *server_id)
{
    int64_t id = journal_added(upload->engine->store, row, server_id, row_stamp(collection, row));
    int error = (int)MIN(id, 0);

    if (error || collection->class != EAS_CALENDAR)
        return id;
    if (!(error = put_rest(upload, row, id)))
        error = upload_invite(upload, NULL, row->data, row->uid, row->ino);
    return error ? error : id;
}
