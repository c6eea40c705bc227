/* Opening, locking, and the one writer's transactions. */
#include "cache/store/store_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/limits.h"

/* synchronous NORMAL: a power cut may cost the last commits of the mirror, never their consistency. */
static const char writer_pragmas[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;"
    "PRAGMA journal_size_limit = 4194304";

enum { READER_CACHE_KIB = 1024 };

char *store_file(const struct store *store, const char *name)
{
    return g_build_filename(store->dir, name, NULL);
}

const char *store_dir(const struct store *store)
{
    return store->dir;
}

static int take_lock(struct store *store, char **why)
{
    g_autofree char *path = store_file(store, "lock");
    char pid[32] = "";

    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock_fd < 0) {
        int error = -errno;

        *why = g_strdup_printf("%s: %s", path, g_strerror(-error));
        return error;
    }
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB)) {
        ssize_t got = pread(store->lock_fd, pid, sizeof pid - 1, 0);

        g_strchomp(pid);
        *why = g_strdup_printf("%s is in use by %s%s", store->dir, got > 0 ? "process " : "another process", pid);
        return -EBUSY;
    }
    snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(store->lock_fd, 0) || pwrite(store->lock_fd, pid, strlen(pid), 0) < 0) {
        *why = g_strdup_printf("%s: %s", path, g_strerror(errno));
        return -errno;
    }
    return 0;
}

static int make_dir(struct store *store, char **why)
{
    g_autofree char *bodies = store_file(store, "bodies");

    if (g_mkdir_with_parents(bodies, 0700) || chmod(store->dir, 0700)) {
        int error = -errno;

        *why = g_strdup_printf("%s: %s", bodies, g_strerror(-error));
        return error;
    }
    return 0;
}

const char *store_vfs(const struct store *store)
{
    return store->vfs ? cipher_vfs_name(store->vfs) : NULL;
}

bool store_is_sealed(const struct store *store)
{
    return store->cipher != NULL;
}

static int open_database(struct store *store)
{
    g_autofree char *path = store_file(store, STORE_DATABASE);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int error;

    if (fd < 0)
        return -errno;
    close(fd);
    if ((error = sql_open(&store->writer, path, false, LIMIT_STORE_CACHE_KIB, store_vfs(store))) ||
        (error = sql_script(&store->writer, writer_pragmas)) || (error = schema_migrate(&store->writer)))
        return error;
    return sql_open(&store->reader, path, true, READER_CACHE_KIB, store_vfs(store));
}

static int load(struct store *store)
{
    g_autofree char *clock = store_get(store, "clock");
    int error;

    store->clock_ns = clock ? g_ascii_strtoll(clock, NULL, 10) : 0;
    store->next_ino = sql_number(&store->writer, -1, SQL_FILE_SEQUENCE, "") + 1;
    if (store->next_ino < 1)
        return -EIO;
    error = bodies_open(store);
    if (!error && store->next_ino == INO_ROOT)
        error = directory_make_homes(store);
    if (!error)
        error = directory_make_places(store);
    return error ? error : file_names_refresh(store);
}

static char *explain(const struct store *store, int error)
{
    if (error == -EPROTO)
        return g_strdup_printf("%s was made by a newer easfs", store->dir);
    if (error == -EIO)
        return g_strdup_printf("%s is damaged; easfs cache wipe makes room for a fresh copy", store->dir);
    return g_strdup_printf("%s: %s", store->dir, g_strerror(-error));
}

int store_open(const char *state_dir, struct store **out, char **why)
{
    return store_open_sealed(state_dir, NULL, out, why);
}

int store_open_sealed(const char *state_dir, const uint8_t *key, struct store **out, char **why)
{
    struct store *store = g_new0(struct store, 1);
    char *reason = NULL;
    int error;

    *out = NULL;
    store->dir = g_strdup(state_dir);
    store->lock_fd = -1;
    g_rec_mutex_init(&store->writing);
    g_mutex_init(&store->reading);
    changes_init(&store->txn);
    if (!(error = make_dir(store, &reason)) && !(error = take_lock(store, &reason)) &&
        !(error = seal_ready(store, key, &reason)) && !(error = open_database(store)) && !(error = load(store)))
        error = store_reclaim(store);
    if (!error) {
        *out = store;
        return 0;
    }
    if (!reason)
        reason = explain(store, error);
    if (why)
        *why = reason;
    else
        g_free(reason);
    store_close(store);
    return error;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    bodies_close(store);
    sql_close(&store->reader);
    sql_close(&store->writer);
    cipher_vfs_free(store->vfs);
    cipher_free(store->cipher);
    changes_free(&store->txn);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    g_rec_mutex_clear(&store->writing);
    g_mutex_clear(&store->reading);
    g_free(store->dir);
    g_free(store);
}

