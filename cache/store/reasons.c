/* What went wrong, told as it happens: noted within a transaction and told after its commit, like changes; or, of what
 * leaves no other trace, told at once. */
#include <string.h>

#include "cache/store/files.h"
#include "cache/store/journal.h"
#include "cache/store/store_state.h"

const char store_conflict_reason[] = "it lost a conflict: what the server has keeps the name; rename it onto that name "
                                     "to send it, or remove it";

struct noted_reason {
    char *path, *item, *text;
    bool braked;
    int more; /* deletions told with it */
};

static void noted_free(void *data)
{
    struct noted_reason *noted = data;

    g_free(noted->path);
    g_free(noted->item);
    g_free(noted->text);
    g_free(noted);
}

GPtrArray *reasons_new(void)
{
    return g_ptr_array_new_with_free_func(noted_free);
}

/* What a row speaks of, where it is now; the caller frees it. */
char *journal_path(struct store *store, const struct journal *row)
{
    struct collection collection = {0};
    int64_t ino = row->ino;
    char *path = NULL;

    if (row->origin_ino && row->kind != JOURNAL_MOVE) {
        g_autofree char *dir = store_path(store, row->origin_ino);

        return g_strdup_printf("%s%s%s", dir ? dir : "", dir && *dir ? "/" : "", row->origin);
    }
    if (!ino && store_collection_get(store, row->collection_id, &collection) == 0)
        ino = collection.ino;
    path = ino ? store_path(store, ino) : NULL;
    collection_clear(&collection);
    return path ? path : g_strdup("");
}

char *journal_server_id(struct store *store, const struct journal *row)
{
    struct item item = {0};
    char *server_id = NULL;

    if (row->item_id && store_item_get(store, row->item_id, &item) == 0)
        server_id = g_strdup(item.server_id);
    item_clear(&item);
    return server_id;
}

bool journal_is_braked(const struct journal *row)
{
    return row->kind == JOURNAL_DELETE && row->response == JOURNAL_BRAKED;
}

void reasons_note(struct store *store, char *path, const char *item, const char *text)
{
    struct noted_reason *noted = g_new0(struct noted_reason, 1);

    noted->path = path;
    noted->item = g_strdup(item);
    noted->text = g_strdup(text);
    g_ptr_array_add(store->txn.reasons, noted);
}

/* What the brake holds comes by the hundred with one reason: it is one line. */
void reasons_note_row(struct store *store, const struct journal *row)
{
    GPtrArray *reasons = store->txn.reasons;
    const char *text = row->error ? row->error : "held";
    struct noted_reason *last = reasons->len ? reasons->pdata[reasons->len - 1] : NULL;

    if (journal_is_braked(row) && last && last->braked && !strcmp(last->text, text)) {
        last->more++;
        return;
    }
    g_autofree char *server_id = journal_server_id(store, row);

    reasons_note(store, journal_path(store, row), server_id, text);
    last = reasons->pdata[reasons->len - 1];
    last->braked = journal_is_braked(row);
}

GPtrArray *reasons_steal(struct store *store)
{
    GPtrArray *reasons = store->txn.reasons;

    if (!reasons->len)
        return NULL;
    store->txn.reasons = reasons_new();
    return reasons;
}

void reasons_deliver(struct store *store, GPtrArray *reasons)
{
    for (guint i = 0; reasons && i < reasons->len; i++) {
        const struct noted_reason *noted = reasons->pdata[i];
        g_autofree char *text = noted->more ? g_strdup_printf("%s (and %d deletions more)", noted->text, noted->more)
                                            : g_strdup(noted->text);

        store_tell_reason(store, noted->path, noted->item, text);
    }
    g_clear_pointer(&reasons, g_ptr_array_unref);
}

void store_listen_reasons(struct store *store, store_reason_listener listener, void *ctx)
{
    store->reason_ctx = ctx;
    g_atomic_pointer_set(&store->reason_listener, listener);
}

void store_tell_reason(struct store *store, const char *path, const char *item, const char *text)
{
    store_reason_listener listener = g_atomic_pointer_get(&store->reason_listener);

    if (listener)
        listener(store->reason_ctx, &(struct store_reason){path, item, text});
}
