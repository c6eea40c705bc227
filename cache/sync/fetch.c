#include "cache/sync/fetch.h"

#include <errno.h>

#include "cache/sync/fetch_batch.h"
#include "cache/sync/tickets.h"
#include "codec/limits.h"
#include "codec/wire/status.h"

enum { WORKERS = LIMIT_FETCH_WORKERS + 1 }; /* the first serves parked opens alone */

struct worker {
    struct fetcher *fetcher;
    unsigned number;
    GThread *thread;
    struct link *link;
    uint64_t opening; /* the file it fetches for a parked open, 0: none; under the lock */
    gint pieces;      /* of it that came */
};

struct fetcher {
    struct store *store;
    struct session *session;
    const struct replica_config *config;
    struct body_trust *trust;
    void (*fetched)(void *ctx);
    void *ctx;
    struct tickets *tickets;
    char *address;

    GMutex lock;
    GCond turn;
    bool started, stopping;
    bool bulk;           /* there may be bodies to fetch */
    bool barred;         /* the account was refused */
    unsigned long wakes; /* how often that was said */
    gint64 rest_until;   /* monotonic: nobody answered, wait */
    long rest_ms;
    GHashTable *in_hand; /* ids of items some worker fetches */
    GHashTable *tries;   /* item id: failed tries that may pass */
    GHashTable *folders; /* collection id: ServerId */
    struct worker workers[WORKERS];
};

/* ---- what a batch came to ---- */

/* Whether the item is still what was asked for: meanwhile it may have gone, or have got another ServerId. */
static bool is_current(struct fetcher *fetcher, const struct item *item)
{
    struct item now = {0};
    bool known = store_item_get(fetcher->store, item->id, &now) == 0, same = !g_strcmp0(now.server_id, item->server_id);

    item_clear(&now);
    return known && same;
}

static void try_failed(struct fetcher *fetcher, const struct item *item, const char *why)
{
    g_autofree char *text = g_strdup_printf("not fetched: %s", why);

    if (store_begin(fetcher->store) != 0)
        return;
    if (!is_current(fetcher, item)) {
        store_rollback(fetcher->store);
        return;
    }
    int error = store_item_fetched(fetcher->store, item->id, 0, item->size);

    if (!error)
        error = store_error_set(fetcher->store, item->collection_id, item->server_id, text);
    if (error)
        store_rollback(fetcher->store);
    else
        store_commit(fetcher->store);
}

static bool may_try_again(struct fetcher *fetcher, const struct item *item)
{
    g_mutex_lock(&fetcher->lock);
    int tries = GPOINTER_TO_INT(g_hash_table_lookup(fetcher->tries, &item->id)) + 1;

    if (tries < LIMIT_STATUS_RETRIES)
        g_hash_table_insert(fetcher->tries, g_memdup2(&item->id, sizeof item->id), GINT_TO_POINTER(tries));
    else
        g_hash_table_remove(fetcher->tries, &item->id);
    g_mutex_unlock(&fetcher->lock);
    return tries < LIMIT_STATUS_RETRIES;
}

/* An exchange that failed for what was asked, not because nobody is there. */
static bool is_items_fault(const struct eas_result *result)
{
    if (result->outcome == EAS_SERVED)
        return true;
    if (result->outcome == EAS_REFUSED)
        return result->scope < EAS_SCOPE_ACCOUNT || (result->status > 1 && result->status < 100);
    return result->http >= 500 && !(result->http >= 502 && result->http <= 504);
}

/* Nobody answered: wait, longer each time, or as long as the server says. A refused account is not asked again
 * before the sync worker has got on with it: a wrong password, repeated, locks it. */
static void rest(struct fetcher *fetcher, const struct eas_result *result)
{
    g_mutex_lock(&fetcher->lock);
    fetcher->barred |= result->outcome == EAS_REFUSED;
    fetcher->rest_ms = CLAMP(fetcher->rest_ms * 2, LIMIT_RETRY_FIRST_MS, LIMIT_RETRY_LAST_MS);
    fetcher->rest_until =
        g_get_monotonic_time() + MAX(fetcher->rest_ms, MIN(result->retry_after_s, LIMIT_RETRY_AFTER_S) * 1000L) * 1000;
    g_mutex_unlock(&fetcher->lock);
}

static bool is_resting(struct fetcher *fetcher)
{
    g_mutex_lock(&fetcher->lock);
    bool resting = fetcher->barred || fetcher->stopping || fetcher->rest_until > g_get_monotonic_time();

    g_mutex_unlock(&fetcher->lock);
    return resting;
}

