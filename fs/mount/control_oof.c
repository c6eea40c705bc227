#include "fs/mount/control_oof.h"

#include <errno.h>
#include <string.h>

#include "cache/directory.h"
#include "codec/limits.h"
#include "fs/mount/opens.h"
#include "fs/oof_text.h"

enum { OOF_GUESS = 4096 };

struct oof_file {
    struct mount *mount;
    GThreadPool *worker; /* one thread; alone uses what follows, but for size */
    GBytes *text;        /* what a mount without opens is reading */
    char *refused;       /* why the last text was not taken; NULL */
    int size;            /* atomic: of what was read last */
};

struct oof_handle {
    GByteArray *text; /* a reader's, or what a writer has gathered */
    bool writing, appending, dirty;
};

enum oof_job_kind { OOF_OPEN, OOF_READ, OOF_SET };

struct oof_job {
    enum oof_job_kind kind;
    fuse_req_t req;
    struct fuse_file_info info;
    size_t size;
    off_t offset;
    char *text;
};

static bool fits(off_t end)
{
    return end >= 0 && end <= OOF_AUDIENCES * LIMIT_OOF_TEXT_BYTES;
}

static int error_of(const struct eas_result *result)
{
    return result->outcome == EAS_REFUSED ? EIO : ETIMEDOUT;
}

/* ---- on its thread ---- */

static int ask(struct oof_file *file, GBytes **text)
{
    struct oof oof = {0};
    struct eas_result result = directory_oof(file->mount->replica, &oof);
    g_autofree char *shown = eas_is_served(&result) ? oof_print(&oof) : NULL;

    oof_clear(&oof);
    if (!shown)
        return error_of(&result);
    char *whole = file->refused ? g_strdup_printf("# not taken: %s\n%s", file->refused, shown) : g_strdup(shown);

    *text = g_bytes_new_take(whole, strlen(whole));
    g_atomic_int_set(&file->size, (int)g_bytes_get_size(*text));
    g_clear_pointer(&file->refused, g_free);
    return 0;
}

static void reply_handle(const struct oof_job *job, struct oof_handle *handle)
{
    struct fuse_file_info info = job->info;

    info.fh = (uintptr_t)handle;
    info.direct_io = 1; /* the size the kernel has may be another text's */
    info.noflush = !handle->writing;
    if (fuse_reply_open(job->req, &info) == -ENOENT)
        oof_file_release(&info);
}

static struct oof_handle *handle_new(const struct fuse_file_info *info)
{
    struct oof_handle *handle = g_new0(struct oof_handle, 1);

    handle->text = g_byte_array_new();
    handle->writing = open_writes(info);
    handle->appending = (info->flags & O_APPEND) != 0;
    return handle;
}

static void job_open(struct oof_file *file, struct oof_job *job)
{
    g_autoptr(GBytes) text = NULL;
    int error = ask(file, &text);
    struct oof_handle *handle;

    if (error) {
        fuse_reply_err(job->req, error);
        return;
    }
    handle = handle_new(&job->info);
    g_byte_array_append(handle->text, g_bytes_get_data(text, NULL), (guint)g_bytes_get_size(text));
    reply_handle(job, handle);
}

static void reply_piece(fuse_req_t req, const void *data, size_t whole, size_t size, off_t offset)
{
    bool within = (size_t)offset < whole;

    fuse_reply_buf(req, within ? (const char *)data + offset : NULL, within ? MIN(size, whole - (size_t)offset) : 0);
}

static void job_read(struct oof_file *file, struct oof_job *job)
{
    int error = 0;

    if (!job->offset || !file->text) {
        g_clear_pointer(&file->text, g_bytes_unref);
        error = ask(file, &file->text);
    }
    if (error)
        fuse_reply_err(job->req, error);
    else
        reply_piece(job->req, g_bytes_get_data(file->text, NULL), g_bytes_get_size(file->text), job->size, job->offset);
}

static void job_set(struct oof_file *file, struct oof_job *job)
{
    struct oof oof = {0};
    struct eas_result result;

    g_clear_pointer(&file->refused, g_free);
    if (!oof_parse(job->text, &oof, &file->refused)) {
        fuse_reply_err(job->req, EINVAL);
        return;
    }
    result = directory_oof_set(file->mount->replica, &oof);
    oof_clear(&oof);
    if (!eas_is_served(&result))
        file->refused = g_strdup(result.text);
    fuse_reply_err(job->req, eas_is_served(&result) ? 0 : error_of(&result));
}

