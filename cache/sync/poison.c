/* One collection, window after window. A server that cannot say an item answers nothing at all, or
 * 5xx, for every window that holds it (NOTES section 18): the window is halved, then asked without
 * bodies, then without MIME, which brings the item's id and properties; its body is left to the
 * fetch workers, who name the item if even they fail. */
#include "cache/sync/poison.h"

#include <string.h>

#include "cache/sync/estimate.h"
#include "cache/sync/items.h"
#include "codec/limits.h"
#include "codec/wire/status.h"

/* How the collection is asked at present. */
struct pace {
    int window; /* 0: as measured */
    enum body_asking bodies;
    bool probed; /* the silence was looked behind */
    int idle;    /* answers in a row that told nothing while more was announced */
    int retries;
    long long told; /* commands in a resync */
};

enum step { GO_ON, DONE };

enum { WHOLE_WINDOW = 0 };

static void narrow_to_bottom(struct pace *pace)
{
    pace->window = LIMIT_POISON_WINDOW;
    pace->bodies = ASK_NONE;
}

/* The next smaller question; false when there is none. */
static bool narrow(struct sync_engine *engine, const struct collection *collection, struct pace *pace)
{
    int window = pace->window ? pace->window : engine->windows[collection->class].last;

    if (window > LIMIT_POISON_WINDOW) {
        pace->window = MAX(window / 2, LIMIT_POISON_WINDOW);
        return true;
    }
    if (collection->class != EAS_MAIL || pace->bodies == ASK_PLAIN)
        return false;
    pace->bodies = pace->bodies == ASK_BODIES && trust_inline_bytes(engine->trust) > 0 ? ASK_NONE : ASK_PLAIN;
    pace->window = LIMIT_POISON_WINDOW;
    return true;
}

static void widen(struct sync_engine *engine, const struct collection *collection, struct pace *pace)
{
    struct window *window = &engine->windows[collection->class];

    pace->bodies = ASK_BODIES;
    if (pace->window)
        pace->window *= 2;
    if (pace->window >= LIMIT_WINDOW_FIRST) {
        window->last = pace->window;
        pace->window = WHOLE_WINDOW;
    }
}

static enum step give_up(struct sync_engine *engine, const struct collection *collection, const char *text)
{
    folder_fail(engine, collection, text);
    return DONE;
}

static enum step on_store_error(int error, struct eas_result *result)
{
    *result = store_result(error);
    return error ? DONE : GO_ON;
}

struct eas_result collection_end(struct sync_engine *engine, struct collection *collection, bool surely)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    const struct harvest end = {.status = 1, .items = none, .answers = none};
    long progress;
    int error = 0;

    if (surely || !collection->resync)
        error = harvest_store(engine, collection, &end, &progress);
    if (!error)
        folder_heal(engine, collection);
    return store_result(error);
}

/* Nobody said that anything waits, and nothing came: the folder is at its end. */
static enum step at_end(struct sync_engine *engine, struct collection *collection, bool surely,
                        struct eas_result *result)
{
    *result = collection_end(engine, collection, surely);
    return DONE;
}

/* More was announced and no question, however small, brings it: an item cannot be said, or the server
 * believes that we have what was lost with an answer. Once the folder is read from the start. */
static enum step begin_anew(struct sync_engine *engine, struct collection *collection, struct eas_result *result)
{
    if (!g_hash_table_add(engine->begun_anew, g_memdup2(&collection->id, sizeof collection->id)))
        return give_up(engine, collection,
                       "the server says that there is more and then says nothing: "
                       "an item in this folder cannot be read");
    *result = store_result(resync_start(engine, collection));
    return DONE;
}

static enum step on_silence(struct sync_engine *engine, struct collection *collection, struct pace *pace,
                            struct eas_result *result)
{
    if (collection->more) {
        if (narrow(engine, collection, pace))
            return GO_ON;
        return begin_anew(engine, collection, result);
    }
    if (pace->probed)
        return at_end(engine, collection, false, result);
    long long estimate = estimate_ask(engine, collection);

    pace->probed = true;
    if (estimate == 0)
        return at_end(engine, collection, true, result);
    narrow_to_bottom(pace);
    return GO_ON;
}

/* A resync may tell of each held item once, and of new ones; a server that goes on and on is idle. */
static bool is_progress(const struct collection *collection, struct pace *pace, long told, bool resync)
{
    if (resync) {
        pace->told += told;
        if (pace->told > collection->items + (long long)LIMIT_IDLE_ROUNDS * LIMIT_WINDOW_ITEMS &&
            pace->told > 2 * collection->items)
            return false;
    }
    return told > 0;
}

