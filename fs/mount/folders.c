#include "fs/mount/folders.h"

#include "cache/store/store.h"
#include "codec/limits.h"

struct folder {
    uint64_t parent;
    char *name;
};

struct folders {
    GHashTable *by_ino; /* inode (as gint64) → struct folder */
};

static void folder_free(void *data)
{
    struct folder *folder = data;

    g_free(folder->name);
    g_free(folder);
}

struct folders *folders_new(void)
{
    struct folders *folders = g_new0(struct folders, 1);

    folders->by_ino = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, folder_free);
    return folders;
}

void folders_free(struct folders *folders)
{
    g_hash_table_unref(folders->by_ino);
    g_free(folders);
}

static void folder_set(struct folders *folders, uint64_t ino, uint64_t parent, const char *name)
{
    struct folder *folder = g_new0(struct folder, 1);

    folder->parent = parent;
    folder->name = g_strdup(name);
    g_hash_table_insert(folders->by_ino, g_memdup2(&ino, sizeof ino), folder);
}

/* A directory and those above it, up to the first that is known. */
static void load_one(struct folders *folders, struct view *view, uint64_t ino)
{
    for (int depth = 0; ino != VIEW_ROOT && depth < LIMIT_FOLDER_DEPTH; depth++) {
        g_autofree char *path = NULL, *name = NULL;
        struct view_attr attr;

        if (g_hash_table_contains(folders->by_ino, &ino) || view_getattr(view, ino, &attr) != 0 || !attr.directory ||
            !(path = view_path(view, ino)))
            return;
        name = g_path_get_basename(path);
        folder_set(folders, ino, attr.parent, name);
        ino = attr.parent;
    }
}

void folders_load(struct folders *folders, struct replica *replica, struct view *view)
{
    g_autoptr(GArray) collections = store_collections(replica_store(replica));

    g_hash_table_remove_all(folders->by_ino);
    for (uint64_t ino = VIEW_ROOT + 1; ino <= VIEW_ROOT + EAS_CLASSES; ino++)
        load_one(folders, view, ino);
    for (guint i = 0; i < collections->len; i++)
        load_one(folders, view, (uint64_t)g_array_index(collections, struct collection, i).ino);
}

void folders_apply(struct folders *folders, const struct change *change)
{
    if (!change->directory)
        return;
    if (change->kind == CHANGE_DELETE)
        g_hash_table_remove(folders->by_ino, &change->ino);
    else if (change->kind == CHANGE_CREATE || change->kind == CHANGE_MOVE)
        folder_set(folders, change->ino, change->parent, change->name);
}

static void step_clear(void *data)
{
    g_free(((struct folder_step *)data)->name);
}

GArray *folders_way(struct folders *folders, uint64_t ino)
{
    GArray *way = g_array_new(FALSE, FALSE, sizeof(struct folder_step));

    g_array_set_clear_func(way, step_clear);
    while (ino != VIEW_ROOT) {
        const struct folder *folder = g_hash_table_lookup(folders->by_ino, &ino);
        struct folder_step step;

        if (!folder || way->len > LIMIT_FOLDER_DEPTH + 1) {
            g_array_unref(way);
            return NULL;
        }
        step = (struct folder_step){.parent = folder->parent, .ino = ino, .name = g_strdup(folder->name)};
        g_array_prepend_val(way, step);
        ino = folder->parent;
    }
    return way;
}

char *folder_path(const GArray *way, const char *name)
{
    GString *path = g_string_new(NULL);

    for (guint i = 0; i < way->len; i++)
        g_string_append_printf(path, "%s%s", i ? "/" : "", g_array_index(way, struct folder_step, i).name);
    if (name)
        g_string_append_printf(path, "%s%s", path->len ? "/" : "", name);
    return g_string_free(path, FALSE);
}