static void job_run(void *data, void *ctx)
{
    static void (*const kinds[])(struct oof_file *, struct oof_job *) = {
        [OOF_OPEN] = job_open, [OOF_READ] = job_read, [OOF_SET] = job_set};
    struct oof_job *job = data;

    kinds[job->kind](ctx, job);
    g_free(job->text);
    g_free(job);
}

/* ---- on the dispatcher ---- */

struct oof_file *oof_file_new(struct mount *mount)
{
    struct oof_file *file = g_new0(struct oof_file, 1);

    file->mount = mount;
    file->size = OOF_GUESS;
    file->worker = g_thread_pool_new(job_run, file, 1, FALSE, NULL);
    return file;
}

void oof_file_free(struct oof_file *file)
{
    g_thread_pool_free(file->worker, FALSE, TRUE);
    g_clear_pointer(&file->text, g_bytes_unref);
    g_free(file->refused);
    g_free(file);
}

size_t oof_file_size(const struct oof_file *file)
{
    return (size_t)g_atomic_int_get(&file->size);
}

static void push(struct oof_file *file, const struct oof_job *job)
{
    g_thread_pool_push(file->worker, g_memdup2(job, sizeof *job), NULL);
}

void oof_file_open(struct oof_file *file, fuse_req_t req, const struct fuse_file_info *info)
{
    struct oof_job job = {.kind = OOF_OPEN, .req = req, .info = *info};

    if (info->flags & O_TRUNC)
        reply_handle(&job, handle_new(info));
    else
        push(file, &job);
}

void oof_file_read(struct oof_file *file, fuse_req_t req, size_t size, off_t offset, const struct fuse_file_info *info)
{
    const struct oof_handle *handle = (struct oof_handle *)(uintptr_t)info->fh;

    if (handle)
        reply_piece(req, handle->text->data, handle->text->len, size, offset);
    else
        push(file, &(struct oof_job){.kind = OOF_READ, .req = req, .size = size, .offset = offset});
}

void oof_file_write(struct oof_file *file, fuse_req_t req, const char *bytes, size_t size, off_t offset,
                    const struct fuse_file_info *info)
{
    struct oof_handle *handle = (struct oof_handle *)(uintptr_t)info->fh;
    off_t at = handle->appending ? (off_t)handle->text->len : offset;

    (void)file;
    if (!handle->writing || !fits(at + (off_t)size)) {
        fuse_reply_err(req, handle->writing ? EFBIG : EBADF);
        return;
    }
    if (at + (off_t)size > (off_t)handle->text->len)
        oof_file_resize(info, at + (off_t)size);
    memcpy(handle->text->data + at, bytes, size);
    handle->dirty = true;
    fuse_reply_write(req, size);
}

int oof_file_resize(const struct fuse_file_info *info, off_t size)
{
    struct oof_handle *handle = info ? (struct oof_handle *)(uintptr_t)info->fh : NULL;
    guint old;

    if (!handle)
        return 0;
    if (!handle->writing || !fits(size))
        return handle->writing ? EFBIG : EBADF;
    old = handle->text->len;
    g_byte_array_set_size(handle->text, (guint)size);
    if (size > old)
        memset(handle->text->data + old, ' ', (size_t)size - old);
    return 0;
}

/* Nothing written, nothing said: every shell flushes the empty file first (CONTRACT 5). */
void oof_file_flush(struct oof_file *file, fuse_req_t req, const struct fuse_file_info *info)
{
    struct oof_handle *handle = (struct oof_handle *)(uintptr_t)info->fh;

    if (!handle || !handle->dirty) {
        fuse_reply_err(req, 0);
        return;
    }
    handle->dirty = false;
    push(file, &(struct oof_job){.kind = OOF_SET,
                                 .req = req,
                                 .text = g_strndup((const char *)handle->text->data, handle->text->len)});
}

void oof_file_release(const struct fuse_file_info *info)
{
    struct oof_handle *handle = (struct oof_handle *)(uintptr_t)info->fh;

    if (!handle)
        return;
    g_byte_array_unref(handle->text);
    g_free(handle);
}
