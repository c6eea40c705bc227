/* The store, killed at every system call that changes a file, and with a disk that fills up at every one. A child
 * works through a list of transactions; this program replaces the calls by which the store and SQLite reach the disk,
 * and one of them, each third in turn, is the last (CRASH_STRIDE=1: each). Catches: a commit that is not whole or not
 * kept, bytes without a row or a row without bytes, an inode given twice, a store that does not open again or cannot go
 * on. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_fixture.h"

/* What happens at the chosen call: death before it, death with half of its bytes written, or a disk that is full from
 * there on. */
enum fate { FATE_NONE, FATE_DIE, FATE_TEAR, FATE_FULL };

static enum fate fate;
static long calls, fatal_call;
static GArray *writes; /* which calls write bytes, while that is recorded */

/* Whether the present call is the chosen one, or after it. */
static bool is_due(void)
{
    return ++calls >= fatal_call && fate != FATE_NONE;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    if (!is_due()) {
        if (writes)
            g_array_append_val(writes, calls);
        return syscall(SYS_pwrite64, fd, bytes, size, offset);
    }
    if (fate == FATE_FULL) {
        errno = ENOSPC;
        return -1;
    }
    if (fate == FATE_TEAR)
        syscall(SYS_pwrite64, fd, bytes, size / 2, offset);
    die();
    return -1;
}

int ftruncate(int fd, off_t length)
{
    if (is_due() && fate != FATE_FULL)
        die();
    return (int)syscall(SYS_ftruncate, fd, length);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
    if (is_due() && fate != FATE_FULL)
        die();
    return (int)syscall(SYS_fallocate, fd, mode, offset, length);
}

