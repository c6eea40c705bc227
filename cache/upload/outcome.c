/* What becomes of a row that the server did not take: again, later, or held for a person. */
#include <errno.h>

#include "cache/upload/uploader.h"
#include "codec/limits.h"
#include "codec/wire/status.h"

static void set_error(struct journal *row, const char *why)
{
    if (row->error == why)
        return;
    g_free(row->error);
    row->error = g_strdup(why);
}

int row_refresh(struct upload *upload, struct journal *row)
{
    struct journal now = {0};
    int error = journal_get(upload->engine->store, row->id, &now);

    if (!error)
        row->ino = now.ino;
    if (!error && row->kind == JOURNAL_SEND)
        row->item_id = now.item_id; /* its draft may be gone */
    if (!error && (now.origin_ino || !row->origin_ino)) {
        g_free(row->origin);
        row->origin = g_steal_pointer(&now.origin);
        row->origin_ino = now.origin_ino;
    }
    journal_clear(&now);
    return error;
}

/* What was removed here while it was on its way, and did not arrive, never was. *gone: so it is. */
static int drop_buried(struct upload *upload, const struct journal *row, bool *gone)
{
    struct store *store = upload->engine->store;
    struct file_row file = {0};
    int error = row->kind == JOURNAL_ADD ? store_file_get(store, row->ino, &file) : 0;

    *gone = error == -ENOENT || (file.ino && store_is_grave(store, file.parent));
    if (*gone)
        error = journal_remove(store, row->id);
    if (*gone && !error && file.ino)
        error = store_file_remove(store, file.ino);
    file_row_clear(&file);
    return error;
}

int row_requeue(struct upload *upload, struct journal *row)
{
    bool gone;
    int error = row_refresh(upload, row);

    if (error)
        return error == -ENOENT ? 0 : error;
    if ((error = drop_buried(upload, row, &gone)) || gone)
        return error;
    row->state = JOURNAL_QUEUED;
    row->batch = 0;
    g_clear_pointer(&row->batch_key, g_free);
    return journal_put(upload->engine->store, row);
}

/* What the user wrote while it was on its way; -ENOENT: nothing. */
static int find_later(struct upload *upload, const struct journal *row, struct journal *later)
{
    struct store *store = upload->engine->store;
    int error = -ENOENT;

    if (row->kind == JOURNAL_ADD)
        error = journal_of_file(store, JOURNAL_CHANGE, row->ino, later);
    else if (row->kind == JOURNAL_CHANGE)
        error = journal_of_item(store, JOURNAL_CHANGE, row->item_id, later);
    if (!error && later->id == row->id) {
        journal_clear(later);
        error = -ENOENT;
    }
    return error;
}

/* That says all that the refused row says: of an addition it is what is to be added, of a change it is laid against
 * what the refused one was laid against. */
static int give_way(struct upload *upload, struct journal *row, struct journal *later)
{
    struct store *store = upload->engine->store;
    int64_t dropped = row->id;

    if (row->kind == JOURNAL_ADD) {
        dropped = later->id;
        later->kind = JOURNAL_ADD;
        later->id = row->id;
        g_free(later->uid);
        later->uid = g_strdup(row->uid);
        g_free(later->client_id);
        later->client_id = g_uuid_string_random(); /* the old one stands for what was refused */
        g_free(later->origin);
        later->origin = g_strdup(row->origin);
        later->origin_ino = row->origin_ino;
    }
    g_clear_pointer(&later->base, g_bytes_unref);
    later->base = row->base ? g_bytes_ref(row->base) : NULL;
    int error = journal_put(store, later);

    return error ? error : journal_remove(store, dropped);
}

int row_hold(struct upload *upload, struct journal *row, const char *why)
{
    struct journal later = {0};
    bool gone;
    int error = row_refresh(upload, row);

    if (error)
        return error == -ENOENT ? 0 : error;
    if ((error = drop_buried(upload, row, &gone)) || gone)
        return error;
    if (!(error = find_later(upload, row, &later))) {
        error = give_way(upload, row, &later);
        journal_clear(&later);
        return error;
    }
    g_clear_pointer(&row->batch_key, g_free);
    return error == -ENOENT ? journal_hold(upload->engine->store, row, why) : error;
}

static int64_t delay_ns(int tries)
{
    int64_t ms = LIMIT_RETRY_FIRST_MS;

    for (int i = 1; i < tries && ms < LIMIT_RETRY_LAST_MS; i++)
        ms *= 2;
    return MIN(ms, LIMIT_RETRY_LAST_MS) * G_GINT64_CONSTANT(1000000);
}

int row_postpone(struct upload *upload, struct journal *row, const char *why)
{
    row->tries++;
    if (row->tries >= LIMIT_UPLOAD_TRIES) {
        g_autofree char *text = g_strdup_printf("given up after %d attempts: %s", row->tries, why);

        return row_hold(upload, row, text);
    }
    set_error(row, why);
    row->due_ns = upload->now_ns + delay_ns(row->tries);
    return row_requeue(upload, row);
}

