#include "fs/report.h"

static const char *const states[] = {
    [REPLICA_OFFLINE] = "offline",
    [REPLICA_ONLINE] = "online",
    [REPLICA_AUTH] = "auth",
    [REPLICA_WIPED] = "wiped",
};

const char *report_state(enum replica_state state)
{
    return states[state];
}

char *report_time(int64_t ns)
{
    g_autoptr(GDateTime) seconds = g_date_time_new_from_unix_utc(ns / 1000000000);
    g_autofree char *text = seconds ? g_date_time_format(seconds, "%Y-%m-%dT%H:%M:%S") : g_strdup("-");

    return g_strdup_printf("%s.%03dZ", text, (int)(ns / 1000000 % 1000));
}

static json_t *json_text(const char *text)
{
    json_t *value = text ? json_string(text) : json_null();

    return value ? value : json_null(); /* what is no UTF-8 is not said at all */
}

static json_t *json_time(int64_t ns)
{
    g_autofree char *text = ns ? report_time(ns) : NULL;

    return json_text(text);
}

static const char *class_word(enum eas_class class)
{
    return class < EAS_CLASSES ? eas_classes[class].option : "none";
}

static json_t *folder_json(const struct replica_folder *folder)
{
    json_t *object = json_object();

    json_object_set_new(object, "path", json_text(folder->path));
    json_object_set_new(object, "class", json_text(class_word(folder->class)));
    json_object_set_new(object, "items", json_integer(folder->items));
    json_object_set_new(object, "unread", json_integer(folder->unread));
    json_object_set_new(object, "bodies_missing", json_integer(folder->bodies_missing));
    json_object_set_new(object, "queued", json_integer(folder->queued));
    json_object_set_new(object, "held", json_integer(folder->held));
    json_object_set_new(object, "last_change", json_time(folder->last_change_ns));
    return object;
}

/* null unless the server said that it is asked too much. */
static json_t *throttle_json(const struct session_throttle *throttle)
{
    json_t *object = throttle->on ? json_object() : json_null();

    if (throttle->on) {
        json_object_set_new(object, "until", json_time(throttle->until_ns));
        json_object_set_new(object, "reason", json_text(throttle->reason));
    }
    return object;
}

json_t *report_json(const struct replica_status *status)
{
    json_t *object = json_object(), *folders = json_array();

    json_object_set_new(object, "version", json_text(EASFS_VERSION));
    json_object_set_new(object, "account", json_text(status->account));
    json_object_set_new(object, "server", json_text(status->server));
    json_object_set_new(object, "protocol", json_text(status->protocol));
    json_object_set_new(object, "state", json_text(states[status->state]));
    json_object_set_new(object, "since", json_time(status->since_ns));
    json_object_set_new(object, "reason", json_text(status->reason));
    json_object_set_new(object, "heartbeat", json_integer(status->heartbeat));
    json_object_set_new(object, "throttled", throttle_json(&status->throttle));
    json_object_set_new(object, "policy", json_text(status->policy));
    json_object_set_new(object, "queued", json_integer(status->queued));
    json_object_set_new(object, "held", json_integer(status->held));
    for (guint i = 0; i < status->folders->len; i++)
        json_array_append_new(folders, folder_json(&g_array_index(status->folders, struct replica_folder, i)));
    json_object_set_new(object, "folders", folders);
    return object;
}

/* A JSON value as one line with its newline, in memory that g_free takes; takes the value. */
static char *json_line(json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);
    char *line = g_strdup_printf("%s\n", text ? text : "null");

    free(text);
    json_decref(value);
    return line;
}

char *report_progress(const struct replica_status *status)
{
    if (status->bodies_missing > 0) {
        return g_strdup_printf("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " items here",
                               status->bodies_total - status->bodies_missing, status->bodies_total);
    }
    return status->syncing ? g_strdup_printf("%" G_GINT64_FORMAT " items here", status->bodies_total) : NULL;
}

/* A value of several lines stands as a block. */
static void text_row(GString *out, const char *name, const char *value)
{
    g_auto(GStrv) lines = g_strsplit(value ? value : "", "\n", -1);

    for (char **line = lines; *line; line++)
        if (**line)
            g_string_append_printf(out, "%-10s%s\n", line == lines ? name : "", *line);
}

static char *text_throttle(const struct session_throttle *throttle)
{
    g_autofree char *until = throttle->until_ns ? report_time(throttle->until_ns) : NULL;

    return throttle->on ? g_strdup_printf("by the server%s%s%s%s", until ? ", until " : "", until ? until : "",
                                          *throttle->reason ? ": " : "", throttle->reason)
                        : NULL;
}

