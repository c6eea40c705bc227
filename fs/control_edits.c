#include "fs/control_edits.h"

#include <errno.h>
#include <string.h>

#include "cache/edit/edit.h"
#include "cache/store/store.h"
#include "fs/message.h"

json_t *control_waiting(struct replica *replica, const char *state)
{
    g_autoptr(GArray) queue = replica_queue(replica);
    json_t *waiting = json_array();

    for (guint i = 0; i < queue->len; i++) {
        const struct replica_waiting *row = &g_array_index(queue, struct replica_waiting, i);

        if (!state || strcmp(row->state, state) == 0)
            json_array_append_new(waiting, json_pack("{s:s, s:s, s:s, s:s?}", "path", row->path, "kind", row->kind,
                                                     "state", row->state, "why", row->why));
    }
    return waiting;
}

/* ---- one edit, waited for ---- */

struct turn {
    GMutex lock;
    GCond over;
    bool done;
};

static void turn_over(struct edit *edit)
{
    struct turn *turn = edit->ctx;

    g_mutex_lock(&turn->lock);
    turn->done = true;
    g_cond_signal(&turn->over);
    g_mutex_unlock(&turn->lock);
}

static int edit_and_wait(struct replica *replica, enum edit_kind kind, uint64_t ino)
{
    struct turn turn = {0};
    struct edit edit = {.kind = kind, .ino = ino, .fd = -1, .durable = true, .done = turn_over, .ctx = &turn};

    g_mutex_init(&turn.lock);
    g_cond_init(&turn.over);
    edit_submit(replica, &edit);
    g_mutex_lock(&turn.lock);
    while (!turn.done)
        g_cond_wait(&turn.over, &turn.lock);
    g_mutex_unlock(&turn.lock);
    g_cond_clear(&turn.over);
    g_mutex_clear(&turn.lock);
    edit_drop(&edit);
    return edit.error;
}

/* ---- which item ---- */

static uint64_t ino_in_tree(struct replica *replica, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    struct view *view = replica_view(replica);
    struct view_attr attr = {.ino = VIEW_ROOT};
    bool found = view != NULL;

    for (char **name = names; found && *name; name++)
        found = **name == '\0' || view_lookup(view, attr.ino, *name, &attr) == 0;
    view_free(view);
    return found && attr.ino != VIEW_ROOT ? attr.ino : 0;
}

/* What was removed is known by what waits of it alone. */
static uint64_t ino_in_queue(struct replica *replica, const char *path)
{
    g_autoptr(GArray) queue = replica_queue(replica);

    for (guint i = 0; i < queue->len; i++) {
        const struct replica_waiting *row = &g_array_index(queue, struct replica_waiting, i);

        if (row->ino && strcmp(row->path, path) == 0)
            return row->ino;
    }
    return 0;
}

static json_t *reply_failed(int code, const char *error, const char *advice)
{
    return json_pack("{s:i, s:s, s:s}", "code", code, "error", error, "advice", advice);
}

static json_t *decide(struct control_client *client, const json_t *request, enum edit_kind kind)
{
    struct replica *replica = client->config->replica;
    const char *path = json_string_value(json_object_get(request, "path"));
    uint64_t ino = path && *path ? ino_in_tree(replica, path) : 0;
    g_autofree char *text = NULL;
    int error;

    if (path && *path && !ino)
        ino = ino_in_queue(replica, path);
    if (path && *path && !ino) {
        text = g_strdup_printf("%s is not there", path);
        return reply_failed(EXIT_USAGE, text, "see .easfs/queue");
    }
    error = edit_and_wait(replica, kind, ino);
    if (error == -ENOENT || error == -ENODATA) {
        text = g_strdup_printf("nothing of %s waits for a decision", path && *path ? path : "this mailbox");
        return reply_failed(EXIT_DATA, text, "see .easfs/queue");
    }
    if (error)
        return reply_failed(error == -EBUSY ? EXIT_UNREACHABLE : EXIT_STORE, g_strerror(-error),
                            error == -EBUSY ? "it is on its way to the server; try again" : "try again");
    replica_kick(replica);
    client->config->settle(client->config->ctx); /* whoever looks next sees it */
    return json_pack("{s:i}", "code", 0);
}

json_t *control_retry(struct control_client *client, const json_t *request)
{
    return decide(client, request, EDIT_RETRY);
}

json_t *control_discard(struct control_client *client, const json_t *request)
{
    return decide(client, request, EDIT_DISCARD);
}

json_t *control_address(struct control_client *client, const json_t *request)
{
    g_autofree char *address = store_get(replica_store(client->config->replica), "address");

    (void)request;
    return json_pack("{s:i, s:s}", "code", 0, "address", address ? address : "");
}
