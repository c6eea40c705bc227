#include "fs/mount/handles.h"

#include <glib.h>

struct handles {
    GMutex lock;
    GHashTable *files; /* inode (as gint64) → struct open_file */
    GHashTable *open;  /* struct handle: for those that no RELEASE will end */
    int workings;      /* atomic: how many of them are being written */
};

struct handles *handles_new(void)
{
    struct handles *handles = g_new0(struct handles, 1);

    g_mutex_init(&handles->lock);
    handles->files = g_hash_table_new(g_int64_hash, g_int64_equal);
    handles->open = g_hash_table_new_full(NULL, NULL, g_free, NULL);
    return handles;
}

static void file_clear(struct open_file *file)
{
    g_clear_pointer(&file->working, working_free);
    copy_unref(file->last);
    g_free(file);
}

void handles_free(struct handles *handles)
{
    GHashTableIter each;
    void *file;

    g_hash_table_iter_init(&each, handles->files);
    while (g_hash_table_iter_next(&each, NULL, &file))
        file_clear(file);
    g_hash_table_unref(handles->open);
    g_hash_table_unref(handles->files);
    g_mutex_clear(&handles->lock);
    g_free(handles);
}

void handles_lock(struct handles *handles)
{
    g_mutex_lock(&handles->lock);
}

void handles_unlock(struct handles *handles)
{
    g_mutex_unlock(&handles->lock);
}

struct open_file *file_find(struct handles *handles, uint64_t ino)
{
    return g_hash_table_lookup(handles->files, &ino);
}

struct open_file *file_ref(struct handles *handles, uint64_t ino)
{
    struct open_file *file = file_find(handles, ino);

    if (!file) {
        file = g_new0(struct open_file, 1);
        file->ino = ino;
        g_hash_table_insert(handles->files, &file->ino, file);
    }
    file->references++;
    return file;
}

void file_unref(struct handles *handles, struct open_file *file)
{
    if (--file->references > 0)
        return;
    file_work(handles, file, NULL);
    g_hash_table_remove(handles->files, &file->ino);
    file_clear(file);
}

void file_work(struct handles *handles, struct open_file *file, struct working *working)
{
    if (file->working) {
        copy_unref(file->last);
        file->last = copy_ref(file->working->copy);
        file->last_size = file->working->size;
        working_free(file->working);
        g_atomic_int_add(&handles->workings, -1);
    }
    file->working = working;
    if (working)
        g_atomic_int_inc(&handles->workings);
}

struct handle *handle_open(struct handles *handles, uint64_t ino, const struct view_bytes *bytes, int as_of,
                           pid_t opener)
{
    struct handle *handle = g_new0(struct handle, 1);

    g_mutex_lock(&handles->lock);
    g_hash_table_add(handles->open, handle);
    handle->file = file_ref(handles, ino);
    handle->file->handles++;
    if (bytes) {
        handle->bytes = *bytes;
        handle->pinned = true;
        handle->as_of = as_of;
        handle->file->size = bytes->size;
    }
    if (opener) {
        handle->opener = opener;
        handle->writing = true;
        handle->file->writers++;
    }
    g_mutex_unlock(&handles->lock);
    return handle;
}

bool handle_close(struct handles *handles, struct handle *handle, struct view_bytes *bytes)
{
    bool pinned = handle->pinned;

    *bytes = handle->bytes;
    handle->file->handles--;
    handle->file->writers -= handle->writing ? 1 : 0;
    file_unref(handles, handle->file);
    g_hash_table_remove(handles->open, handle);
    return pinned;
}

GPtrArray *files_incomplete(struct handles *handles)
{
    GPtrArray *found = g_ptr_array_new();
    GHashTableIter each;
    void *value;

    g_mutex_lock(&handles->lock);
    g_hash_table_iter_init(&each, handles->files);
    while (g_hash_table_iter_next(&each, NULL, &value)) {
        struct open_file *file = value;

        if (file->incomplete) {
            file->references++;
            file->writers = 0;
            g_ptr_array_add(found, file);
        }
    }
    g_mutex_unlock(&handles->lock);
    return found;
}

bool handles_size(struct handles *handles, uint64_t ino, int64_t *size)
{
    const struct open_file *file;
    bool open;

    g_mutex_lock(&handles->lock);
    file = file_find(handles, ino);
    open = file && file->handles > 0;
    if (open)
        *size = file->working ? file->working->size : file->last ? file->last_size : file->size;
    g_mutex_unlock(&handles->lock);
    return open;
}

bool handles_busy(struct handles *handles)
{
    return g_atomic_int_get(&handles->workings) > 0;
}

void handles_attr(struct handles *handles, struct view_attr *attr)
{
    const struct open_file *file;

    if (attr->directory || !handles_busy(handles))
        return;
    g_mutex_lock(&handles->lock);
    file = file_find(handles, attr->ino);
    if (file && file->working) {
        attr->size = (uint64_t)file->working->size;
        attr->mtime_ns = file->working->changed_ns ? file->working->mtime_ns : attr->mtime_ns;
        attr->ctime_ns = MAX(attr->ctime_ns, file->working->changed_ns);
        attr->local = false;
    }
    g_mutex_unlock(&handles->lock);
}
