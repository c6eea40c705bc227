#include "fs/control_verbs.h"

#include <string.h>
#include <sys/socket.h>

#include "cache/store/store.h"
#include "codec/limits.h"
#include "fs/account.h"
#include "fs/control_directory.h"
#include "fs/control_edits.h"
#include "fs/message.h"
#include "fs/report.h"

enum { PROGRESS_MS = 500, SYNC_MOST_S = 86400, LOGIN_WAIT_MS = 60000 };

void control_client_send(struct control_client *client, json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);
    size_t length = text ? strlen(text) : 0, sent = 0;

    if (text)
        text[length++] = '\n'; /* in the place of its NUL: only the length counts from here */
    while (sent < length && !client->gone) {
        ssize_t wrote = send(client->fd, text + sent, length - sent, MSG_NOSIGNAL);

        client->gone = wrote <= 0;
        sent += wrote > 0 ? (size_t)wrote : 0;
    }
    free(text);
    json_decref(value);
}

static json_t *reply_error(int code, const char *error)
{
    return json_pack("{s:i, s:s}", "code", code, "error", error);
}

static json_t *reply_result(const struct eas_result *result)
{
    return eas_is_served(result) ? json_pack("{s:i}", "code", 0)
                                 : reply_error(result->exit_code ? result->exit_code : EXIT_UNREACHABLE, result->text);
}

static json_t *reply_status(struct control_client *client, const json_t *request)
{
    struct replica_status *status = replica_status(client->config->replica);
    g_autofree char *text = report_text(status);
    json_t *answer = json_pack("{s:i, s:o, s:s}", "code", 0, "status", report_json(status), "text", text);

    (void)request;
    replica_status_free(status);
    return answer ? answer : reply_error(EXIT_INTERNAL, "the status is no UTF-8");
}

/* ---- sync ---- */

struct sync_wait {
    struct replica *replica;
    unsigned flags;
    long timeout_ms;
    GMutex lock;
    GCond over;
    bool done;
    struct eas_result result;
};

static void *sync_run(void *data)
{
    struct sync_wait *wait = data;
    struct eas_result result = replica_sync(wait->replica, wait->flags, wait->timeout_ms);

    g_mutex_lock(&wait->lock);
    wait->result = result;
    wait->done = true;
    g_cond_signal(&wait->over);
    g_mutex_unlock(&wait->lock);
    return NULL;
}

/* What may have been sent keeps the sync waiting: each is named once. told: what was said, as a set. */
static void sync_doubts(struct control_client *client, GHashTable *told)
{
    json_t *waiting = control_waiting(client->config->replica, "sent"), *row;
    size_t i;

    json_array_foreach(waiting, i, row)
    {
        const char *path = json_string_value(json_object_get(row, "path"));
        const char *kind = json_string_value(json_object_get(row, "kind"));
        const char *why = json_string_value(json_object_get(row, "why"));
        g_autofree char *notice = why && strcmp(kind, "send") == 0 ? g_strdup_printf("%s: %s", path, why) : NULL;

        if (notice && g_hash_table_add(told, g_strdup(notice)))
            control_client_send(client, json_pack("{s:s}", "notice", notice));
    }
    json_decref(waiting);
}

static void sync_progress(struct control_client *client)
{
    struct replica_status *status = replica_status(client->config->replica);
    g_autofree char *progress = report_progress(status);

    replica_status_free(status);
    if (progress)
        control_client_send(client, json_pack("{s:s}", "progress", progress));
}

/* Waits on a thread of its own, so that this one can say how far it is. */
static struct eas_result sync_wait(struct control_client *client, unsigned flags, long timeout_ms)
{
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct sync_wait wait = {.replica = client->config->replica, .flags = flags, .timeout_ms = timeout_ms};
    GThread *thread;