/* Room that lacks may come back: it is waited for, but not given up. */
static int row_await_room(struct upload *upload, struct journal *row, const char *why)
{
    set_error(row, why);
    row->tries = MIN(row->tries + 1, LIMIT_UPLOAD_TRIES - 1);
    row->due_ns = upload->now_ns + LIMIT_RETRY_LAST_MS * G_GINT64_CONSTANT(1000000);
    return row_requeue(upload, row);
}

int row_refused(struct upload *upload, struct journal *row, const struct eas_result *refusal)
{
    enum { SYNC_FULL_STATUS = 9, MAILBOX_FULL = 113, HTTP_FULL = 507 };
    bool sync = row->kind <= JOURNAL_FLAGS;
    bool full =
        refusal->http == HTTP_FULL || refusal->status == MAILBOX_FULL || (sync && refusal->status == SYNC_FULL_STATUS);

    if (full && !row_is_letter(row)) /* who writes a letter does not expect it to go out one day */
        return row_await_room(upload, row, refusal->text);
    switch (refusal->action) {
    case EAS_ACTION_FOLDERS_NEW:
        upload->engine->folders_anew = true; /* fall through */
    case EAS_ACTION_FOLDERS:
        upload->engine->folders_stale = true;
        return row_postpone(upload, row, refusal->text);
    case EAS_ACTION_RETRY:
    case EAS_ACTION_SEND_FULL:
    case EAS_ACTION_RESYNC:
        return row_postpone(upload, row, refusal->text);
    default:
        return row_hold(upload, row, refusal->text);
    }
}

struct eas_result request_refusal(enum eas_command command, const struct eas_result *result)
{
    if (result->outcome != EAS_REFUSED || !result->status)
        return *result;
    return eas_status_result(command, EAS_LEVEL_ITEM, result->status);
}

/* ---- before the first byte ---- */

static bool same_bytes(GBytes *a, GBytes *b)
{
    return a == b || (a && b && g_bytes_equal(a, b));
}

/* What was found out while it was prepared, of an item that was moved since, or has come to be, is no difference. */
static bool is_of_the_same(const struct journal *now, const struct journal *row)
{
    bool follows = row->item_id && row->kind != JOURNAL_ADD && row->kind != JOURNAL_MOVE;

    return (now->item_id == row->item_id || (follows && !now->item_id)) &&
           (now->collection_id == row->collection_id || follows);
}

/* The editor may have written to the row since it was read, or removed it. */
static bool is_as_read(const struct journal *now, const struct journal *row)
{
    return now->state == row->state && now->ino == row->ino && is_of_the_same(now, row) &&
           now->target_id == row->target_id && now->response == row->response && same_bytes(now->data, row->data) &&
           now->due_ns == row->due_ns && now->wanted.read == row->wanted.read && now->wanted.flag == row->wanted.flag &&
           !g_strcmp0(now->wanted.categories, row->wanted.categories);
}

static int mark(struct upload *upload, struct journal *row, int64_t batch, const char *key)
{
    struct store *store = upload->engine->store;
    struct journal now = {0};
    int error = journal_get(store, row->id, &now);
    bool fits = !error && is_as_read(&now, row);

    journal_clear(&now);
    if (error && error != -ENOENT)
        return error;
    if (!fits) {
        row->id = 0;
        return 0;
    }
    if (!row->client_id)
        row->client_id = g_uuid_string_random();
    row->state = JOURNAL_SENT;
    row->sent_ns = upload->now_ns;
    row->batch = batch;
    g_free(row->batch_key);
    row->batch_key = g_strdup(key);
    return journal_put(store, row);
}

/* Nothing was sent after all. Should this fail as well, they are in doubt (doubt.c). */
static void rows_unmark(struct upload *upload, struct journal *const *rows, size_t count)
{
    int error = upload_begin(upload);

    for (size_t i = 0; i < count && !error; i++)
        error = rows[i]->id ? row_requeue(upload, rows[i]) : 0;
    if (!error)
        store_commit(upload->engine->store);
    else
        store_rollback(upload->engine->store);
}

int rows_mark(struct upload *upload, struct journal *const *rows, size_t count, const char *const *keys)
{
    int error = upload_begin(upload);
    int64_t batch = count ? rows[0]->id : 0;

    if (error)
        return error;
    for (size_t i = 0; i < count && !error; i++)
        error = mark(upload, rows[i], batch, keys ? keys[i] : NULL);
    error = upload_end(upload, error);
    if (error)
        return error;
    error = store_durable(upload->engine->store);
    step("durable");
    if (error)
        rows_unmark(upload, rows, count);
    return error;
}
