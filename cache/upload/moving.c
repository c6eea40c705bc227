/* Moves between folders: many in one MoveItems request (MS-ASCMD 2.2.1.12). The server may tell of them as well, as
 * a removal here and a new item there (doubt.c knows it again). */
#include <errno.h>
#include <string.h>

#include "cache/upload/uploader.h"
#include "codec/limits.h"
#include "codec/wire/move_items.h"
#include "codec/wire/status.h"

struct shift {
    struct journal row;
    char *server_id;
    const char *from, *to; /* the folders' ids; live with the upload */
};

static void shift_free(void *data)
{
    struct shift *shift = data;

    journal_clear(&shift->row);
    g_free(shift->server_id);
    g_free(shift);
}

static int settle(struct upload *upload, struct journal *row, const char *server_id, const char *why)
{
    int error = upload_begin(upload);

    if (!error)
        error = upload_end(upload, why         ? row_hold(upload, row, why)
                                   : server_id ? journal_moved(upload->engine->store, row, server_id)
                                               : journal_remove(upload->engine->store, row->id));
    return error;
}

/* An answer names a message by its id alone, and ids are a folder's own: two of one id do not travel together. */
static bool is_named_already(const GPtrArray *shifts, const char *server_id)
{
    for (guint i = 0; i < shifts->len; i++)
        if (!strcmp(((const struct shift *)shifts->pdata[i])->server_id, server_id))
            return true;
    return false;
}

/* Takes a row into the request, if something has to be asked for it. more: set where it has to wait for the next. */
static int consider(struct upload *upload, GPtrArray *shifts, struct journal *row, bool *more)
{
    const struct collection *target = upload_collection(upload, row->target_id), *source;
    struct item item = {0};
    struct shift *shift;
    int error = store_item_get(upload->engine->store, row->item_id, &item);

    if (error == -ENOENT)
        return settle(upload, row, NULL, NULL);
    if (!error && upload_is_gone(upload, row->target_id))
        error = settle(upload, row, NULL, "the folder it was moved to is no longer there");
    if (error || !target) {
        item_clear(&item);
        return error;
    }
    source = upload_collection(upload, item.collection_id);
    if (source == target || !source) {
        error = settle(upload, row, item.server_id, NULL);
    } else if (is_named_already(shifts, item.server_id)) {
        *more = true;
    } else {
        shift = g_new0(struct shift, 1);
        *shift = (struct shift){*row, g_strdup(item.server_id), source->server_id, target->server_id};
        *row = (struct journal){0};
        g_ptr_array_add(shifts, shift);
    }
    item_clear(&item);
    return error;
}

static int mark(struct upload *upload, GPtrArray *shifts)
{
    g_autofree struct journal **rows = g_new(struct journal *, shifts->len);
    int error;

    for (guint i = 0; i < shifts->len; i++)
        rows[i] = &((struct shift *)shifts->pdata[i])->row;
    error = rows_mark(upload, rows, shifts->len, NULL);
    for (guint i = shifts->len; i-- > 0;)
        if (!((struct shift *)shifts->pdata[i])->row.id)
            g_ptr_array_remove_index(shifts, i);
    return error;
}

static const struct item_moved *find_moved(GArray *moved, const struct shift *shift)
{
    for (guint i = 0; i < moved->len; i++)
        if (!strcmp(g_array_index(moved, struct item_moved, i).server_id, shift->server_id))
            return &g_array_index(moved, struct item_moved, i);
    return NULL;
}

/* A move that the answer does not name was not done, as far as anybody can say: both folders are asked. Until then the
 * row says what there was for an answer. */
static int note_silence(struct upload *upload, struct journal *row, int status)
{
    struct eas_result refusal = eas_status_result(EAS_MOVE_ITEMS, EAS_LEVEL_ITEM, status);

    g_free(row->error);
    row->error = g_strdup(status ? refusal.text : "the server's answer says nothing of it");
    return journal_put(upload->engine->store, row);
}

