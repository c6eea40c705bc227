#include "cache/sync/watch.h"

#include <string.h>

#include "cache/sync/heartbeat.h"
#include "cache/sync/watch_list.h"
#include "codec/limits.h"
#include "codec/wire/ping.h"

struct watch {
    struct store *store;
    struct session *session;
    struct link *link;
    watch_told told;
    void *ctx;
    GThread *thread;

    GMutex lock; /* of all below */
    GCond turn;
    bool stopping, released, busy;
    struct heartbeat beat;
    struct watch_list *list;
    guint limit;       /* MaxFolders, 0: none known */
    int futile;        /* Pings in a row that told nothing, or failed */
    int tree_futile;   /* of them, how often the folders were said to have changed */
    int cuts;          /* Pings in a row that a pass cut short, each soon after the other */
    gint64 cut_at;     /* monotonic time of the last */
    gint64 not_before; /* monotonic time */
    bool polled;       /* no Ping holds at present */
    char reason[256];  /* why */
    /* the hint that the worker is after */
    GPtrArray *named;
    bool tree;
    bool broken; /* it was a lost or refused Ping */
    int lasted;  /* ... after so many seconds; 0: it was refused */
};

/* One Ping, and how it ended. */
struct question {
    GPtrArray *folders; /* of struct watched *, NULL: no push */
    int heartbeat;
    gint64 asked_at;
    struct eas_result result;
    struct ping_answer answer;
    int status;
};

struct watch *watch_new(struct store *store, struct session *session, watch_told told, void *ctx)
{
    struct watch *watch = g_new0(struct watch, 1);

    watch->store = store;
    watch->session = session;
    watch->told = told;
    watch->ctx = ctx;
    watch->link = link_new(session);
    watch->list = watch_list_new();
    watch->named = g_ptr_array_new_with_free_func(g_free);
    watch->polled = true;
    heartbeat_init(&watch->beat);
    g_mutex_init(&watch->lock);
    g_cond_init(&watch->turn);
    return watch;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    watch_stop(watch);
    link_free(watch->link);
    watch_list_free(watch->list);
    g_ptr_array_unref(watch->named);
    g_mutex_clear(&watch->lock);
    g_cond_clear(&watch->turn);
    g_free(watch);
}

static gint64 after_ms(gint64 ms)
{
    return g_get_monotonic_time() + ms * 1000;
}

/* ---- what went wrong with Ping itself ---- */

static void poll_instead(struct watch *watch, const char *why)
{
    watch->polled = true;
    watch->not_before = after_ms(LIMIT_PUSH_AGAIN_MS);
    watch->futile = watch->tree_futile = 0;
    g_strlcpy(watch->reason, why, sizeof watch->reason);
}

/* The first futile Ping costs nothing: a change may have been taken while it was on its way. From then on each waits
 * longer, and at last the server is polled. */
static void count_futile(struct watch *watch, const char *why)
{
    if (++watch->futile >= LIMIT_FUTILE_PINGS)
        poll_instead(watch, why);
    else if (watch->futile > 1)
        watch->not_before = after_ms((gint64)LIMIT_FUTILE_MS << (watch->futile - 2));
}

static void count_useful(struct watch *watch)
{
    watch->futile = watch->tree_futile = 0;
}

/* A server need not notice that a Ping was cut: SOGo keeps a process for it until it looks at its own list of Pings
 * again, half a minute later, and has a dozen for everybody. Where passes crowd, as while somebody edits, Pings come
 * seldom. Exchange, which runs in IIS, holds nothing but a connection. */
static void count_cut(struct watch *watch)
{
    gint64 now = g_get_monotonic_time();
    bool soon = now - watch->cut_at < LIMIT_HEARTBEAT_LEAST_S * G_USEC_PER_SEC;

    if (strstr(session_server_name(watch->session), "Microsoft-IIS"))
        return;
    watch->cuts = soon ? MIN(watch->cuts + 1, LIMIT_CUT_PINGS) : 1;
    watch->cut_at = now;
    if (watch->cuts > 1)
        watch->not_before = MAX(watch->not_before, after_ms((gint64)LIMIT_CUT_MS << (watch->cuts - 2)));
}

