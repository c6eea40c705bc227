#include "cache/server/paths.h"

#include "codec/limits.h"

struct paths {
    GMutex lock;
    gint64 changed_at, all_gone_at;
    GHashTable *gone; /* address to gint64 */
};

struct paths *paths_new(void)
{
    struct paths *paths = g_new0(struct paths, 1);

    g_mutex_init(&paths->lock);
    paths->gone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return paths;
}

void paths_free(struct paths *paths)
{
    if (!paths)
        return;
    g_hash_table_unref(paths->gone);
    g_mutex_clear(&paths->lock);
    g_free(paths);
}

void paths_changed(struct paths *paths, const char *const *gone)
{
    g_mutex_lock(&paths->lock);
    paths->changed_at = g_get_monotonic_time();
    for (; gone && *gone; gone++)
        g_hash_table_replace(paths->gone, g_strdup(*gone), g_memdup2(&paths->changed_at, sizeof(gint64)));
    if (!gone || g_hash_table_size(paths->gone) > LIMIT_GONE_ADDRESSES) {
        g_hash_table_remove_all(paths->gone);
        paths->all_gone_at = paths->changed_at;
    }
    g_mutex_unlock(&paths->lock);
}

bool paths_are_old(struct paths *paths, gint64 since)
{
    g_mutex_lock(&paths->lock);
    bool old = paths->changed_at >= since;
    g_mutex_unlock(&paths->lock);
    return old;
}

bool paths_end_nowhere(struct paths *paths, const char *local, gint64 since)
{
    g_mutex_lock(&paths->lock);
    const gint64 *gone_at = local ? g_hash_table_lookup(paths->gone, local) : NULL;
    bool nowhere = paths->all_gone_at >= since || (gone_at && *gone_at >= since);
    g_mutex_unlock(&paths->lock);
    return nowhere;
}
