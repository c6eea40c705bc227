#include "fs/mount/answers.h"

#include <errno.h>
#include <string.h>

#include "codec/limits.h"
#include "fs/mount/nodes.h"
#include "fs/mount/query.h"

/* Two at a time, so that one slow question does not keep another waiting. */
enum { ANSWERS_WORKERS = 2, ANSWERS_BUFFER = 64 << 10 };

struct answers {
    struct mount *mount;
    struct queries *queries;
    GThreadPool *workers;
};

enum job_kind { JOB_LOOKUP, JOB_READDIR, JOB_OPEN, JOB_READ };

struct job {
    struct answers *answers;
    enum job_kind kind;
    fuse_req_t req;
    uint64_t ino;
    char *name;
    size_t size;
    off_t offset;
    bool plus;
    struct fuse_file_info file;
    int replied; /* atomic: by the worker, or by an interrupt */
};

struct answers *answers_new(struct mount *mount)
{
    struct answers *answers = g_new0(struct answers, 1);

    answers->mount = mount;
    answers->queries = queries_new(mount->replica);
    return answers;
}

void answers_free(struct answers *answers)
{
    if (!answers)
        return;
    if (answers->workers)
        g_thread_pool_free(answers->workers, FALSE, TRUE);
    queries_free(answers->queries);
    g_free(answers);
}

bool answers_is(fuse_ino_t ino)
{
    return ino >= QUERY_INODES && ino < 2 * QUERY_INODES;
}

static void file_stat(const struct mount *mount, const struct query_file *file, struct stat *st)
{
    struct view_attr attr = {.ino = file->ino,
                             .directory = query_is_dir(file->ino),
                             .nlink = query_is_dir(file->ino) ? 2 : 1,
                             .mtime_ns = file->time_ns,
                             .ctime_ns = file->time_ns};

    attr.size = file->target ? strlen(file->target) : file->bytes ? g_bytes_get_size(file->bytes) : LIMIT_SIZE_GUESS;
    if (attr.directory)
        attr.size = 0;
    node_stat(mount, &attr, st);
    if (file->target)
        st->st_mode = S_IFLNK | 0777;
}

static void file_entry(const struct mount *mount, const struct query_file *file, struct fuse_entry_param *entry)
{
    memset(entry, 0, sizeof *entry);
    entry->ino = file->ino;
    file_stat(mount, file, &entry->attr);
    /* Nothing of it is kept by the kernel: the next look may be of another answer. */
}

/* ---- on a worker ---- */

/* Whether this thread may reply; nobody else will then. */
static bool may_reply(struct job *job)
{
    fuse_req_interrupt_func(job->req, NULL, NULL); /* waits for one that is under way */
    return g_atomic_int_compare_and_exchange(&job->replied, FALSE, TRUE);
}

static void reply_lookup(struct job *job, int error)
{
    struct query_file file = {0};
    struct fuse_entry_param entry;

    if (!error)
        error = queries_find(job->answers->queries, job->ino, job->name, &file);
    if (error) {
        fuse_reply_err(job->req, -error);
        return;
    }
    file_entry(job->answers->mount, &file, &entry);
    query_file_clear(&file);
    fuse_reply_entry(job->req, &entry);
}

static size_t add_entry(struct job *job, char *at, size_t room, const char *name, const struct query_file *file,
                        off_t next)
{
    struct fuse_entry_param entry;

    file_entry(job->answers->mount, file, &entry);
    return job->plus ? fuse_add_direntry_plus(job->req, at, room, name, &entry, next)
                     : fuse_add_direntry(job->req, at, room, name, &entry.attr, next);
}

/* Offset n stands before entry n: ".", "..", then the files. */
static void reply_readdir(struct job *job, int error)
{
    size_t size = MIN(job->size, ANSWERS_BUFFER), used = 0, need = 0;
    g_autofree char *buffer = g_malloc(size);

    if (error) {
        fuse_reply_err(job->req, -error);
        return;
    }
    for (off_t i = job->offset; need <= size - used; i++) {
        struct query_file file = {.ino = i == 0 ? job->ino : VIEW_ROOT};

        used += need;
        if (i >= 2 && queries_at(job->answers->queries, job->ino, (size_t)i - 2, &file)) {
            need = 0;
            break;
        }
        need = add_entry(job, buffer + used, size - used, i == 0 ? "." : i == 1 ? ".." : file.name, &file, i + 1);
        query_file_clear(&file);
    }
    fuse_reply_buf(job->req, buffer, used);
}

static void reply_open(struct job *job, int error)
{
    struct query_file file = {0};

    if (!error)
        error = queries_file(job->answers->queries, job->ino, &file);
    if (!error && !file.bytes)
        error = -EIO;
    if (error) {
        query_file_clear(&file);
        fuse_reply_err(job->req, -error);
        return;
    }
    job->file.fh = (uintptr_t)g_steal_pointer(&file.bytes);
    job->file.direct_io = 1; /* the size the kernel has may be a guess */
    job->file.noflush = 1;
    query_file_clear(&file);
    if (fuse_reply_open(job->req, &job->file) == -ENOENT)
        g_bytes_unref((GBytes *)(uintptr_t)job->file.fh);
}

static void reply_piece(fuse_req_t req, GBytes *bytes, size_t size, off_t offset)
{
    gsize whole;
    const char *data = g_bytes_get_data(bytes, &whole);

    if ((gsize)offset >= whole)
        fuse_reply_buf(req, NULL, 0);
    else
        fuse_reply_buf(req, data + offset, MIN(size, whole - (gsize)offset));
}