/* ---- one Ping ---- */

static void write_request(GByteArray *request, const struct question *question)
{
    g_autoptr(GArray) folders = g_array_new(FALSE, FALSE, sizeof(struct ping_folder));

    for (guint i = 0; i < question->folders->len; i++) {
        const struct watched *each = question->folders->pdata[i];
        struct ping_folder folder = {each->id, each->class};

        g_array_append_val(folders, folder);
    }
    ping_request(request, question->heartbeat, (const struct ping_folder *)folders->data, folders->len);
}

static void ping(struct watch *watch, struct question *question)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct answer_tree tree = {0};
    struct call call = {.command = EAS_PING,
                        .request = request,
                        .sink = &answer_tree_sink,
                        .ctx = &tree,
                        .timeout_ms = (question->heartbeat + LIMIT_HEARTBEAT_SLACK_S) * 1000L};

    write_request(request, question);
    question->asked_at = g_get_monotonic_time();
    question->result = session_call(watch->link, &call);
    ping_read(answer_tree_root(&tree), &question->answer);
    question->status = question->result.outcome == EAS_UNREACHABLE ? 0 : question->answer.status;
    answer_tree_clear(&tree);
}

/* Under the lock: what to ask, or why not to ask. */
static bool choose(struct watch *watch, GArray *collections, struct question *question)
{
    *question = (struct question){.heartbeat = watch->beat.ask};
    if (!session_offers(watch->session, EAS_PING)) {
        poll_instead(watch, "the server does not offer Ping");
        return false;
    }
    watch->polled = false;
    watch->reason[0] = '\0';
    watch_list_refresh(watch->list, collections);
    question->folders = watch_list_choose(watch->list, watch->limit, g_get_monotonic_time());
    if (question->folders->len)
        return true;
    poll_instead(watch, "no folder can be watched");
    g_ptr_array_unref(question->folders);
    return false;
}

/* ---- what a Ping says ---- */

static int lasted_s(const struct question *question)
{
    return (int)((g_get_monotonic_time() - question->asked_at) / G_USEC_PER_SEC);
}

static void forget_hint(struct watch *watch)
{
    g_ptr_array_unref(watch->named);
    watch->named = g_ptr_array_new_with_free_func(g_free);
    watch->tree = watch->broken = false;
    watch->lasted = 0;
}

/* Not to be released before it is judged. */
static struct watch_hint hint_begin(struct watch *watch)
{
    watch->released = false;
    forget_hint(watch);
    return (struct watch_hint){.named = g_ptr_array_ref(watch->named)};
}

/* A name that nobody knows: the folder came or went meanwhile. */
static bool on_changes(struct watch *watch, const struct question *question, struct watch_hint *hint)
{
    *hint = hint_begin(watch);
    for (guint i = 0; i < question->answer.folders->len; i++) {
        const char *id = question->answer.folders->pdata[i];

        if (watch_list_has(watch->list, id))
            g_ptr_array_add(watch->named, g_strdup(id));
        else
            hint->folders = watch->tree = true;
    }
    if (watch->named->len || watch->tree)
        return true;
    watch->released = true;
    g_clear_pointer(&hint->named, g_ptr_array_unref);
    count_futile(watch, "the server's Ping tells of changes and names none");
    return false;
}

static bool on_tree(struct watch *watch, struct watch_hint *hint)
{
    *hint = hint_begin(watch);
    hint->folders = watch->tree = true;
    hint->anew = watch->tree_futile > 0;
    return true;
}

static bool on_interval(struct watch *watch, const struct question *question)
{
    count_futile(watch, "the server refuses every interval for Ping");
    if (heartbeat_told(&watch->beat, question->answer.heartbeat) && !watch->polled)
        watch->not_before = 0;
    return false;
}

