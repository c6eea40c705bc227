#include "cache/sync/file_bytes.h"

#include <errno.h>

GBytes *file_bytes(struct sync_engine *engine, int64_t ino, int *error)
{
    struct view_bytes held = {0};
    int64_t at = 0;

    *error = ino ? view_open(engine->view, (uint64_t)ino, &held) : -ENOENT;
    if (*error) {
        *error = *error == -ENOENT || *error == -EAGAIN || *error == -EISDIR ? 0 : *error;
        return NULL;
    }
    g_autofree char *bytes = g_malloc((gsize)held.size + 1);

    while (!*error && at < held.size) {
        ssize_t got = view_bytes_read(engine->view, &held, bytes + at, (size_t)(held.size - at), at);

        if (got <= 0)
            *error = got ? (int)got : -EIO;
        at += MAX(got, 0);
    }
    view_release(engine->view, &held);
    return *error ? NULL : g_bytes_new_take(g_steal_pointer(&bytes), (gsize)at);
}

int body_write(struct store *store, GBytes *bytes, int64_t *body)
{
    struct body_writer *writer = store_body_begin(store);
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    int error = writer ? store_body_append(writer, data, size) : -EIO;

    if (error && writer)
        store_body_abort(writer);
    return error ? error : store_body_finish(writer, store, body);
}

struct file_context file_context_of(struct sync_engine *engine, const char *uid)
{
    return (struct file_context){
        .uid = uid,
        .user = engine->address,
        .home_zone = engine->config->home_zone,
        .vcard_version = engine->config->vcard_version ? engine->config->vcard_version : 3,
        .version = session_version(engine->session),
    };
}
