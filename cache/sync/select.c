#include "cache/sync/select.h"

#include <fnmatch.h>
#include <string.h>

#include "codec/files/names.h"
#include "codec/limits.h"
#include "codec/wire/sync.h"

/* By length. Each class has some of them. */
static const struct {
    const char *since;
    int filter;
    bool mail, calendar;
} windows[] = {
    {"1d", 1, true, false}, {"3d", 2, true, false}, {"1w", 3, true, false}, {"2w", 4, true, true},
    {"1m", 5, true, true},  {"3m", 6, false, true}, {"6m", 7, false, true},
};

static int window_find(const char *since)
{
    for (size_t i = 0; since && i < G_N_ELEMENTS(windows); i++)
        if (!strcmp(windows[i].since, since))
            return (int)i;
    return -1;
}

bool select_since_is_known(const char *since)
{
    return !strcmp(since, "all") || window_find(since) >= 0;
}

int select_filter(const char *since, enum eas_class class)
{
    int at = window_find(since);

    if (class == EAS_CONTACTS || class == EAS_NOTES)
        return SYNC_FILTER_NONE;
    for (size_t i = (size_t)at; at >= 0 && i < G_N_ELEMENTS(windows); i++)
        if ((class == EAS_MAIL && windows[i].mail) || (class == EAS_CALENDAR && windows[i].calendar))
            return windows[i].filter;
    return SYNC_FILTER_ALL;
}

int select_cap(int filter, enum eas_class class, const struct policy_rules *rules)
{
    int most = class == EAS_MAIL ? rules->mail_age : class == EAS_CALENDAR ? rules->calendar_age : 0;
    int cap = SYNC_FILTER_ALL;

    if (filter == SYNC_FILTER_NONE || !most)
        return filter;
    /* The longest that is allowed and that the class has; where all it has are longer, the shortest. */
    for (size_t i = G_N_ELEMENTS(windows); i-- > 0 && (!cap || cap > most);)
        if (class == EAS_MAIL ? windows[i].mail : windows[i].calendar)
            cap = windows[i].filter;
    return filter == SYNC_FILTER_ALL || filter > cap ? cap : filter;
}

const char *select_window(int filter)
{
    for (size_t i = 0; i < G_N_ELEMENTS(windows); i++)
        if (windows[i].filter == filter)
            return windows[i].since;
    return "all";
}

bool select_wants(const struct replica_config *config, enum eas_class class, const char *path)
{
    if (class == EAS_NO_CLASS || (config->classes && !(config->classes & 1u << class)))
        return false;
    return select_matches(config->folders, path);
}

static bool is_drop(const char *glob)
{
    return *glob == '!';
}

bool select_matches(const GPtrArray *globs, const char *path)
{
    bool wanted = !globs || globs->len == 0 || is_drop(globs->pdata[0]);

    for (guint i = 0; globs && i < globs->len; i++) {
        const char *glob = globs->pdata[i];

        if (fnmatch(glob + is_drop(glob), path, 0) == 0)
            wanted = !is_drop(glob);
    }
    return wanted;
}

/* What a new word takes back need not stand any more. A first "!" says that everything else is kept, so it goes only
 * where another one follows or nothing does. */
static void take_back(GPtrArray *globs, const char *glob)
{
    for (guint i = globs->len; i-- > 0;) {
        bool first = i == 0 && globs->len > 1 && !is_drop(globs->pdata[1]);

        if (!strcmp(globs->pdata[i], glob) && !first)
            g_ptr_array_remove_index(globs, i);
    }
}

GPtrArray *select_changed(const GPtrArray *globs, const char *glob, bool keep)
{
    GPtrArray *changed = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *drop = g_strconcat("!", glob, NULL);

    for (guint i = 0; globs && i < globs->len; i++)
        g_ptr_array_add(changed, g_strdup(globs->pdata[i]));
    take_back(changed, drop);
    if (!keep)
        g_ptr_array_add(changed, g_steal_pointer(&drop));
    else if (changed->len && strcmp(changed->pdata[changed->len - 1], glob) != 0)
        g_ptr_array_add(changed, g_strdup(glob));
    return changed;
}

char *select_path(GHashTable *by_server_id, const struct collection *collection)
{
    if (collection->class == EAS_NO_CLASS)
        return NULL;
    GString *path = g_string_new(NULL);
    const struct collection *at = collection;

    for (int depth = 0; at && depth < LIMIT_FOLDER_DEPTH; depth++) {
        if (at->class != EAS_MAIL && eas_folder_is_default(at->type))
            break;
        g_autofree char *name = name_folder(at->name, 1);

        g_string_prepend(path, name);
        g_string_prepend_c(path, '/');
        at = at->parent_id ? g_hash_table_lookup(by_server_id, at->parent_id) : NULL;
    }
    g_string_prepend(path, eas_classes[collection->class].directory);
    return g_string_free(path, FALSE);
}
