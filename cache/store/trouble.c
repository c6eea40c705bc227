/* What the disk refused and has not taken since, by what was written: bytes of bodies, rows of the database, and the
 * word that what was written is there. */
#include <errno.h>

#include "cache/store/store_state.h"

bool store_is_trouble(int error)
{
    return error == -ENOSPC || error == -EDQUOT || error == -EIO || error == -EROFS || error == -EFBIG;
}

void trouble_note(struct store *store, enum trouble what, int error)
{
    bool is_new = store_is_trouble(error) && !store_trouble(store);
    void (*listener)(void *) = g_atomic_pointer_get(&store->trouble_listener);

    if (!error || store_is_trouble(error))
        g_atomic_int_set(&store->troubles[what], error);
    if (is_new && listener)
        listener(store->trouble_ctx);
}

int store_trouble(struct store *store)
{
    for (size_t i = 0; i < TROUBLES; i++) {
        int error = g_atomic_int_get(&store->troubles[i]);

        if (error)
            return error;
    }
    return 0;
}

void store_listen_trouble(struct store *store, void (*listener)(void *ctx), void *ctx)
{
    store->trouble_ctx = ctx;
    g_atomic_pointer_set(&store->trouble_listener, listener);
}

/* A row and its room in the log, as any edit needs them. */
static int try_rows(struct store *store)
{
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)store_now(store));

    return store_set(store, "tried", now);
}

static int try_bytes(struct store *store)
{
    static const char some[TRIED_BYTES];
    struct body_writer *writer = store_body_begin(store);
    int64_t body = 0;
    int error = store_body_append(writer, some, sizeof some);

    if (error) {
        store_body_abort(writer);
        return error;
    }
    error = store_body_finish(writer, store, &body);
    if (!error) {
        error = store_bodies_flush(store);
        store_body_undo(store, body);
    }
    return error;
}

int store_try(struct store *store)
{
    int error = try_bytes(store);

    if (!error)
        error = try_rows(store);
    return error ? error : store_durable(store);
}
