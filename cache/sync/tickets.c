#include "cache/sync/tickets.h"

#include <errno.h>

#include "codec/limits.h"

#define NEVER G_MAXINT64

struct ticket {
    uint64_t id, ino;
    gint64 deadline; /* monotonic, µs */
    int answer;      /* WAITS: none yet */
    replica_fetched done;
    void *ctx;
};

struct failure {
    int error;
    gint64 until;
};

struct tickets {
    void (*wanted)(void *ctx);
    void (*hurry)(void *ctx, uint64_t ino);
    void *ctx;

    GMutex lock;
    GCond turn; /* of the clerk */
    GThread *clerk;
    bool ending;
    uint64_t last_id;
    GPtrArray *waiting;   /* of struct ticket */
    GArray *queue;        /* of uint64_t: files nobody fetches yet */
    GHashTable *fetched;  /* files being fetched */
    GHashTable *failures; /* of struct failure, by ino */
};

enum { WAITS = 1 };

static struct failure *failure_of(struct tickets *tickets, uint64_t ino)
{
    struct failure *failure = g_hash_table_lookup(tickets->failures, &ino);

    if (failure && failure->until <= g_get_monotonic_time()) {
        g_hash_table_remove(tickets->failures, &ino);
        return NULL;
    }
    return failure;
}

static void failure_add(struct tickets *tickets, uint64_t ino, int error)
{
    enum { MANY = 1024 };
    struct failure *failure = g_new(struct failure, 1);

    if (g_hash_table_size(tickets->failures) >= MANY)
        g_hash_table_remove_all(tickets->failures);
    *failure = (struct failure){error, g_get_monotonic_time() + LIMIT_FAILED_OPEN_MS * 1000LL};
    g_hash_table_insert(tickets->failures, g_memdup2(&ino, sizeof ino), failure);
}

static bool is_waited_for(const struct tickets *tickets, uint64_t ino)
{
    for (guint i = 0; i < tickets->waiting->len; i++) {
        const struct ticket *each = tickets->waiting->pdata[i];

        if (each->ino == ino && each->answer == WAITS)
            return true;
    }
    return false;
}

static bool queue_remove(struct tickets *tickets, uint64_t ino)
{
    for (guint i = 0; i < tickets->queue->len; i++)
        if (g_array_index(tickets->queue, uint64_t, i) == ino) {
            g_array_remove_index(tickets->queue, i);
            return true;
        }
    return false;
}

/* Gives the tickets past their deadline their answer; returns the next deadline. */
static gint64 expire(struct tickets *tickets)
{
    gint64 now = g_get_monotonic_time(), next = NEVER;

    for (guint i = 0; i < tickets->waiting->len; i++) {
        struct ticket *each = tickets->waiting->pdata[i];

        if (each->answer == WAITS && each->deadline <= now) {
            each->answer = -ETIMEDOUT;
            failure_add(tickets, each->ino, -ETIMEDOUT);
        }
        if (each->answer == WAITS)
            next = MIN(next, each->deadline);
    }
    return next;
}

static struct ticket *answered_take(struct tickets *tickets)
{
    for (guint i = 0; i < tickets->waiting->len; i++)
        if (((struct ticket *)tickets->waiting->pdata[i])->answer != WAITS)
            return g_ptr_array_steal_index(tickets->waiting, i);
    return NULL;
}

/* Delivers one answer with the lock given up. */
static void deliver(struct tickets *tickets, struct ticket *ticket)
{
    bool given_up = ticket->answer == -ETIMEDOUT || ticket->answer == -EINTR;
    bool lonely = given_up && !is_waited_for(tickets, ticket->ino);
    bool running =
        lonely && !queue_remove(tickets, ticket->ino) && g_hash_table_contains(tickets->fetched, &ticket->ino);

    g_mutex_unlock(&tickets->lock);
    ticket->done(ticket->ctx, ticket->answer);
    if (running)
        tickets->hurry(tickets->ctx, ticket->ino);
    g_free(ticket);
    g_mutex_lock(&tickets->lock);
}

static void *clerk_main(void *ctx)
{
    struct tickets *tickets = ctx;

    g_mutex_lock(&tickets->lock);
    for (;;) {
        gint64 next = expire(tickets);
        struct ticket *ticket = answered_take(tickets);

        if (ticket)
            deliver(tickets, ticket);
        else if (tickets->ending)
            break;
        else if (next == NEVER)
            g_cond_wait(&tickets->turn, &tickets->lock);
        else
            g_cond_wait_until(&tickets->turn, &tickets->lock, next);
    }
    g_mutex_unlock(&tickets->lock);
    return NULL;
}

