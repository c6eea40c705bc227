/* Messages in Outbox: they are sent. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "cache/edit/editor.h"
#include "codec/files/compose.h"

static char *rfc5322_date(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autofree char *rest = g_date_time_format(now, "%Y %H:%M:%S %z");

    return g_strdup_printf("%s, %d %s %s", days[g_date_time_get_day_of_week(now) - 1],
                           g_date_time_get_day_of_month(now), months[g_date_time_get_month(now) - 1], rest);
}

static char *message_id(const char *address)
{
    g_autofree char *unique = g_uuid_string_random();
    const char *host = strrchr(address, '@');

    return g_strdup_printf("%s@%s", unique, host && host[1] ? host + 1 : "localhost");
}

static int put(struct editor *editor, int64_t ino, const struct place *place, const char *reason, const char *id,
               bool complete, long delay_ms)
{
    struct journal row;
    int error = journal_of_file(editor->store, JOURNAL_SEND, ino, &row);

    if (!error && row.state == JOURNAL_SENT) {
        journal_clear(&row);
        return -EBUSY;
    }
    if (error == -ENOENT) {
        row = editor_row(JOURNAL_SEND, ino);
        error = 0;
    }
    if (error)
        return error;
    row.state = !complete ? JOURNAL_OPEN : reason ? JOURNAL_HELD : JOURNAL_QUEUED;
    row.collection_id = place->collection.id;
    row.due_ns = delay_ms > 0 ? editor_now_ns() + delay_ms * G_GINT64_CONSTANT(1000000) : 0;
    row.tries = 0;
    g_free(row.error);
    row.error = g_strdup(reason);
    g_free(row.uid);
    row.uid = g_strdup(id ? id : "");
    if (!row.client_id)
        row.client_id = g_uuid_string_random();
    error = journal_put(editor->store, &row);
    journal_clear(&row);
    return error;
}

/* What is sent is what was composed: its Message-ID is what a lost answer is looked for by. */
static int keep_composed(struct editor *editor, int64_t ino, GBytes *bytes, GBytes *message)
{
    int64_t body;
    int error;

    if (g_bytes_equal(bytes, message))
        return 0;
    error = editor_body(editor, message, &body);
    return error ? error : store_file_bytes(editor->store, ino, body, store_instant(editor->store), OWN_USER);
}

/* Returns the errno of a verdict, positive, for whoever flushed. */
int letter_commit(struct editor *editor, const struct place *place, int64_t ino, GBytes *bytes, bool complete)
{
    g_autofree char *address = editor_address(editor), *date = rfc5322_date(), *id = message_id(address),
                    *reason = NULL;
    struct compose_context context = {.user = address, .date = date, .message_id = id};
    struct composed composed = {0};
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    bool good = compose(data, size, &context, &composed, &reason);
    int error = 0;

    if (good && complete)
        error = keep_composed(editor, ino, bytes, composed.message);
    if (!error)
        error =
            put(editor, ino, place, good ? NULL : reason, composed.message_id, complete, editor->config.send_delay_ms);
    composed_clear(&composed);
    return error ? error : good ? 0 : EINVAL;
}
