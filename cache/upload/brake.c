/* The brake on deletions (CONTRACT 5): too many within a minute wait for a person. All of them wait, not only those
 * beyond the limit: they are one mistake, and of a mistake the first 500 are no better than the rest. */
#include "cache/upload/uploader.h"

/* What was braked once is let through when a person says so. */
static bool is_braked(const struct journal *row)
{
    return row->kind == JOURNAL_DELETE && !row->response;
}

/* The instants of deletions, sorted: whether more than limit fall into any one minute. */
static bool is_burst(GArray *instants, long limit)
{
    const int64_t minute = 60 * G_GINT64_CONSTANT(1000000000);

    for (guint i = (guint)limit; i < instants->len; i++)
        if (g_array_index(instants, int64_t, i) - g_array_index(instants, int64_t, i - (guint)limit) < minute)
            return true;
    return false;
}

static gint earlier(gconstpointer a, gconstpointer b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static int brake(struct upload *upload, GArray *rows, long limit)
{
    g_autofree char *why = g_strdup_printf("more than %ld deletions within a minute (max-deletes); "
                                           "easfs retry lets them through, easfs discard brings the items back",
                                           limit);
    int error = upload_begin(upload);

    if (error)
        return error;
    for (guint i = 0; i < rows->len && !error; i++) {
        struct journal *row = &g_array_index(rows, struct journal, i);

        if (!is_braked(row))
            continue;
        row->response = JOURNAL_BRAKED;
        error = row_hold(upload, row, why);
    }
    return upload_end(upload, error);
}

/* All deletions that wait count, due or not, and those that went out during the last minute. */
int upload_brake(struct upload *upload)
{
    struct uploader *uploader = uploader_of(upload->engine);
    g_autoptr(GArray) rows = journal_list(upload->engine->store, JOURNAL_QUEUED, G_MAXINT64);
    g_autoptr(GArray) instants = g_array_copy(uploader->deleted_at);
    long limit = upload->engine->config->max_deletes;

    for (guint i = 0; i < rows->len; i++)
        if (is_braked(&g_array_index(rows, struct journal, i)))
            g_array_append_val(instants, g_array_index(rows, struct journal, i).queued_ns);
    g_array_sort(instants, earlier);
    if (limit <= 0 || instants->len == uploader->deleted_at->len || !is_burst(instants, limit))
        return 0;
    return brake(upload, rows, limit);
}