int unlink(const char *path)
{
    if (is_due() && fate != FATE_FULL)
        die();
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

/* A killed process leaves its writes with the kernel, so there is nothing to wait for. */
int fdatasync(int fd)
{
    (void)fd;
    if (is_due() && fate != FATE_FULL)
        die();
    return 0;
}

int fsync(int fd)
{
    return fdatasync(fd);
}

/* ---- the work: each step is one transaction, and may be run by another process than the one before ---- */

static int64_t collection_id(struct store *store, const char *server_id)
{
    g_autoptr(GArray) collections = store_collections(store);

    for (guint i = 0; i < collections->len; i++) {
        const struct collection *collection = &g_array_index(collections, struct collection, i);

        if (!strcmp(collection->server_id, server_id))
            return collection->id;
    }
    return 0;
}

static int put_collection(struct store *store, const char *server_id, const char *name, int type)
{
    struct collection collection = {.id = collection_id(store, server_id),
                                    .server_id = (char *)server_id,
                                    .parent_id = (char *)"0",
                                    .name = (char *)name,
                                    .type = type,
                                    .class = eas_folder_class(type),
                                    .sync_key = (char *)"0",
                                    .selected = true};

    return store_collection_put(store, &collection);
}

static int put_item(struct store *store, const char *folder, const char *server_id, const char *text, size_t times)
{
    int64_t collection = collection_id(store, folder);
    struct body_writer *writer = store_body_begin(store);
    struct item item = {0};
    int error = 0;

    if (store_item_find(store, collection, server_id, &item))
        item = (struct item){.collection_id = collection,
                             .server_id = g_strdup(server_id),
                             .uid = g_strdup(server_id),
                             .title = g_strdup("same"),
                             .date_ns = DAY_NS};
    for (size_t i = 0; i < times && !error; i++)
        error = store_body_append(writer, text, strlen(text));
    if (error)
        store_body_abort(writer);
    else if (!(error = store_body_finish(writer, store, &item.body)))
        error = store_item_put(store, &item);
    item_clear(&item);
    return error;
}

static int set_key(struct store *store, const char *folder, const char *key)
{
    struct collection state = {.id = collection_id(store, folder), .sync_key = (char *)key, .filter = -1};

    return store_collection_state(store, &state);
}

static int make_folders(struct store *store)
{
    int error = put_collection(store, "1", "Inbox", EAS_FOLDER_INBOX);

    return error ? error : put_collection(store, "3", "Calendar", TYPE_DEFAULT_CALENDAR);
}

static int first_window(struct store *store)
{
    int error = 0;

    for (int i = 9; i > 0 && !error; i--) {
        g_autofree char *id = g_strdup_printf("1:%d", i);

        error = put_item(store, "1", id, id, 500);
    }
    return error ? error : set_key(store, "1", "k1");
}

static int events(struct store *store)
{
    int error = put_item(store, "3", "3:1", "event", 1);

    if (!error)
        error = put_item(store, "3", "3:2", "other", 3);
    return error ? error : set_key(store, "3", "c1");
}

static int change_event(struct store *store)
{
    return put_item(store, "3", "3:1", "event, moved", 2);
}

static int large_body(struct store *store)
{
    return put_item(store, "1", "1:10", "0123456789abcdef", 20000);
}

static int remove_some(struct store *store)
{
    int error = 0;

    for (int i = 2; i < 6 && !error; i++) {
        g_autofree char *id = g_strdup_printf("1:%d", i);
        struct item item;

        if (!(error = store_item_find(store, collection_id(store, "1"), id, &item)))
            error = store_item_remove(store, item.id);
        item_clear(&item);
    }
    return error ? error : set_key(store, "1", "k2");
}

static int rename_folder(struct store *store)
{
    return put_collection(store, "1", "Eingang", EAS_FOLDER_INBOX);
}

static int read_anew(struct store *store)
{
    int64_t inbox = collection_id(store, "1");
    int error = store_resync_begin(store, inbox);

    if (!error)
        error = put_item(store, "1", "1:1", "1:1", 500);
    if (!error)
        error = put_item(store, "1", "1:7", "changed", 300);
    if (!error)
        error = put_item(store, "1", "1:11", "new", 300);
    return error ? error : store_resync_end(store, inbox);
}

static int (*const steps[])(struct store *store) = {
    make_folders, first_window, events, change_event, large_body, remove_some, rename_folder, read_anew,
};

enum { STEPS = G_N_ELEMENTS(steps), REOPEN_AFTER = 5 };

static int run_step(struct store *store, int number)
{
    int error = store_begin(store);

    if (error)
        return error;
    if ((error = steps[number](store)) || (error = store_bodies_flush(store))) {
        store_rollback(store);
        return error;
    }
    if ((error = store_commit(store)))
        return error;
    return store_reclaim(store);
}

/* Runs the steps from first on, with a start anew in between; tells after each commit. */
static int run_steps(const char *dir, int first, int tell)
{
    struct store *store;
    int error = store_open(dir, &store, NULL);

    for (int number = first; number < STEPS && !error; number++) {
        error = run_step(store, number);
        if (!error && tell >= 0)
            error = write(tell, "x", 1) == 1 ? 0 : -EIO;
        if (!error && number == REOPEN_AFTER) {
            store_close(store);
            error = store_open(dir, &store, NULL);
        }
    }
    store_close(store);
    return error;
}

/* ---- what the store holds, as text ---- */

struct digest {
    struct view *view;
    GString *text;
    GArray *dirs;
};

static bool digest_entry(void *ctx, const char *name, const struct view_attr *attr, uint64_t next)
{
    struct digest *digest = ctx;

    (void)next;
    g_string_append_printf(digest->text, "%d/%s %d", (int)attr->parent, name, (int)attr->ino);
    if (attr->directory) {
        g_array_append_val(digest->dirs, attr->ino);
    } else {
        g_autofree char *bytes = g_malloc(attr->size + 1);
        ssize_t got = view_read(digest->view, attr->ino, bytes, attr->size + 1, 0);
        g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_MD5, bytes, MAX(got, 0));

        assert_int_equal(got, attr->size);

        g_string_append_printf(digest->text, " %d %s", (int)attr->size, sum);
    }
    g_string_append_c(digest->text, '\n');
    return true;
}

static char *digest_store(struct store *store)
{
    g_autoptr(GArray) collections = store_collections(store);
    struct digest digest = {view_new(store), g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(uint64_t))};
    uint64_t root = VIEW_ROOT;

    g_array_append_val(digest.dirs, root);
    for (guint i = 0; i < digest.dirs->len; i++)
        assert_int_equal(view_list(digest.view, g_array_index(digest.dirs, uint64_t, i), 0, digest_entry, &digest), 0);
    for (guint i = 0; i < collections->len; i++) {
        const struct collection *c = &g_array_index(collections, struct collection, i);

        g_string_append_printf(digest.text, "%s %s %d\n", c->server_id, c->sync_key, (int)c->items);
    }
    view_free(digest.view);
    g_array_unref(digest.dirs);
    return g_string_free(digest.text, FALSE);
}

