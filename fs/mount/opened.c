#include "fs/mount/opened.h"

#include <glib.h>

struct file {
    int handles;
    int64_t size;
};

struct opened {
    GMutex lock;
    GHashTable *files; /* inode (as gint64) → struct file */
};

struct opened *opened_new(void)
{
    struct opened *opened = g_new0(struct opened, 1);

    g_mutex_init(&opened->lock);
    opened->files = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    return opened;
}

void opened_free(struct opened *opened)
{
    g_hash_table_unref(opened->files);
    g_mutex_clear(&opened->lock);
    g_free(opened);
}

void opened_add(struct opened *opened, uint64_t ino, int64_t size)
{
    struct file *file;

    g_mutex_lock(&opened->lock);
    file = g_hash_table_lookup(opened->files, &ino);
    if (!file) {
        file = g_new0(struct file, 1);
        g_hash_table_insert(opened->files, g_memdup2(&ino, sizeof ino), file);
    }
    file->handles++;
    file->size = size;
    g_mutex_unlock(&opened->lock);
}

void opened_remove(struct opened *opened, uint64_t ino)
{
    struct file *file;

    g_mutex_lock(&opened->lock);
    file = g_hash_table_lookup(opened->files, &ino);
    if (file && --file->handles == 0)
        g_hash_table_remove(opened->files, &ino);
    g_mutex_unlock(&opened->lock);
}

bool opened_size(struct opened *opened, uint64_t ino, int64_t *size)
{
    struct file *file;

    g_mutex_lock(&opened->lock);
    file = g_hash_table_lookup(opened->files, &ino);
    if (file)
        *size = file->size;
    g_mutex_unlock(&opened->lock);
    return file != NULL;
}