static bool is_barred(struct fetcher *fetcher)
{
    g_mutex_lock(&fetcher->lock);
    bool barred = fetcher->barred;

    g_mutex_unlock(&fetcher->lock);
    return barred;
}

/* One item by itself. 0 or the errno for whoever waits. */
static int item_settle(struct fetcher *fetcher, const struct batch_item *each, const struct eas_result *result)
{
    const char *why = each->why ? each->why : eas_is_served(result) ? "the server gives no answer" : result->text;

    if (each->fate == BATCH_FETCHED)
        return 0;
    if (each->fate == BATCH_GONE)
        return -ENOENT;
    if (each->fate == BATCH_UNANSWERED && !is_items_fault(result))
        return -EIO;
    if (!each->retry || !may_try_again(fetcher, each->item))
        try_failed(fetcher, each->item, why);
    return -EIO;
}

/* ---- asking ---- */

/* The ServerId of a folder, the caller's to free; the table is read again when a folder is new to it. */
static char *folder_id(struct fetcher *fetcher, int64_t collection_id)
{
    g_mutex_lock(&fetcher->lock);
    char *known = g_strdup(g_hash_table_lookup(fetcher->folders, &collection_id));

    g_mutex_unlock(&fetcher->lock);
    if (known)
        return known;
    g_autoptr(GArray) collections = store_collections(fetcher->store);

    g_mutex_lock(&fetcher->lock);
    for (guint i = 0; i < collections->len; i++) {
        const struct collection *each = &g_array_index(collections, struct collection, i);

        g_hash_table_insert(fetcher->folders, g_memdup2(&each->id, sizeof each->id), g_strdup(each->server_id));
    }
    known = g_strdup(g_hash_table_lookup(fetcher->folders, &collection_id));
    g_mutex_unlock(&fetcher->lock);
    return known ? known : g_strdup("");
}

void fetcher_forget_folders(struct fetcher *fetcher)
{
    g_mutex_lock(&fetcher->lock);
    g_hash_table_remove_all(fetcher->folders);
    g_mutex_unlock(&fetcher->lock);
}

static struct eas_result ask(struct worker *worker, struct batch_item *items, size_t count)
{
    struct fetcher *fetcher = worker->fetcher;
    struct file_context context = {
        .user = fetcher->address,
        .home_zone = fetcher->config->home_zone,
        .vcard_version = fetcher->config->vcard_version,
        .version = session_version(fetcher->session),
    };
    struct eas_result result;

    for (size_t i = 0; i < count; i++)
        items[i].collection_id = folder_id(fetcher, items[i].item->collection_id);
    g_atomic_int_set(&worker->pieces, 0);
    result = batch_fetch(fetcher->store, worker->link, fetcher->trust, &context, items, count, &worker->pieces);
    for (size_t i = 0; i < count; i++)
        g_free(items[i].collection_id);
    if (fetcher->fetched)
        fetcher->fetched(fetcher->ctx);
    return result;
}

static int fetch_one(struct worker *worker, struct item *item)
{
    struct batch_item one = {.item = item};
    struct eas_result result = ask(worker, &one, 1);
    int error = item_settle(worker->fetcher, &one, &result);

    if (!is_items_fault(&result))
        rest(worker->fetcher, &result);
    g_free(one.why);
    return error;
}

/* ---- parked opens ---- */

static void open_serve(struct worker *worker, uint64_t ino)
{
    struct fetcher *fetcher = worker->fetcher;
    struct item item = {0};
    int error = store_item_of(fetcher->store, (int64_t)ino, &item);

    if (!error && !item.body && (item.class != EAS_MAIL || !fetcher->session || is_barred(fetcher))) {
        error = -EIO; /* what is no mail is made from its properties, or cannot be made */
    } else if (!error && !item.body) {
        g_mutex_lock(&fetcher->lock);
        worker->opening = ino;
        g_mutex_unlock(&fetcher->lock);
        error = fetch_one(worker, &item);
        g_mutex_lock(&fetcher->lock);
        worker->opening = 0;
        if (worker->link && !fetcher->stopping)
            link_reset(worker->link);
        g_mutex_unlock(&fetcher->lock);
    }
    item_clear(&item);
    tickets_answer(fetcher->tickets, ino, error);
}

static void on_wanted(void *ctx)
{
    struct fetcher *fetcher = ctx;

    g_mutex_lock(&fetcher->lock);
    g_cond_broadcast(&fetcher->turn);
    g_mutex_unlock(&fetcher->lock);
}

