/* The store as a whole: opening, settings, transactions, care. Catches: a store that two may open, or others read; a
 * commit told before it is one; a rollback that leaves something; damage that is not found or named; a reader that
 * waits for the writer or loses its bytes to it. */
#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_fixture.h"

static void a_new_store_has_the_class_directories(void **state)
{
    struct fixture *f = *state;

    assert_listing(f->view, VIEW_ROOT, "Mail|Calendar|Contacts|Tasks|Notes|Outbox|Global Address List|Search");
    assert_int_equal(attr_of(f->view, VIEW_ROOT).nlink, 10);
    assert_int_equal(attr_of(f->view, VIEW_ROOT).parent, VIEW_ROOT);
    assert_sound(f->store);
}

static void a_second_open_is_busy(void **state)
{
    struct fixture *f = *state;
    struct store *second;
    g_autofree char *why = NULL, *pid = g_strdup_printf("process %d", (int)getpid());

    assert_int_equal(store_open(f->dir, &second, &why), -EBUSY);
    assert_null(second);
    assert_non_null(strstr(why, pid));
    assert_int_equal(store_wipe(f->dir), -EBUSY);
}

static void settings_are_kept(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(store_set(f->store, "device-id", "abc"), 0);
    assert_int_equal(store_set(f->store, "url", "x"), 0);
    assert_int_equal(store_set(f->store, "url", NULL), 0);
    fixture_reopen(f);
    g_autofree char *id = store_get(f->store, "device-id"), *url = store_get(f->store, "url");

    assert_string_equal(id, "abc");
    assert_null(url);
}

static void a_rollback_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    struct item item = {.collection_id = inbox, .server_id = (char *)"1:1", .title = (char *)"a"};

    assert_int_equal(store_begin(f->store), 0);
    put(f->store, &item, "bytes");
    assert_int_equal(store_set(f->store, "x", "y"), 0);
    store_rollback(f->store);
    g_autoptr(GArray) collections = store_collections(f->store);

    assert_int_equal(g_array_index(collections, struct collection, 0).items, 0);
    assert_null(store_get(f->store, "x"));
    assert_sound(f->store);
    put_mail(f, inbox, "1:2", "b", DAY_NS, "later");
    fixture_reopen(f);
    assert_sound(f->store);
}

static void hear(void *ctx, const struct change *changes, size_t count)
{
    g_array_append_vals(ctx, changes, (guint)count);
}

static void the_listener_hears_after_the_commit(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GArray) heard = g_array_new(FALSE, FALSE, sizeof(struct change));
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    struct item item = {.collection_id = inbox, .server_id = (char *)"1:1", .title = (char *)"a", .date_ns = DAY_NS};

    store_listen(f->store, hear, heard);
    assert_int_equal(store_begin(f->store), 0);
    put(f->store, &item, "one");
    assert_int_equal(heard->len, 0);
    assert_int_equal(store_commit(f->store), 0);
    assert_int_equal(heard->len, 1);
    const struct change *change = &g_array_index(heard, struct change, 0);

    assert_int_equal(change->kind, CHANGE_CREATE);
    assert_int_equal(change->ino, item.ino);
    assert_string_equal(change->name, "1970-01-02 00.00.00 a.eml");
    assert_int_equal(store_begin(f->store), 0);
    item.flags.flag = 2;
    put(f->store, &item, NULL);
    assert_int_equal(store_item_remove(f->store, item.id), 0);
    store_rollback(f->store);
    assert_int_equal(heard->len, 1);
}

static void run_sql(const char *dir, const char *text)
{
    g_autofree char *path = g_build_filename(dir, "store.db", NULL);
    sqlite3 *handle;

    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
}

static void a_newer_store_is_left_alone(void **state)
{
    struct fixture *f = *state;
    g_autofree char *why = NULL;

    fixture_close(f);
    run_sql(f->dir, "PRAGMA user_version = 9999");
    assert_int_equal(store_open(f->dir, &f->store, &why), -EPROTO);
    assert_non_null(strstr(why, "newer"));
    assert_int_equal(store_wipe(f->dir), 0);
    fixture_open(f);
}