static bool on_too_many(struct watch *watch, const struct question *question)
{
    guint wanted = (guint)MAX(question->answer.max_folders, 0);

    count_futile(watch, "the server watches too few folders");
    if (wanted && wanted < question->folders->len)
        watch->limit = wanted;
    else if (question->folders->len > 1)
        watch->limit = question->folders->len / 2;
    if (!watch->polled)
        watch->not_before = 0;
    return false;
}

/* A Ping that was lost, or refused for reasons of the account or the server: the worker finds out how things are. */
static bool on_failure(struct watch *watch, const struct question *question, struct watch_hint *hint)
{
    static const int without_ping[] = {400, 404, 405, 501};

    for (size_t i = 0; i < G_N_ELEMENTS(without_ping); i++)
        if (question->result.http == without_ping[i]) {
            poll_instead(watch, "the server does not know Ping");
            return false;
        }
    if (question->result.retry_after_s > 0) {
        count_futile(watch, question->result.text);
        watch->not_before = MAX(watch->not_before, after_ms(question->result.retry_after_s * 1000LL));
        return false;
    }
    *hint = hint_begin(watch);
    hint->all = watch->broken = true;
    if (question->result.outcome == EAS_UNREACHABLE && !question->result.http)
        watch->lasted = lasted_s(question);
    g_strlcpy(watch->reason, question->result.text, sizeof watch->reason);
    return true;
}

/* One that ends long before its time has not held: a server that stops does that, or one that cannot wait. */
static void on_expiry(struct watch *watch, const struct question *question)
{
    if (lasted_s(question) < question->heartbeat / 2) {
        count_futile(watch, "the server's Ping ends before its time");
        return;
    }
    heartbeat_held(&watch->beat);
    count_useful(watch);
}

/* Under the lock. True: the worker is to hear the hint (MS-ASCMD 2.2.3.177.11). */
static bool digest(struct watch *watch, const struct question *question, struct watch_hint *hint)
{
    switch (question->status) {
    case 1:
        on_expiry(watch, question);
        return false;
    case 2:
        return on_changes(watch, question, hint);
    case 3:
        count_futile(watch, "the server forgets what to watch");
        return false;
    case 4:
        poll_instead(watch, "the server does not understand Ping");
        return false;
    case 5:
        return on_interval(watch, question);
    case 6:
        return on_too_many(watch, question);
    case 7:
        return on_tree(watch, hint);
    case 8:
        count_futile(watch, "the server fails at Ping");
        return false;
    default:
        break;
    }
    if (!eas_is_served(&question->result))
        return on_failure(watch, question, hint);
    count_futile(watch, "the server's answer to Ping says nothing");
    return false;
}

/* ---- the thread ---- */

/* Under the lock; true when a Ping is due. */
static bool wait_turn(struct watch *watch)
{
    if (!watch->released)
        g_cond_wait(&watch->turn, &watch->lock);
    else if (g_get_monotonic_time() < watch->not_before)
        g_cond_wait_until(&watch->turn, &watch->lock, watch->not_before);
    return !watch->stopping && watch->released && g_get_monotonic_time() >= watch->not_before;
}

/* Under the lock, which is given up meanwhile. */
static void ask_and_tell(struct watch *watch)
{
    struct question question;
    struct watch_hint hint;
    bool tell;

    g_mutex_unlock(&watch->lock);
    g_autoptr(GArray) collections = store_collections(watch->store);

    g_mutex_lock(&watch->lock);
    if (watch->stopping || !watch->released || !choose(watch, collections, &question))
        return;
    link_reset(watch->link);
    watch->busy = true;
    g_mutex_unlock(&watch->lock);
    ping(watch, &question);
    g_mutex_lock(&watch->lock);
    watch->busy = false;
    g_cond_broadcast(&watch->turn);
    if (!watch->released)
        count_cut(watch);
    /* What a Ping said that was held back meanwhile, the next one says again. */
    tell = !watch->stopping && watch->released && digest(watch, &question, &hint);
    g_ptr_array_unref(question.folders);
    ping_clear(&question.answer);
    if (!tell && watch->polled && watch->released && !watch->stopping) {
        hint = hint_begin(watch);
        hint.all = tell = true;
    }
    if (!tell)
        return;
    g_mutex_unlock(&watch->lock);
    watch->told(watch->ctx, &hint);
    g_ptr_array_unref(hint.named);
    g_mutex_lock(&watch->lock);
}