    g_mutex_init(&wait.lock);
    g_cond_init(&wait.over);
    thread = g_thread_new("sync-wait", sync_run, &wait);
    g_mutex_lock(&wait.lock);
    while (!wait.done) {
        if (!g_cond_wait_until(&wait.over, &wait.lock, g_get_monotonic_time() + PROGRESS_MS * 1000)) {
            g_mutex_unlock(&wait.lock);
            sync_progress(client);
            sync_doubts(client, told);
            g_mutex_lock(&wait.lock);
        }
    }
    g_mutex_unlock(&wait.lock);
    sync_doubts(client, told);
    g_thread_join(thread);
    g_cond_clear(&wait.over);
    g_mutex_clear(&wait.lock);
    return wait.result;
}

/* What is no UTF-8 is counted, and not said. Takes the lines. */
static json_t *lines_take(GPtrArray *lines)
{
    json_t *array = json_array();

    for (guint i = 0; i < lines->len; i++) {
        json_t *line = json_string(lines->pdata[i]);

        json_array_append_new(array, line ? line : json_null());
    }
    g_ptr_array_unref(lines);
    return array;
}

static json_t *reply_sync(struct control_client *client, const json_t *request)
{
    unsigned flags = json_is_true(json_object_get(request, "full")) ? SYNC_FULL : 0;
    json_int_t seconds = json_integer_value(json_object_get(request, "timeout"));
    struct eas_result result;

    if (!json_is_true(json_object_get(request, "wait"))) {
        if (flags)
            replica_sync(client->config->replica, flags, 0);
        else
            replica_kick(client->config->replica);
        return json_pack("{s:i}", "code", 0);
    }
    result = sync_wait(client, flags, (long)CLAMP(seconds, 0, SYNC_MOST_S) * 1000);
    client->config->settle(client->config->ctx);

    json_t *answer = reply_result(&result);

    json_object_set_new(answer, "held", lines_take(replica_held(client->config->replica)));
    json_object_set_new(answer, "conflicts", lines_take(replica_conflicts(client->config->replica)));
    return answer;
}

/* ---- folders ---- */

static json_t *folder_json(struct store *store, const struct collection *collection)
{
    g_autofree char *below = collection->ino ? store_path(store, collection->ino) : NULL;
    const char *class = collection->class < EAS_CLASSES ? eas_classes[collection->class].option : "none";
    json_t *object = json_object();

    json_object_set_new(object, "path", json_string(below ? below : collection->name));
    json_object_set_new(object, "class", json_string(class));
    json_object_set_new(object, "selected", json_boolean(collection->selected));
    json_object_set_new(object, "items", json_integer(collection->items));
    return object;
}

json_t *control_folders(struct replica *replica)
{
    struct store *store = replica_store(replica);
    g_autoptr(GArray) collections = store_collections(store);
    json_t *folders = json_array();

    for (guint i = 0; collections && i < collections->len; i++)
        json_array_append_new(folders, folder_json(store, &g_array_index(collections, struct collection, i)));
    return folders;
}

static GPtrArray *strings_of(const json_t *array)
{
    GPtrArray *strings = g_ptr_array_new_with_free_func(g_free);
    const json_t *each;
    size_t i;

    json_array_foreach(array, i, each)
    {
        if (json_is_string(each) && *json_string_value(each) && !strpbrk(json_string_value(each), "\n;"))
            g_ptr_array_add(strings, g_strdup(json_string_value(each)));
    }
    return strings;
}

/* {select, drop}, both may be missing; the answer tells the whole list where there was one. */
static json_t *reply_folders(struct control_client *client, const json_t *request)
{
    struct replica *replica = client->config->replica;
    g_autoptr(GPtrArray) select = strings_of(json_object_get(request, "select"));
    g_autoptr(GPtrArray) drop = strings_of(json_object_get(request, "drop"));
    g_autoptr(GPtrArray) globs = NULL;
    json_t *answer, *list = json_array();

    if (select->len || drop->len) {
        struct eas_result result = replica_select(replica, select, drop, &globs, LIMIT_FIRST_TREE_MS);

        if (!eas_is_served(&result)) {
            json_decref(list);
            return reply_result(&result);
        }
        client->config->settle(client->config->ctx);
    }
    for (guint i = 0; globs && i < globs->len; i++)
        json_array_append_new(list, json_string(globs->pdata[i]));
    answer = json_pack("{s:i, s:o, s:o}", "code", 0, "folders", control_folders(replica), "globs", list);
    return answer;
}