static enum step on_harvest(struct sync_engine *engine, struct collection *collection, struct pace *pace,
                            const struct exchange *exchange, const struct harvest *harvest, struct eas_result *result)
{
    bool resync = collection->resync;
    long told;

    if (on_store_error(harvest_store(engine, collection, harvest, &told), result) == DONE)
        return DONE;
    window_measure(&engine->windows[collection->class], harvest->items->len, exchange->bytes);
    pace->retries = 0;
    if (!collection->more) {
        folder_heal(engine, collection);
        return DONE;
    }
    pace->idle = is_progress(collection, pace, told, resync) ? 0 : pace->idle + 1;
    if (pace->idle >= LIMIT_IDLE_ROUNDS)
        return give_up(engine, collection, "the server announces more for ever and sends nothing new");
    widen(engine, collection, pace);
    return GO_ON;
}

bool collection_refused(struct sync_engine *engine, struct collection *collection, const struct eas_result *refusal,
                        int *retries, struct eas_result *result)
{
    *result = eas_served();
    switch (refusal->action) {
    case EAS_ACTION_RETRY:
    case EAS_ACTION_SEND_FULL:
        if ((*retries)++ < LIMIT_STATUS_RETRIES)
            return true;
        break;
    case EAS_ACTION_RESYNC:
        *result = store_result(resync_start(engine, collection));
        return false;
    case EAS_ACTION_FOLDERS:
        engine->folders_stale = true;
        return false;
    case EAS_ACTION_FOLDERS_NEW:
        engine->folders_anew = engine->folders_stale = true;
        return false;
    default:
        break;
    }
    folder_fail(engine, collection, refusal->text);
    return false;
}

bool refusal_is_of_a_folder(const struct eas_result *refusal)
{
    enum { COMMON_STATUSES = 100 }; /* from here on they speak of the account */

    return refusal->outcome == EAS_REFUSED && refusal->scope < EAS_SCOPE_FATAL &&
           (refusal->scope < EAS_SCOPE_ACCOUNT || (refusal->status > 1 && refusal->status < COMMON_STATUSES));
}

static enum step on_failure(struct sync_engine *engine, struct collection *collection, struct pace *pace,
                            const struct exchange *exchange, struct eas_result *result)
{
    const struct eas_result *failure = &exchange->result;

    *result = eas_served();
    if (exchange->stumbled) {
        if (narrow(engine, collection, pace))
            return GO_ON;
        engine->stumble = *failure;
        return give_up(engine, collection, failure->text);
    }
    if (refusal_is_of_a_folder(failure))
        return collection_refused(engine, collection, failure, &pace->retries, result) ? GO_ON : DONE;
    if (failure->action == EAS_ACTION_FOLDERS_NEW) {
        engine->folders_anew = engine->folders_stale = true;
        return DONE;
    }
    *result = *failure;
    return DONE;
}

static enum step read_window(struct sync_engine *engine, struct collection *collection, struct pace *pace,
                             struct eas_result *result)
{
    struct exchange exchange = exchange_sync(engine, &collection, 1, pace->window, pace->bodies);
    const struct harvest *harvest = exchange_harvest(&exchange, collection->server_id);
    enum step step;

    *result = eas_served();
    engine->answers += eas_is_served(&exchange.result);
    if (!eas_is_served(&exchange.result)) {
        step = on_failure(engine, collection, pace, &exchange, result);
    } else if (!harvest) {
        step = on_silence(engine, collection, pace, result);
    } else if (harvest->status != 1) {
        struct eas_result refusal = eas_status_result(EAS_SYNC, EAS_LEVEL_COLLECTION, harvest->status);

        step = collection_refused(engine, collection, &refusal, &pace->retries, result) ? GO_ON : DONE;
    } else {
        step = on_harvest(engine, collection, pace, &exchange, harvest, result);
    }
    exchange_clear(&exchange);
    return step;
}

struct eas_result collection_read(struct sync_engine *engine, struct collection *collection)
{
    struct pace pace = {0};
    struct eas_result result = eas_served();

    do {
        if (engine->hooks.stopping && engine->hooks.stopping(engine->hooks.ctx))
            return eas_unreachable(75, "interrupted");
    } while (read_window(engine, collection, &pace, &result) == GO_ON);
    return result;
}