static void a_damaged_store_is_named(void **state)
{
    struct fixture *f = *state;
    g_autofree char *why = NULL, *path = g_build_filename(f->dir, "store.db", NULL);

    fixture_close(f);
    assert_true(g_file_set_contents(path, "this is no database, whatever it is called", -1, NULL));
    assert_int_equal(store_open(f->dir, &f->store, &why), -EIO);
    assert_non_null(strstr(why, "damaged"));
    assert_int_equal(store_wipe(f->dir), 0);
    fixture_open(f);
}

static void report_nothing(void *ctx, const char *finding)
{
    (void)ctx;
    (void)finding;
}

static void verify_finds_what_does_not_agree(void **state)
{
    static const char *const faults[] = {
        "UPDATE collection SET items = items + 1",
        "UPDATE collection SET unread = 7",
        "UPDATE collection SET missing = 7",
        "UPDATE file SET parent = 999 WHERE kind = 1",
        "UPDATE file SET fold = 1 WHERE kind = 1",
        "UPDATE file SET size = size + 1 WHERE kind = 1",
        "UPDATE file SET item = 999 WHERE kind = 1",
        "DELETE FROM body",
        "DELETE FROM item",
        "UPDATE body SET offset = offset + 1",
        "UPDATE pack SET live = 0",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        put_mail(f, put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX), "1:1", "a", DAY_NS, "bytes");
        assert_sound(f->store);
        fixture_close(f);
        run_sql(f->dir, faults[i]);
        fixture_open(f);
        if (store_verify(f->store, report_nothing, NULL) < 1)
            fail_msg("not found: %s", faults[i]);
        fixture_close(f);
        assert_int_equal(store_wipe(f->dir), 0);
        fixture_open(f);
    }
}

static void a_store_is_for_its_owner_alone(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"store.db", "store.db-wal", "lock", "bodies"};
    struct stat status;

    put_mail(f, put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX), "1:1", "a", DAY_NS, "bytes");
    assert_int_equal(stat(f->dir, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(f->dir, names[i], NULL);

        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 077, 0);
    }
}

static gpointer keep_reading(gpointer data)
{
    struct fixture *f = data;
    struct view *view = view_new(f->store);
    struct view_attr attr;

    for (int i = 0; i < 3000; i++) {
        struct view_bytes bytes;
        uint64_t ino = 7 + (uint64_t)i % 40;

        if (!view_getattr(view, ino, &attr) && !attr.directory && !view_open(view, ino, &bytes)) {
            char byte[8] = "";

            /* A held body never turns into a hole. */
            if (pread(bytes.fd, byte, 5, bytes.offset) != 5 || memcmp(byte, "bytes", 5) != 0)
                return GINT_TO_POINTER(1);
            view_release(view, &bytes);
        }
    }
    view_free(view);
    return NULL;
}

static void readers_run_beside_the_writer(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    GThread *readers[2];

    for (int r = 0; r < 2; r++)
        readers[r] = g_thread_new("reader", keep_reading, f);
    for (int i = 0; i < 60; i++) {
        g_autofree char *id = g_strdup_printf("1:%d", i);
        struct item item;

        put_mail(f, inbox, id, id, DAY_NS, "bytes");
        g_autoptr(GArray) collections = store_collections(f->store);

        assert_int_equal(g_array_index(collections, struct collection, 0).items, 1 + i % 2);
        if (i % 2 == 0)
            continue;
        for (int k = i - 1; k <= i; k++) {
            g_autofree char *gone = g_strdup_printf("1:%d", k);

            assert_int_equal(store_begin(f->store), 0);
            assert_int_equal(store_item_find(f->store, inbox, gone, &item), 0);
            assert_int_equal(store_item_remove(f->store, item.id), 0);
            assert_int_equal(store_commit(f->store), 0);
            item_clear(&item);
        }
        assert_int_equal(store_reclaim(f->store), 0);
    }
    for (int r = 0; r < 2; r++)
        assert_null(g_thread_join(readers[r]));
    assert_sound(f->store);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_new_store_has_the_class_directories),
        CASE(a_second_open_is_busy),
        CASE(settings_are_kept),
        CASE(a_rollback_leaves_nothing),
        CASE(the_listener_hears_after_the_commit),
        CASE(a_newer_store_is_left_alone),
        CASE(a_damaged_store_is_named),
        CASE(verify_finds_what_does_not_agree),
        CASE(a_store_is_for_its_owner_alone),
        CASE(readers_run_beside_the_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
