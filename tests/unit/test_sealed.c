/* A store encrypted at rest. Catches: a word of any message, name or edit that stands readable in a file of the store;
 * a page or body that does not read back, in pieces and after a restart and a kill; a wrong or missing key taken for
 * damage; a body whose bytes were changed on the disk and not found out. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache/store/journal.h"
#include "codec/limits.h"
#include "store_fixture.h"

static const uint8_t key[] = "0123456789abcdef0123456789abcde", other[] = "another key of thirty-two bytes";
#define SECRET "Zanzibar"

static void seal_open(struct fixture *f)
{
    g_autofree char *why = NULL;
    int error = store_open_sealed(f->dir, key, &f->store, &why);

    if (error)
        fail_msg("%s", why);
    f->view = view_new(f->store);
    assert_non_null(f->view);
}

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);

    f->dir = g_dir_make_tmp("easfs-sealed-XXXXXX", NULL);
    seal_open(f);
    *state = f;
    return 0;
}

static const char *sought;
static int files_seen;

static int look(const char *path, const struct stat *status, int type, struct FTW *at)
{
    g_autofree char *bytes = NULL;
    gsize size = 0;

    (void)status, (void)at;
    if (type != FTW_F)
        return 0;
    files_seen++;
    assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    if (memmem(bytes, size, sought, strlen(sought)))
        fail_msg("%s stands in %s", sought, path);
    return 0;
}

static void assert_nowhere(struct fixture *f, const char *text)
{
    sought = text;
    files_seen = 0;
    nftw(f->dir, look, 16, FTW_PHYS);
    assert_true(files_seen >= 4);
}

static void nothing_of_it_is_readable(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Folder " SECRET, EAS_FOLDER_INBOX);
    int64_t ino = put_mail(f, inbox, "1:1", "Ann - " SECRET, DAY_NS, "Subject: " SECRET "\r\n\r\n" SECRET);
    struct journal row = {.kind = JOURNAL_SEND,
                          .state = JOURNAL_HELD,
                          .error = (char *)SECRET,
                          .data = g_bytes_new_static(SECRET, strlen(SECRET)),
                          .wanted = {-1, -1, -1, -1, NULL}};

    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(journal_put(f->store, &row), 0);
    assert_int_equal(store_commit(f->store), 0);
    g_bytes_unref(row.data);
    assert_int_equal(store_durable(f->store), 0);
    assert_nowhere(f, SECRET);
    assert_bytes(f->view, (uint64_t)ino, "Subject: " SECRET "\r\n\r\n" SECRET);
    fixture_close(f); /* the log goes into the database */
    assert_nowhere(f, SECRET);
    seal_open(f);
    assert_bytes(f->view, (uint64_t)ino, "Subject: " SECRET "\r\n\r\n" SECRET);
    assert_path(f, (uint64_t)ino, "Mail/Folder " SECRET "/1970-01-02 00.00.00 Ann - " SECRET ".eml");
    assert_sound(f->store);
}

/* Odd offsets and lengths, across the writer's buffer and cipher blocks. */
static void a_body_reads_in_any_pieces(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    size_t size = 3 * LIMIT_PACK_BUFFER + 12345;
    g_autofree char *whole = g_malloc(size + 1), *piece = g_malloc(size);

    for (size_t i = 0; i < size; i++)
        whole[i] = (char)('a' + (i * 7 + i / 251) % 26);
    whole[size] = '\0';
    uint64_t ino = (uint64_t)put_mail(f, inbox, "1:1", "Ann - long", DAY_NS, whole);

    for (size_t offset = 0; offset < size; offset += 9973) {
        size_t wanted = MIN(size - offset, offset % 4099 + 1);

        assert_int_equal(view_read(f->view, ino, piece, wanted, (int64_t)offset), wanted);
        assert_memory_equal(piece, whole + offset, wanted);
    }
    assert_int_equal(view_read(f->view, ino, piece, size, 0), size);
    assert_memory_equal(piece, whole, size);
    assert_sound(f->store);
}

static void a_missing_and_a_wrong_key_are_named(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    char *why = NULL;

    fixture_close(f);
    assert_int_equal(store_open(f->dir, &store, &why), -ENOKEY);
    assert_non_null(strstr(why, "the key is not there"));
    g_clear_pointer(&why, g_free);
    assert_int_equal(store_open_sealed(f->dir, other, &store, &why), -EKEYREJECTED);
    g_clear_pointer(&why, g_free);
    seal_open(f);
}

static void one_begun_without_stays_without(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    char *why = NULL;

    fixture_close(f);
    assert_int_equal(store_wipe(f->dir), 0);
    assert_int_equal(store_open(f->dir, &store, &why), 0);
    store_close(store);
    assert_int_equal(store_open_sealed(f->dir, key, &store, &why), -EEXIST);
    g_free(why);
    assert_int_equal(store_wipe(f->dir), 0);
    seal_open(f);
}

/* Killed with the log full: the next start reads it. */
static void the_log_is_read_after_a_kill(void **state)
{
    struct fixture *f = *state;
    pid_t child;
    int status;

    fixture_close(f);
    child = fork();
    if (child == 0) {
        seal_open(f);
        int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);

        for (int i = 0; i < 50; i++) {
            g_autofree char *id = g_strdup_printf("1:%d", i);

            put_mail(f, inbox, id, "Ann - " SECRET, DAY_NS * i, "bytes");
        }
        store_durable(f->store);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_nowhere(f, SECRET);
    seal_open(f);
    g_autoptr(GArray) collections = store_collections(f->store);

    assert_int_equal(collections->len, 1);
    assert_int_equal(g_array_index(collections, struct collection, 0).items, 50);
    assert_sound(f->store);
}

static void count_finding(void *ctx, const char *finding)
{
    (void)finding;
    ++*(int *)ctx;
}

static void a_changed_byte_is_found(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    g_autofree char *pack = g_build_filename(f->dir, "bodies", "000001.pack", NULL);
    int findings = 0, fd = open(pack, O_RDWR);
    char byte;

    assert_true(fd < 0); /* no body yet */
    put_mail(f, inbox, "1:1", "Ann - a", DAY_NS, "sealed bytes");
    fd = open(pack, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, 3), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, 3), 1);
    close(fd);
    assert_true(store_verify(f->store, count_finding, &findings) > 0);
    assert_int_equal(findings, 1);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(nothing_of_it_is_readable),       T(a_body_reads_in_any_pieces),   T(a_missing_and_a_wrong_key_are_named),
        T(one_begun_without_stays_without), T(the_log_is_read_after_a_kill), T(a_changed_byte_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