/* Nobody waits any more. A body that is coming is let come; a server that says nothing is left. */
static void on_hurry(void *ctx, uint64_t ino)
{
    struct fetcher *fetcher = ctx;

    g_mutex_lock(&fetcher->lock);
    for (unsigned i = 0; i < WORKERS; i++)
        if (fetcher->workers[i].opening == ino && g_atomic_int_get(&fetcher->workers[i].pieces) == 0)
            link_interrupt(fetcher->workers[i].link);
    g_mutex_unlock(&fetcher->lock);
}

/* ---- bulk ---- */

/* The folder of the newest message that nobody has in hand; 0: there is none. One request asks for messages of one
 * folder: SOGo takes every id for one of the folder it read last, and answers with other messages. */
static int64_t folder_of_next(struct fetcher *fetcher, GArray *missing)
{
    int64_t folder = 0;

    g_mutex_lock(&fetcher->lock);
    for (guint i = 0; i < missing->len && !folder; i++) {
        const struct item *item = &g_array_index(missing, struct item, i);

        if (!g_hash_table_contains(fetcher->in_hand, &item->id))
            folder = item->collection_id;
    }
    g_mutex_unlock(&fetcher->lock);
    return folder;
}

/* What nobody has in hand, as much as one answer should bring; it is in this worker's hand then. */
static GPtrArray *hand_take(struct fetcher *fetcher, GArray *missing)
{
    GPtrArray *hand = g_ptr_array_new();
    int64_t bytes = 0;

    g_mutex_lock(&fetcher->lock);
    for (guint i = 0; i < missing->len && hand->len < LIMIT_FETCH_ITEMS && bytes < LIMIT_WINDOW_BYTES; i++) {
        struct item *item = &g_array_index(missing, struct item, i);

        if (g_hash_table_contains(fetcher->in_hand, &item->id))
            continue;
        g_hash_table_add(fetcher->in_hand, g_memdup2(&item->id, sizeof item->id));
        g_ptr_array_add(hand, item);
        bytes += item->size;
    }
    g_mutex_unlock(&fetcher->lock);
    return hand;
}

static void hand_open(struct fetcher *fetcher, GPtrArray *hand)
{
    g_mutex_lock(&fetcher->lock);
    for (guint i = 0; i < hand->len; i++)
        g_hash_table_remove(fetcher->in_hand, &((struct item *)hand->pdata[i])->id);
    g_mutex_unlock(&fetcher->lock);
    g_ptr_array_unref(hand);
}

/* What a batch left without an answer is asked one by one: one bad id can fail a whole request. */
static void bulk_rest(struct worker *worker, struct batch_item *items, guint count, const struct eas_result *result)
{
    struct fetcher *fetcher = worker->fetcher;

    for (guint i = 0; i < count && !is_resting(fetcher) && !tickets_any(fetcher->tickets); i++)
        if (items[i].fate == BATCH_UNANSWERED && count > 1)
            fetch_one(worker, items[i].item);
        else
            item_settle(fetcher, &items[i], result);
}

static void bulk_ask(struct worker *worker, GPtrArray *hand)
{
    struct fetcher *fetcher = worker->fetcher;
    g_autofree struct batch_item *items = g_new0(struct batch_item, hand->len);

    for (guint i = 0; i < hand->len; i++)
        items[i].item = hand->pdata[i];
    struct eas_result result = ask(worker, items, hand->len);

    if (is_items_fault(&result))
        bulk_rest(worker, items, hand->len, &result);
    else
        rest(fetcher, &result);
    for (guint i = 0; i < hand->len; i++)
        g_free(items[i].why);
}

/* Nothing is left, or all of it is in other hands: then a look again soon. */
static void bulk_pause(struct fetcher *fetcher, bool some, unsigned long wakes)
{
    g_mutex_lock(&fetcher->lock);
    if (!some && fetcher->wakes == wakes)
        fetcher->bulk = false;
    if (some && !fetcher->stopping)
        g_cond_wait_until(&fetcher->turn, &fetcher->lock, g_get_monotonic_time() + LIMIT_RETRY_FIRST_MS * 1000);
    g_mutex_unlock(&fetcher->lock);
}

static void bulk_serve(struct worker *worker)
{
    struct fetcher *fetcher = worker->fetcher;
    size_t limit = (size_t)WORKERS * LIMIT_FETCH_ITEMS;

    g_mutex_lock(&fetcher->lock);
    unsigned long wakes = fetcher->wakes;

    g_mutex_unlock(&fetcher->lock);
    g_autoptr(GArray) missing = store_missing_bodies(fetcher->store, 0, limit);
    int64_t folder = folder_of_next(fetcher, missing);

    if (!folder) {
        bulk_pause(fetcher, missing->len > 0, wakes);
        return;
    }
    g_autoptr(GArray) here = store_missing_bodies(fetcher->store, folder, limit);
    GPtrArray *hand = hand_take(fetcher, here);

    if (hand->len)
        bulk_ask(worker, hand);
    hand_open(fetcher, hand);
}