static char *digest_dir(const char *dir)
{
    struct store *store;

    assert_int_equal(store_open(dir, &store, NULL), 0);
    char *text = digest_store(store);

    assert_sound(store);
    store_close(store);
    return text;
}

/* ---- the trials ---- */

static char *expected[STEPS + 1]; /* before each step, and after the last */
static GArray *all_writes;
static long all_calls;

/* In memory where the system has that: nothing here outlives a process that is killed. */
static char *new_dir(void)
{
    char *dir = g_mkdtemp(g_strdup("/dev/shm/easfs-crash-XXXXXX"));

    return dir ? dir : g_dir_make_tmp("easfs-crash-XXXXXX", NULL);
}

static void remove_dir(char *dir)
{
    nftw(dir, fixture_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    g_free(dir);
}

static int record_what_should_be(void **state)
{
    char *dir = new_dir();
    struct store *store;

    (void)state;
    expected[0] = digest_dir(dir);
    for (int number = 0; number < STEPS; number++) {
        assert_int_equal(store_open(dir, &store, NULL), 0);
        assert_int_equal(run_step(store, number), 0);
        store_close(store);
        expected[number + 1] = digest_dir(dir);
        assert_string_not_equal(expected[number + 1], expected[number]);
    }
    remove_dir(dir);
    dir = new_dir();
    calls = 0;
    writes = all_writes = g_array_new(FALSE, FALSE, sizeof(long));
    assert_int_equal(run_steps(dir, 0, -1), 0);
    all_calls = calls;
    writes = NULL;
    remove_dir(dir);
    return 0;
}

static int forget_what_should_be(void **state)
{
    (void)state;
    for (int i = 0; i <= STEPS; i++)
        g_free(expected[i]);
    g_array_unref(all_writes);
    return 0;
}

/* Runs the steps in a child that meets its fate at a call; gives how many it said it had committed and how it ended. */
static int run_child(const char *dir, enum fate chosen, long call, int *status)
{
    int tell[2], committed = 0;
    char byte;

    assert_int_equal(pipe(tell), 0);
    pid_t child = fork();

    if (!child) {
        close(tell[0]);
        calls = 0;
        fatal_call = call;
        fate = chosen;
        _exit(run_steps(dir, 0, tell[1]) == -ENOSPC ? 1 : 0);
    }
    close(tell[1]);
    while (read(tell[0], &byte, 1) == 1)
        committed++;
    close(tell[0]);
    assert_int_equal(waitpid(child, status, 0), child);
    return committed;
}

static void try(enum fate chosen, long call)
{
    char *dir = new_dir();
    int status, committed = run_child(dir, chosen, call, &status);
    g_autofree char *found = digest_dir(dir);
    /* The last commit may have come through although nobody could say so any more. */
    int reached = committed < STEPS && !strcmp(found, expected[committed + 1]) ? committed + 1 : committed;

    if (strcmp(found, expected[reached]) != 0)
        fail_msg("fate %d at call %ld of %ld, after %d commits: found\n%s\ninstead of\n%s", chosen, call, all_calls,
                 committed, found, expected[reached]);
    if (chosen == FATE_FULL)
        assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 1 || committed == STEPS));
    assert_int_equal(run_steps(dir, reached, -1), 0);
    g_autofree char *end = digest_dir(dir);

    assert_string_equal(end, expected[STEPS]);
    remove_dir(dir);
}

static long stride(void)
{
    const char *text = g_getenv("CRASH_STRIDE");

    return text ? MAX(1, strtol(text, NULL, 10)) : 3;
}

/* Half of a write is as much as a kill can leave of it; other calls happen or do not. */
static void killed_at_any_call(void **state)
{
    guint next = 0;

    (void)state;
    assert_true(all_writes->len > 100);
    for (long call = 1; call <= all_calls; call++) {
        bool writes_bytes = next < all_writes->len && g_array_index(all_writes, long, next) == call;

        next += writes_bytes;
        if (call % stride() == 0)
            try(writes_bytes ? FATE_TEAR : FATE_DIE, call);
    }
}

static void the_disk_is_full_from_any_write_on(void **state)
{
    (void)state;
    for (guint i = 0; i < all_writes->len; i += 3 * (guint)stride())
        try(FATE_FULL, g_array_index(all_writes, long, i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_any_call),
        cmocka_unit_test(the_disk_is_full_from_any_write_on),
    };
    return cmocka_run_group_tests(tests, record_what_should_be, forget_what_should_be);
}
