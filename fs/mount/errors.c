#include "fs/mount/errors.h"

#include <string.h>

#include "cache/store/store.h"
#include "fs/report.h"

struct errors {
    struct replica *replica;
    struct lines *lines;
    int wiped; /* atomic */
};

static void tell(const struct errors *errors, int64_t time_ns, const char *path, const char *item, const char *text)
{
    json_t *object = json_object();
    g_autofree char *time = report_time(time_ns);

    lines_set_text(object, "time", time);
    lines_set_text(object, "kind", "state");
    lines_set_text(object, "path", path);
    lines_set_text(object, "item", item && *item ? item : NULL);
    lines_set_text(object, "error", text);
    lines_append(errors->lines, object);
}

static void on_reason(void *ctx, const struct store_reason *reason)
{
    const struct errors *errors = ctx;

    if (!g_atomic_int_get(&errors->wiped))
        tell(errors, g_get_real_time() * 1000, reason->path, reason->item, reason->text);
}

/* What was wrong when it was mounted. */
static void tell_standing(const struct errors *errors)
{
    g_autoptr(GArray) standing = store_errors(replica_store(errors->replica));
    g_autoptr(GArray) queue = replica_queue(errors->replica);
    g_autofree char *trouble = replica_trouble(errors->replica);
    int64_t now = g_get_real_time() * 1000;

    if (trouble)
        tell(errors, now, NULL, NULL, trouble);
    for (guint i = 0; i < standing->len; i++) {
        const struct store_error *error = &g_array_index(standing, struct store_error, i);

        tell(errors, now, error->path, error->server_id, error->text);
    }
    for (guint i = 0; i < queue->len; i++) {
        const struct replica_waiting *row = &g_array_index(queue, struct replica_waiting, i);

        if (strcmp(row->state, "held") == 0)
            tell(errors, row->since_ns, row->path, row->item, row->why ? row->why : "held");
    }
}

struct errors *errors_new(struct replica *replica)
{
    struct lines *lines = lines_new(NULL);
    struct errors *errors;

    if (!lines)
        return NULL;
    errors = g_new0(struct errors, 1);
    errors->replica = replica;
    errors->lines = lines;
    tell_standing(errors);
    store_listen_reasons(replica_store(replica), on_reason, errors);
    return errors;
}

void errors_free(struct errors *errors)
{
    store_listen_reasons(replica_store(errors->replica), NULL, NULL);
    lines_free(errors->lines);
    g_free(errors);
}

void errors_forget(struct errors *errors)
{
    g_atomic_int_set(&errors->wiped, TRUE);
    lines_clear(errors->lines);
}

const struct lines *errors_lines(const struct errors *errors)
{
    return errors->lines;
}