struct tickets *tickets_new(void (*wanted)(void *ctx), void (*hurry)(void *ctx, uint64_t ino), void *ctx)
{
    struct tickets *tickets = g_new0(struct tickets, 1);

    tickets->wanted = wanted;
    tickets->hurry = hurry;
    tickets->ctx = ctx;
    g_mutex_init(&tickets->lock);
    g_cond_init(&tickets->turn);
    tickets->waiting = g_ptr_array_new();
    tickets->queue = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    tickets->fetched = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    tickets->failures = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    return tickets;
}

void tickets_start(struct tickets *tickets)
{
    tickets->clerk = g_thread_new("clerk", clerk_main, tickets);
}

void tickets_stop(struct tickets *tickets)
{
    g_mutex_lock(&tickets->lock);
    tickets->ending = true;
    for (guint i = 0; i < tickets->waiting->len; i++) {
        struct ticket *each = tickets->waiting->pdata[i];

        if (each->answer == WAITS)
            each->answer = -EINTR;
    }
    g_cond_signal(&tickets->turn);
    g_mutex_unlock(&tickets->lock);
    if (tickets->clerk)
        g_thread_join(g_steal_pointer(&tickets->clerk));
}

void tickets_free(struct tickets *tickets)
{
    g_ptr_array_unref(tickets->waiting);
    g_array_unref(tickets->queue);
    g_hash_table_unref(tickets->fetched);
    g_hash_table_unref(tickets->failures);
    g_mutex_clear(&tickets->lock);
    g_cond_clear(&tickets->turn);
    g_free(tickets);
}

uint64_t tickets_add(struct tickets *tickets, uint64_t ino, long deadline_ms, replica_fetched done, void *ctx)
{
    struct ticket *ticket = g_new(struct ticket, 1);
    bool fresh = false;
    uint64_t id;

    g_mutex_lock(&tickets->lock);
    id = ++tickets->last_id;
    if (tickets->ending) {
        g_mutex_unlock(&tickets->lock);
        g_free(ticket);
        done(ctx, -EINTR);
        return id;
    }
    const struct failure *failure = failure_of(tickets, ino);
    bool known = is_waited_for(tickets, ino) || g_hash_table_contains(tickets->fetched, &ino);

    *ticket = (struct ticket){.id = id,
                              .ino = ino,
                              .deadline = g_get_monotonic_time() + deadline_ms * 1000LL,
                              .answer = failure ? failure->error : WAITS,
                              .done = done,
                              .ctx = ctx};
    g_ptr_array_add(tickets->waiting, ticket);
    fresh = ticket->answer == WAITS && !known;
    if (fresh)
        g_array_append_val(tickets->queue, ino);
    g_cond_signal(&tickets->turn);
    g_mutex_unlock(&tickets->lock);
    if (fresh)
        tickets->wanted(tickets->ctx);
    return id;
}

void tickets_cancel(struct tickets *tickets, uint64_t id)
{
    g_mutex_lock(&tickets->lock);
    for (guint i = 0; i < tickets->waiting->len; i++) {
        struct ticket *each = tickets->waiting->pdata[i];

        if (each->id == id && each->answer == WAITS)
            each->answer = -EINTR;
    }
    g_cond_signal(&tickets->turn);
    g_mutex_unlock(&tickets->lock);
}

uint64_t tickets_take(struct tickets *tickets)
{
    uint64_t ino = 0;

    g_mutex_lock(&tickets->lock);
    if (tickets->queue->len) {
        ino = g_array_index(tickets->queue, uint64_t, 0);
        g_array_remove_index(tickets->queue, 0);
        g_hash_table_add(tickets->fetched, g_memdup2(&ino, sizeof ino));
    }
    g_mutex_unlock(&tickets->lock);
    return ino;
}

bool tickets_any(struct tickets *tickets)
{
    g_mutex_lock(&tickets->lock);
    bool any = tickets->queue->len > 0;

    g_mutex_unlock(&tickets->lock);
    return any;
}

void tickets_answer(struct tickets *tickets, uint64_t ino, int error)
{
    g_mutex_lock(&tickets->lock);
    g_hash_table_remove(tickets->fetched, &ino);
    if (error)
        failure_add(tickets, ino, error);
    else
        g_hash_table_remove(tickets->failures, &ino);
    for (guint i = 0; i < tickets->waiting->len; i++) {
        struct ticket *each = tickets->waiting->pdata[i];

        if (each->ino == ino && each->answer == WAITS)
            each->answer = error;
    }
    g_cond_signal(&tickets->turn);
    g_mutex_unlock(&tickets->lock);
}
