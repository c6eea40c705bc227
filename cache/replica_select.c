/* What folders are kept, changed at run time. The store remembers the list, and which one of the configuration's it was
 * made from: as soon as that is another, it has the last word. */
#include <string.h>

#include "cache/replica_state.h"
#include "cache/sync/select.h"

static char *joined(const GPtrArray *globs)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; globs && i < globs->len; i++)
        g_string_append_printf(text, "%s%s", i ? "\n" : "", (const char *)globs->pdata[i]);
    return g_string_free(text, FALSE);
}

static GPtrArray *split(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GPtrArray *globs = g_ptr_array_new_with_free_func(g_free);

    for (char **line = lines; *line; line++)
        if (**line)
            g_ptr_array_add(globs, g_strdup(*line));
    return globs;
}

void replica_recall_folders(struct replica *replica)
{
    g_autofree char *kept = store_get(replica->store, "folders"), *base = store_get(replica->store, "folders-base");
    g_autofree char *configured = joined(replica->config->folders);

    if (kept && !g_strcmp0(base, configured)) {
        g_clear_pointer(&replica->config->folders, g_ptr_array_unref);
        replica->config->folders = split(kept);
        return;
    }
    if (kept)
        store_set(replica->store, "folders", NULL);
    if (g_strcmp0(base, configured) != 0)
        store_set(replica->store, "folders-base", configured);
}

/* What a user changed in a folder that would go is not to go with it: its path, or NULL. */
static char *unsent_in(struct replica *replica, const char *folder)
{
    g_autoptr(GArray) queue = replica_queue(replica);
    size_t length = strlen(folder);

    for (guint i = 0; i < queue->len; i++) {
        const char *path = g_array_index(queue, struct replica_waiting, i).path;

        if (!strncmp(path, folder, length) && path[length] == '/')
            return g_strdup(path);
    }
    return NULL;
}

static char *unsent(struct replica *replica, const GPtrArray *globs)
{
    g_autoptr(GArray) collections = store_collections(replica->store);
    char *found = NULL;

    for (guint i = 0; i < collections->len && !found; i++) {
        const struct collection *each = &g_array_index(collections, struct collection, i);
        g_autofree char *path = each->selected && each->ino ? store_path(replica->store, each->ino) : NULL;

        if (path && !select_matches(globs, path))
            found = unsent_in(replica, path);
    }
    return found;
}

static void change_all(GPtrArray **globs, const GPtrArray *words, bool keep)
{
    for (guint i = 0; words && i < words->len; i++) {
        GPtrArray *changed = select_changed(*globs, words->pdata[i], keep);

        g_ptr_array_unref(*globs);
        *globs = changed;
    }
}

struct eas_result replica_select(struct replica *replica, const GPtrArray *select, const GPtrArray *drop,
                                 GPtrArray **folders, long timeout_ms)
{
    g_autofree char *text = NULL, *edit = NULL;
    GPtrArray *globs;

    *folders = NULL;
    if (!replica->session)
        return eas_unreachable(75, "there is no server to ask: this replica is offline");
    g_mutex_lock(&replica->lock);
    text = joined(replica->folders ? replica->folders : replica->config->folders);
    g_mutex_unlock(&replica->lock);
    globs = split(text);
    change_all(&globs, select, true);
    change_all(&globs, drop, false);
    edit = unsent(replica, globs);
    if (edit) {
        g_ptr_array_unref(globs);
        return eas_refused(EAS_SCOPE_FOLDER, 65,
                           "%s is changed and not sent; easfs sync --wait sends it, discard drops it", edit);
    }
    g_free(text);
    text = joined(globs);
    store_set(replica->store, "folders", text);
    *folders = globs;
    g_mutex_lock(&replica->lock);
    g_clear_pointer(&replica->folders, g_ptr_array_unref);
    replica->folders = split(text);
    g_mutex_unlock(&replica->lock);
    return replica_wait_pass(replica, 0, g_get_monotonic_time() + timeout_ms * 1000LL, timeout_ms);
}