/* status: of the answer as a whole; 0: none. */
static int judge(struct upload *upload, struct shift *shift, const struct item_moved *moved, int status)
{
    enum { DONE = 3, THERE_ALREADY = 4 };
    struct eas_result refusal;

    upload_touch(upload, shift->row.collection_id);
    upload_touch(upload, shift->row.target_id);
    if (!moved)
        return note_silence(upload, &shift->row, status);
    if (moved->status == THERE_ALREADY)
        return 0;
    if (moved->status == DONE)
        return journal_moved(upload->engine->store, &shift->row, moved->new_server_id);
    refusal = eas_status_result(EAS_MOVE_ITEMS, EAS_LEVEL_ITEM, moved->status);
    return row_refused(upload, &shift->row, &refusal);
}

static int judge_all(struct upload *upload, GPtrArray *shifts, GArray *moved, int status)
{
    int error = upload_begin(upload);

    if (error)
        return error;
    for (guint i = 0; i < shifts->len && !error; i++)
        error = judge(upload, shifts->pdata[i], find_moved(moved, shifts->pdata[i]), status);
    return upload_end(upload, error);
}

static int each(struct upload *upload, GPtrArray *shifts, const struct eas_result *refusal)
{
    int error = upload_begin(upload);

    if (error)
        return error;
    for (guint i = 0; i < shifts->len && !error; i++) {
        struct journal *row = &((struct shift *)shifts->pdata[i])->row;

        error = refusal ? row_refused(upload, row, refusal) : row_requeue(upload, row);
    }
    return upload_end(upload, error);
}

static struct eas_result ask(struct upload *upload, GPtrArray *shifts)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    g_autofree struct item_move *moves = g_new(struct item_move, shifts->len);
    struct answer_tree answer = {0};
    struct call call = {
        .command = EAS_MOVE_ITEMS, .request = request, .sink = &answer_tree_sink, .ctx = &answer, .once = true};
    struct eas_result result;

    for (guint i = 0; i < shifts->len; i++) {
        const struct shift *shift = shifts->pdata[i];

        moves[i] = (struct item_move){shift->server_id, shift->from, shift->to};
    }
    move_items_request(request, moves, shifts->len);
    result = session_call(upload->engine->link, &call);
    if (eas_is_served(&result) && call.status)
        result = eas_status_result(EAS_MOVE_ITEMS, EAS_LEVEL_TOP, call.status);
    result = request_refusal(EAS_MOVE_ITEMS, &result);
    if (eas_is_served(&result)) {
        g_autoptr(GArray) moved = move_items_read(answer_tree_root(&answer));

        result = store_result(judge_all(upload, shifts, moved, call.status));
    } else if (call.unsent) {
        int error = each(upload, shifts, NULL);

        result = error ? store_result(error) : result;
    } else if (result.outcome == EAS_REFUSED) {
        bool of_account = result.scope >= EAS_SCOPE_ACCOUNT;
        int error = each(upload, shifts, of_account ? NULL : &result);

        result = error || !of_account ? store_result(error) : result;
    }
    answer_tree_clear(&answer);
    return result;
}

/* more: the request was full, or had one of the same id. What is moved while it is under way is no reason for another
 * at once: a mv of thousands would be a request for each handful; it gathers for the next pass. */
static struct eas_result some_moves(struct upload *upload, bool *more)
{
    g_autoptr(GArray) rows = upload_due(upload, UPLOAD_KIND(JOURNAL_MOVE));
    g_autoptr(GPtrArray) shifts = g_ptr_array_new_with_free_func(shift_free);
    int error = 0;

    *more = false;
    for (guint i = 0; i < rows->len && !error && shifts->len < LIMIT_MOVES; i++)
        error = consider(upload, shifts, &g_array_index(rows, struct journal, i), more);
    *more |= shifts->len == LIMIT_MOVES;
    if (!error && shifts->len)
        error = mark(upload, shifts);
    return !error && shifts->len ? ask(upload, shifts) : store_result(error);
}

struct eas_result upload_moves(struct upload *upload)
{
    struct eas_result result = eas_served();
    bool more = true;

    for (int round = 0; more && round < LIMIT_UPLOAD_ROUNDS && eas_is_served(&result); round++)
        result = upload_is_stopping(upload) ? eas_unreachable(75, "interrupted") : some_moves(upload, &more);
    return result;
}