/* ---- threads ---- */

enum duty { STOP, OPEN, BULK };

static enum duty duty_wait(struct worker *worker, uint64_t *ino)
{
    struct fetcher *fetcher = worker->fetcher;
    enum duty duty = STOP;

    g_mutex_lock(&fetcher->lock);
    while (!fetcher->stopping) {
        bool bulk = worker->number > 0 && fetcher->bulk && fetcher->session && !fetcher->barred;

        if ((*ino = tickets_take(fetcher->tickets))) {
            duty = OPEN;
            break;
        }
        if (bulk && fetcher->rest_until <= g_get_monotonic_time()) {
            duty = BULK;
            break;
        }
        if (bulk)
            g_cond_wait_until(&fetcher->turn, &fetcher->lock, fetcher->rest_until);
        else
            g_cond_wait(&fetcher->turn, &fetcher->lock);
    }
    g_mutex_unlock(&fetcher->lock);
    return duty;
}

static void *worker_main(void *ctx)
{
    struct worker *worker = ctx;
    uint64_t ino;
    enum duty duty;

    while ((duty = duty_wait(worker, &ino)) != STOP)
        if (duty == OPEN)
            open_serve(worker, ino);
        else
            bulk_serve(worker);
    return NULL;
}

struct fetcher *fetcher_new(struct store *store, struct session *session, const struct replica_config *config,
                            struct body_trust *trust, void (*fetched)(void *ctx), void *ctx)
{
    struct fetcher *fetcher = g_new0(struct fetcher, 1);

    fetcher->store = store;
    fetcher->session = session;
    fetcher->config = config;
    fetcher->trust = trust;
    fetcher->fetched = fetched;
    fetcher->ctx = ctx;
    fetcher->bulk = true;
    fetcher->tickets = tickets_new(on_wanted, on_hurry, fetcher);
    fetcher->address = store_get(store, "address");
    g_mutex_init(&fetcher->lock);
    g_cond_init(&fetcher->turn);
    fetcher->in_hand = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    fetcher->tries = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    fetcher->folders = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    return fetcher;
}

void fetcher_start(struct fetcher *fetcher)
{
    tickets_start(fetcher->tickets);
    fetcher->started = true;
    for (unsigned i = 0; i < WORKERS; i++) {
        struct worker *worker = &fetcher->workers[i];

        worker->fetcher = fetcher;
        worker->number = i;
        worker->link = fetcher->session ? link_new(fetcher->session) : NULL;
        worker->thread = g_thread_new("fetch", worker_main, worker);
    }
}

void fetcher_stop(struct fetcher *fetcher)
{
    if (!fetcher->started) {
        tickets_stop(fetcher->tickets);
        return;
    }
    fetcher->started = false;
    g_mutex_lock(&fetcher->lock);
    fetcher->stopping = true;
    for (unsigned i = 0; i < WORKERS; i++)
        if (fetcher->workers[i].link)
            link_interrupt(fetcher->workers[i].link);
    g_cond_broadcast(&fetcher->turn);
    g_mutex_unlock(&fetcher->lock);
    for (unsigned i = 0; i < WORKERS; i++) {
        g_thread_join(fetcher->workers[i].thread);
        link_free(fetcher->workers[i].link);
    }
    tickets_stop(fetcher->tickets);
}

void fetcher_free(struct fetcher *fetcher)
{
    tickets_free(fetcher->tickets);
    g_hash_table_unref(fetcher->in_hand);
    g_hash_table_unref(fetcher->tries);
    g_hash_table_unref(fetcher->folders);
    g_mutex_clear(&fetcher->lock);
    g_cond_clear(&fetcher->turn);
    g_free(fetcher->address);
    g_free(fetcher);
}

void fetcher_wake(struct fetcher *fetcher)
{
    g_mutex_lock(&fetcher->lock);
    fetcher->bulk = true;
    fetcher->barred = false;
    fetcher->rest_until = 0;
    fetcher->rest_ms = 0;
    g_cond_broadcast(&fetcher->turn);
    g_mutex_unlock(&fetcher->lock);
}

uint64_t fetcher_park(struct fetcher *fetcher, uint64_t ino, long deadline_ms, replica_fetched done, void *ctx)
{
    return tickets_add(fetcher->tickets, ino, deadline_ms, done, ctx);
}

void fetcher_cancel(struct fetcher *fetcher, uint64_t ticket)
{
    tickets_cancel(fetcher->tickets, ticket);
}