json_t *control_size(struct store *store)
{
    struct store_size size = {0};

    if (store_size(store, &size) != 0)
        return reply_error(EXIT_STORE, "the store cannot be read");
    return json_pack("{s:i, s:I, s:I, s:I, s:I, s:I}", "code", 0, "bodies", (json_int_t)size.bodies, "packs",
                     (json_int_t)size.packs, "database", (json_int_t)size.database, "items", (json_int_t)size.items,
                     "files", (json_int_t)size.files);
}

static void finding_add(void *ctx, const char *finding)
{
    json_array_append_new(ctx, json_string(finding));
}

json_t *control_verify(struct store *store)
{
    json_t *findings = json_array();

    store_verify(store, finding_add, findings);
    return json_pack("{s:i, s:o}", "code", 0, "findings", findings);
}

/* What waits has some time to be sent (CONTRACT 6, umount). */
static void send_first(struct replica *replica)
{
    struct replica_status *status = replica_status(replica);
    bool waits = status->queued > 0 && status->state == REPLICA_ONLINE;

    replica_status_free(status);
    if (waits)
        replica_sync(replica, 0, LIMIT_UMOUNT_MS);
}

static json_t *reply_umount(struct control_client *client, const json_t *request)
{
    g_autofree char *why = NULL;
    int code;

    (void)request;
    send_first(client->config->replica);
    code = client->config->unmount(client->config->ctx, &why);
    client->linger = code == 0;
    return code ? json_pack("{s:i, s:s, s:s}", "code", code, "error", why, "advice", "end or close that first")
                : json_pack("{s:i, s:o}", "code", 0, "waiting", control_waiting(client->config->replica, NULL));
}

static json_t *reply_size(struct control_client *client, const json_t *request)
{
    (void)request;
    return control_size(replica_store(client->config->replica));
}

static json_t *reply_verify(struct control_client *client, const json_t *request)
{
    (void)request;
    return control_verify(replica_store(client->config->replica));
}

/* ---- log-in ---- */

static json_t *reply_account(struct control_client *client, const json_t *request)
{
    (void)request;
    return json_pack("{s:i, s:o}", "code", 0, "account", account_json(client->config->account));
}

static json_t *reply_login(struct control_client *client, const json_t *request)
{
    const char *password = json_string_value(json_object_get(request, "password"));
    struct eas_result result = replica_log_in(client->config->replica, password, LOGIN_WAIT_MS);

    if (password)
        explicit_bzero((char *)password, strlen(password));
    return reply_result(&result);
}

static const struct {
    const char *verb;
    json_t *(*answer)(struct control_client *client, const json_t *request);
} verbs[] = {
    {"status", reply_status}, {"sync", reply_sync},         {"folders", reply_folders},      {"umount", reply_umount},
    {"size", reply_size},     {"verify", reply_verify},     {"account", reply_account},      {"login", reply_login},
    {"gal", control_people},  {"search", control_messages}, {"freebusy", control_free_busy}, {"oof", control_oof},
    {"retry", control_retry}, {"discard", control_discard}, {"address", control_address},
};

json_t *control_verb_answer(struct control_client *client, const json_t *request)
{
    const char *asked = json_string_value(json_object_get(request, "verb"));

    for (size_t i = 0; asked && i < G_N_ELEMENTS(verbs); i++)
        if (strcmp(verbs[i].verb, asked) == 0)
            return verbs[i].answer(client, request);
    return reply_error(EXIT_USAGE, "the daemon knows no such verb");
}