static void reply_read(struct job *job, int error)
{
    struct query_file file = {0};

    if (!error)
        error = queries_file(job->answers->queries, job->ino, &file);
    if (error || !file.bytes)
        fuse_reply_err(job->req, error ? -error : EIO);
    else
        reply_piece(job->req, file.bytes, job->size, job->offset);
    query_file_clear(&file);
}

static void job_run(void *data, void *ctx)
{
    static const struct {
        int (*wait)(struct queries *queries, uint64_t ino);
        void (*reply)(struct job *job, int error);
    } kinds[] = {
        [JOB_LOOKUP] = {queries_ask, reply_lookup},
        [JOB_READDIR] = {queries_ask, reply_readdir},
        [JOB_OPEN] = {queries_fetch, reply_open},
        [JOB_READ] = {queries_fetch, reply_read},
    };
    struct job *job = data;
    int error = kinds[job->kind].wait(job->answers->queries, job->ino);

    (void)ctx;
    if (may_reply(job))
        kinds[job->kind].reply(job, error);
    g_free(job->name);
    g_free(job);
}

/* ---- on the dispatcher ---- */

/* Ctrl-C: who asked goes; the answer comes all the same, and is kept. */
static void interrupted(fuse_req_t req, void *ctx)
{
    struct job *job = ctx;

    if (g_atomic_int_compare_and_exchange(&job->replied, FALSE, TRUE))
        fuse_reply_err(req, EINTR);
}

static void push(struct answers *answers, struct job job)
{
    struct job *own = g_memdup2(&job, sizeof job);

    own->answers = answers;
    if (!answers->workers) /* not before the daemon's last fork */
        answers->workers = g_thread_pool_new(job_run, NULL, ANSWERS_WORKERS, FALSE, NULL);
    fuse_req_interrupt_func(job.req, interrupted, own);
    g_thread_pool_push(answers->workers, own, NULL);
}

static bool place_of(const struct answers *answers, fuse_ino_t ino, enum store_place *place)
{
    struct store *store = replica_store(answers->mount->replica);

    for (*place = PLACE_PEOPLE; *place <= PLACE_SEARCH; (*place)++)
        if ((fuse_ino_t)store_place(store, *place) == ino)
            return true;
    return false;
}

bool answers_lookup(struct answers *answers, fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct query_file dir = {.time_ns = g_get_real_time() * 1000};
    struct fuse_entry_param entry;
    enum store_place place;

    if (answers_is(parent)) {
        push(answers, (struct job){.kind = JOB_LOOKUP, .req = req, .ino = parent, .name = g_strdup(name)});
        return true;
    }
    if (!place_of(answers, parent, &place))
        return false;
    dir.ino = queries_name(answers->queries, place, name);
    if (!dir.ino) {
        fuse_reply_err(req, ENOENT);
        return true;
    }
    file_entry(answers->mount, &dir, &entry);
    fuse_reply_entry(req, &entry);
    return true;
}

bool answers_getattr(struct answers *answers, fuse_req_t req, fuse_ino_t ino)
{
    struct query_file file = {0};
    struct stat st;
    int error;

    if (!answers_is(ino))
        return false;
    error = queries_file(answers->queries, ino, &file);
    if (error) {
        fuse_reply_err(req, -error);
        return true;
    }
    file_stat(answers->mount, &file, &st);
    query_file_clear(&file);
    fuse_reply_attr(req, &st, 0);
    return true;
}

bool answers_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    if (!answers_is(ino))
        return false;
    file->cache_readdir = 0;
    file->keep_cache = 0;
    fuse_reply_open(req, file);
    return true;
}

bool answers_readdir(struct answers *answers, fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, bool plus)
{
    if (!answers_is(ino))
        return false;
    if (query_is_dir(ino))
        push(answers,
             (struct job){.kind = JOB_READDIR, .req = req, .ino = ino, .size = size, .offset = offset, .plus = plus});
    else
        fuse_reply_err(req, ENOTDIR);
    return true;
}

bool answers_readlink(struct answers *answers, fuse_req_t req, fuse_ino_t ino)
{
    struct query_file file = {0};
    int error;

    if (!answers_is(ino))
        return false;
    error = queries_file(answers->queries, ino, &file);
    if (error || !file.target)
        fuse_reply_err(req, error ? -error : EINVAL);
    else
        fuse_reply_readlink(req, file.target);
    query_file_clear(&file);
    return true;
}

bool answers_open(struct answers *answers, fuse_req_t req, fuse_ino_t ino, const struct fuse_file_info *file)
{
    if (!answers_is(ino))
        return false;
    if ((file->flags & O_ACCMODE) != O_RDONLY)
        fuse_reply_err(req, EPERM);
    else
        push(answers, (struct job){.kind = JOB_OPEN, .req = req, .ino = ino, .file = *file});
    return true;
}

bool answers_read(struct answers *answers, fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                  const struct fuse_file_info *file)
{
    if (!answers_is(ino))
        return false;
    if (answers->mount->without_opens)
        push(answers, (struct job){.kind = JOB_READ, .req = req, .ino = ino, .size = size, .offset = offset});
    else
        reply_piece(req, (GBytes *)(uintptr_t)file->fh, size, offset);
    return true;
}

bool answers_release(fuse_ino_t ino, const struct fuse_file_info *file)
{
    if (!answers_is(ino))
        return false;
    if (file->fh)
        g_bytes_unref((GBytes *)(uintptr_t)file->fh);
    return true;
}