bool store_in_transaction(struct store *store)
{
    return g_atomic_pointer_get(&store->owner) == g_thread_self();
}

struct sql *store_ask(struct store *store)
{
    if (store_in_transaction(store))
        return &store->writer;
    g_mutex_lock(&store->reading);
    return &store->reader;
}

void store_asked(struct store *store, struct sql *sql)
{
    if (sql == &store->reader)
        g_mutex_unlock(&store->reading);
}

int store_fail(struct store *store, int error)
{
    if (!store->txn.error)
        store->txn.error = error;
    return error;
}

int store_begin(struct store *store)
{
    if (store_in_transaction(store))
        return -EINVAL;
    g_rec_mutex_lock(&store->writing);
    store->writer.error = 0;
    int error = sql_run(&store->writer, SQL_BEGIN, "");

    if (error) {
        g_rec_mutex_unlock(&store->writing);
        trouble_note(store, TROUBLE_ROWS, error);
        return error;
    }
    store->txn.error = 0;
    store->txn.first_ino = store->next_ino;
    store->home.id = 0;
    g_atomic_pointer_set(&store->owner, g_thread_self());
    return 0;
}

int store_begin_own(struct store *store)
{
    int error = store_begin(store);

    if (!error)
        store->txn.own = true;
    return error;
}

static int log_sync(struct store *store)
{
    sqlite3_file *log = NULL;

    if (sqlite3_file_control(store->writer.handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK || !log ||
        !log->pMethods)
        return 0;
    errno = 0;
    if (log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) == SQLITE_OK)
        return 0;
    return errno == ENOSPC || errno == EDQUOT ? -errno : -EIO;
}

/* What a disk did not take of the log it may never take, though it says so the next time; then what follows there is
 * lost with it. All of it goes into the database, and the log begins anew. */
static int log_renew(struct store *store)
{
    int code = sqlite3_wal_checkpoint_v2(store->writer.handle, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    return code == SQLITE_OK ? 0 : code == SQLITE_FULL ? -ENOSPC : -EIO;
}

/* A commit in NORMAL mode is written to the log and not synced; synced is what this adds. */
int store_durable(struct store *store)
{
    int error = store_bodies_flush(store);

    if (error)
        return error;
    g_rec_mutex_lock(&store->writing);
    error = store->log_lost ? log_renew(store) : log_sync(store);
    store->log_lost = error != 0;
    g_rec_mutex_unlock(&store->writing);
    trouble_note(store, TROUBLE_SYNC, error);
    return error;
}

static void leave(struct store *store)
{
    changes_clear(&store->txn);
    g_atomic_pointer_set(&store->owner, NULL);
    g_rec_mutex_unlock(&store->writing);
}

int store_commit(struct store *store)
{
    int error;

    if (!store_in_transaction(store))
        return -EINVAL;
    if ((error = store->txn.error) || (error = store->writer.error) || (error = doubles_apply(store)) ||
        (error = bodies_apply(store)) || (error = changes_apply(store)) ||
        (error = sql_run(&store->writer, SQL_COMMIT, ""))) {
        store_rollback(store);
        return error;
    }
    bodies_committed(store);
    struct change_list *list = changes_steal(store);
    GPtrArray *reasons = reasons_steal(store);
    store_listener listener = store->listener;
    void *ctx = store->listener_ctx;
    void (*journal_listener)(void *) = store->txn.journaled ? store->journal_listener : NULL;
    void *journal_ctx = store->journal_ctx;

    leave(store);
    trouble_note(store, TROUBLE_ROWS, 0);
    changes_deliver(list, listener, ctx);
    reasons_deliver(store, reasons);
    if (journal_listener)
        journal_listener(journal_ctx);
    return 0;
}

void store_rollback(struct store *store)
{
    if (!store_in_transaction(store))
        return;
    /* SQLite may have rolled back by itself, for instance on a full disk. */
    if (!sqlite3_get_autocommit(store->writer.handle))
        sql_run(&store->writer, SQL_ROLLBACK, "");
    int error = store->writer.error;

    leave(store);
    if (error)
        trouble_note(store, TROUBLE_ROWS, error);
}

void store_listen(struct store *store, store_listener listener, void *ctx)
{
    g_rec_mutex_lock(&store->writing);
    store->listener = listener;
    store->listener_ctx = ctx;
    g_rec_mutex_unlock(&store->writing);
}