static char *text_minute(int64_t ns)
{
    g_autoptr(GDateTime) time = ns ? g_date_time_new_from_unix_utc(ns / 1000000000) : NULL;

    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("");
}

static void text_folders(GString *out, const GArray *folders)
{
    if (folders->len == 0)
        return;
    g_string_append_printf(out, "\n%8s %8s %8s  %-6s  %-16s  %s\n", "items", "unread", "missing", "since",
                           "last change, UTC", "folder");
    for (guint i = 0; i < folders->len; i++) {
        const struct replica_folder *folder = &g_array_index(folders, struct replica_folder, i);
        const char *since = folder->since ? folder->since : "all";
        g_autofree char *last = text_minute(folder->last_change_ns);

        g_string_append_printf(out, "%8" G_GINT64_FORMAT " ", folder->items);
        if (folder->class == EAS_MAIL)
            g_string_append_printf(out, "%8" G_GINT64_FORMAT " ", folder->unread);
        else
            g_string_append_printf(out, "%8s ", "");
        g_string_append_printf(out, "%8" G_GINT64_FORMAT "  %-6s  %-16s  %s%s", folder->bodies_missing, since, last,
                               folder->path, folder->complete ? "" : " (still being read)");
        if (folder->queued || folder->held)
            g_string_append_printf(out, " (%" G_GINT64_FORMAT " queued, %" G_GINT64_FORMAT " held)", folder->queued,
                                   folder->held);
        g_string_append_c(out, '\n');
    }
}

static void text_list(GString *out, const char *title, const GPtrArray *lines)
{
    if (!lines || lines->len == 0)
        return;
    g_string_append_printf(out, "\n%s:\n", title);
    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(out, "  %s\n", (const char *)lines->pdata[i]);
}

char *report_text(const struct replica_status *status)
{
    GString *out = g_string_new(NULL);
    g_autofree char *since = status->since_ns ? report_time(status->since_ns) : NULL;
    g_autofree char *progress = report_progress(status);
    g_autofree char *state = g_strdup_printf("%s%s%s%s%s%s", states[status->state], since ? " since " : "",
                                             since ? since : "", status->reason && *status->reason ? ": " : "",
                                             status->reason ? status->reason : "", status->syncing ? ", syncing" : "");
    g_autofree char *push = status->heartbeat ? g_strdup_printf("Ping, %d s", status->heartbeat) : NULL;
    g_autofree char *throttle = text_throttle(&status->throttle);
    g_autofree char *edits = g_strdup_printf("%d queued, %d held", status->queued, status->held);

    text_row(out, "account", status->account);
    text_row(out, "server", status->server);
    text_row(out, "protocol", status->protocol);
    text_row(out, "state", state);
    text_row(out, "progress", progress);
    text_row(out, "push", push);
    text_row(out, "throttled", throttle);
    text_row(out, "policy", status->policy);
    text_row(out, "edits", edits);
    text_folders(out, status->folders);
    text_list(out, "left out or held", status->errors);
    text_list(out, "in conflict (what the server has keeps the name; rename yours onto it, or remove it)",
              status->conflicts);
    text_list(out, "kept here alone", status->scratch);
    return g_string_free(out, FALSE);
}

char *report_status(struct replica *replica)
{
    struct replica_status *status = replica_status(replica);
    char *text = report_text(status);

    replica_status_free(status);
    return text;
}

char *report_status_json(struct replica *replica)
{
    struct replica_status *status = replica_status(replica);
    char *line = json_line(report_json(status));

    replica_status_free(status);
    return line;
}

char *report_queue(struct replica *replica)
{
    g_autoptr(GArray) queue = replica_queue(replica);
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < queue->len; i++) {
        const struct replica_waiting *row = &g_array_index(queue, struct replica_waiting, i);
        json_t *object = json_object();
        g_autofree char *line = NULL;

        json_object_set_new(object, "time", json_time(row->since_ns));
        json_object_set_new(object, "kind", json_text(row->kind));
        json_object_set_new(object, "state", json_text(row->state));
        json_object_set_new(object, "path", json_text(row->path));
        json_object_set_new(object, "tries", json_integer(row->tries));
        json_object_set_new(object, "why", json_text(row->why));
        line = json_line(object);
        g_string_append(out, line);
    }
    return g_string_free(out, FALSE);
}