static void *watch_run(void *ctx)
{
    struct watch *watch = ctx;

    g_mutex_lock(&watch->lock);
    while (!watch->stopping)
        if (wait_turn(watch))
            ask_and_tell(watch);
    g_mutex_unlock(&watch->lock);
    return NULL;
}

void watch_start(struct watch *watch)
{
    watch->thread = g_thread_new("watch", watch_run, watch);
}

void watch_stop(struct watch *watch)
{
    g_mutex_lock(&watch->lock);
    watch->stopping = true;
    if (watch->busy)
        link_interrupt(watch->link);
    g_cond_broadcast(&watch->turn);
    g_mutex_unlock(&watch->lock);
    if (watch->thread)
        g_thread_join(g_steal_pointer(&watch->thread));
}

void watch_hold(struct watch *watch)
{
    g_mutex_lock(&watch->lock);
    watch->released = false;
    if (watch->busy)
        link_interrupt(watch->link);
    while (watch->busy)
        g_cond_wait(&watch->turn, &watch->lock);
    g_mutex_unlock(&watch->lock);
}

/* ---- what became of a hint ---- */

static void judge_changes(struct watch *watch, GHashTable *stirred, bool tree)
{
    bool useful = watch->tree && tree, rests = false;
    gint64 now = g_get_monotonic_time();

    for (guint i = 0; i < watch->named->len; i++) {
        bool told = g_hash_table_contains(stirred, watch->named->pdata[i]);

        rests |= watch_list_judge(watch->list, watch->named->pdata[i], told, now);
        useful |= told;
    }
    watch->tree_futile = watch->tree && !tree ? watch->tree_futile + 1 : 0;
    if (useful || rests)
        watch->futile = 0;
    else if (watch->named->len || watch->tree)
        count_futile(watch, "the server's Ping tells of changes that are none");
}

/* The server is there and the Ping broke all the same. */
static void judge_break(struct watch *watch)
{
    g_autofree char *why = g_strdup(watch->reason);

    if (!watch->lasted || !heartbeat_cut(&watch->beat, watch->lasted))
        count_futile(watch, why);
}

void watch_release(struct watch *watch, GHashTable *stirred, bool tree)
{
    gint64 now = g_get_monotonic_time();
    GHashTableIter each;
    gpointer id;

    g_mutex_lock(&watch->lock);
    g_hash_table_iter_init(&each, stirred);
    while (g_hash_table_iter_next(&each, &id, NULL))
        watch_list_stir(watch->list, id, now);
    if (watch->broken)
        judge_break(watch);
    else
        judge_changes(watch, stirred, tree);
    forget_hint(watch);
    watch->released = true;
    g_cond_broadcast(&watch->turn);
    g_mutex_unlock(&watch->lock);
}

void watch_outage(struct watch *watch)
{
    g_mutex_lock(&watch->lock);
    forget_hint(watch);
    g_mutex_unlock(&watch->lock);
}

void watch_new_path(struct watch *watch)
{
    g_mutex_lock(&watch->lock);
    heartbeat_new_path(&watch->beat);
    watch->not_before = 0;
    count_useful(watch);
    g_mutex_unlock(&watch->lock);
}

/* ---- what others ask ---- */

int watch_heartbeat(struct watch *watch, char **why)
{
    g_mutex_lock(&watch->lock);
    int heartbeat = watch->polled ? 0 : watch->beat.ask;

    if (why)
        *why = g_strdup(watch->polled ? watch->reason : "");
    g_mutex_unlock(&watch->lock);
    return heartbeat;
}

GPtrArray *watch_to_poll(struct watch *watch, bool empty)
{
    g_mutex_lock(&watch->lock);
    GPtrArray *ids = watch->polled ? NULL : watch_list_left_out(watch->list, empty);

    g_mutex_unlock(&watch->lock);
    return ids;
}
