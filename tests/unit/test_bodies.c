/* Bodies in packs. Catches: writers that write over one another, bytes that are not what was appended,
 * room given back under a reader or never, a pack that a crash or a power cut left longer or shorter than the database
 * says. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/limits.h"
#include "store_fixture.h"

static int64_t new_inbox(struct fixture *f)
{
    return put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
}

static char *pack_name(const struct fixture *f, int number)
{
    return g_strdup_printf("%s/bodies/%06d.pack", f->dir, number);
}

static int64_t pack_bytes(const struct fixture *f, int number)
{
    g_autofree char *path = pack_name(f, number);
    struct stat status;

    return stat(path, &status) ? -1 : status.st_size;
}

static int64_t pack_room(const struct fixture *f, int number)
{
    g_autofree char *path = pack_name(f, number);
    struct stat status;

    return stat(path, &status) ? -1 : status.st_blocks * (int64_t)512;
}

/* Bytes that differ at every place and in every body. */
static char *pattern(unsigned seed, size_t length)
{
    char *bytes = g_malloc(length);

    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)((i + seed) * 2654435761u >> 13);
    return bytes;
}

static int64_t put_bytes(struct fixture *f, int64_t collection, const char *server_id, int64_t body)
{
    struct item item = {.collection_id = collection, .server_id = (char *)server_id, .body = body, .date_ns = DAY_NS};

    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_item_put(f->store, &item), 0);
    assert_int_equal(store_commit(f->store), 0);
    return item.ino;
}

static void assert_pattern(struct view *view, int64_t ino, unsigned seed, size_t length)
{
    g_autofree char *expected = pattern(seed, length), *got = g_malloc(length + 1);

    assert_int_equal(view_read(view, (uint64_t)ino, got, length + 1, 0), length);
    assert_memory_equal(got, expected, length);
}

static void sizes_around_the_buffer_read_back(void **state)
{
    struct fixture *f = *state;
    static const size_t sizes[] = {
        0, 1, LIMIT_PACK_BUFFER - 1, LIMIT_PACK_BUFFER, LIMIT_PACK_BUFFER + 1, 3 * LIMIT_PACK_BUFFER + 7};
    int64_t inbox = new_inbox(f), inos[G_N_ELEMENTS(sizes)];

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *bytes = pattern(i, sizes[i]), *id = g_strdup_printf("1:%u", i);
        struct body_writer *writer = store_body_begin(f->store);
        int64_t body;

        /* In uneven pieces, as they come from the network. */
        for (size_t at = 0, piece = 1; at < sizes[i]; at += piece, piece = piece * 3 + 1)
            assert_int_equal(store_body_append(writer, bytes + at, MIN(piece, sizes[i] - at)), 0);
        assert_int_equal(store_body_size(writer), sizes[i]);
        assert_int_equal(store_body_finish(writer, f->store, &body), 0);
        inos[i] = put_bytes(f, inbox, id, body);
    }
    assert_sound(f->store);
    fixture_reopen(f);
    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        assert_pattern(f->view, inos[i], i, sizes[i]);
        assert_int_equal(attr_of(f->view, (uint64_t)inos[i]).size, sizes[i]);
        assert_true(attr_of(f->view, (uint64_t)inos[i]).local);
    }
}

static void a_read_stays_within_its_body(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = new_inbox(f), first = put_mail(f, inbox, "1:1", "a", DAY_NS, "0123456789");
    char buffer[32];

    put_mail(f, inbox, "1:2", "b", DAY_NS, "abcdef");
    assert_int_equal(view_read(f->view, (uint64_t)first, buffer, sizeof buffer, 4), 6);
    assert_memory_equal(buffer, "456789", 6);
    assert_int_equal(view_read(f->view, (uint64_t)first, buffer, sizeof buffer, 10), 0);
    assert_int_equal(view_read(f->view, (uint64_t)first, buffer, sizeof buffer, INT64_MAX), 0);
    assert_int_equal(view_read(f->view, (uint64_t)first, buffer, sizeof buffer, -1), 0);
}

static void writers_at_once_do_not_mix(void **state)
{
    struct fixture *f = *state;
    enum { WRITERS = 3, ROUNDS = 40, PIECE = 10000 };
    struct body_writer *writers[WRITERS];
    int64_t inbox = new_inbox(f), body;

    for (int w = 0; w < WRITERS; w++)
        writers[w] = store_body_begin(f->store);
    for (int round = 0; round < ROUNDS; round++) {
        for (unsigned w = 0; w < WRITERS; w++) {
            g_autofree char *bytes = pattern(w * 1000, ROUNDS * PIECE);

            assert_int_equal(store_body_append(writers[w], bytes + (size_t)round * PIECE, PIECE), 0);
        }
    }
    for (unsigned w = 0; w < WRITERS; w++) {
        g_autofree char *id = g_strdup_printf("1:%u", w);

        assert_int_equal(store_body_finish(writers[w], f->store, &body), 0);
        assert_pattern(f->view, put_bytes(f, inbox, id, body), w * 1000, ROUNDS * PIECE);
    }
    assert_sound(f->store);
}

static gpointer write_many(gpointer data)
{
    struct fixture *f = data;
    g_autofree char *bytes = pattern(5, 50000);

    for (int i = 0; i < 100; i++) {
        struct body_writer *writer = store_body_begin(f->store);
        int64_t body;

        store_body_append(writer, bytes, 50000);
        if (i % 3)
            store_body_finish(writer, f->store, &body);
        else
            store_body_abort(writer);
    }
    return NULL;
}

static void threads_write_beside_a_transaction(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = new_inbox(f), inos[50];
    GThread *threads[2];

    for (int t = 0; t < 2; t++)
        threads[t] = g_thread_new("writer", write_many, f);
    for (int i = 0; i < 50; i++) {
        g_autofree char *id = g_strdup_printf("1:%d", i);

        inos[i] = put_mail(f, inbox, id, "x", DAY_NS, id);
    }
    for (int t = 0; t < 2; t++)
        g_thread_join(threads[t]);
    for (int i = 0; i < 50; i++) {
        g_autofree char *id = g_strdup_printf("1:%d", i);

        assert_bytes(f->view, (uint64_t)inos[i], id);
    }
    fixture_reopen(f);
    assert_sound(f->store);
}

static void an_aborted_body_leaves_no_room_behind(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = new_inbox(f);
    g_autofree char *bytes = pattern(1, 1 << 20);
    struct body_writer *writer = store_body_begin(f->store);

    assert_int_equal(store_body_append(writer, bytes, 1 << 20), 0);
    store_body_abort(writer);
    assert_int_equal(pack_bytes(f, 1), 0);
    put_mail(f, inbox, "1:1", "a", DAY_NS, "after");
    assert_int_equal(pack_bytes(f, 1), 5);
    assert_sound(f->store);
}

static int64_t write_pattern(struct fixture *f, unsigned seed, size_t length)
{
    g_autofree char *bytes = pattern(seed, length);
    struct body_writer *writer = store_body_begin(f->store);
    int64_t body;

    assert_int_equal(store_body_append(writer, bytes, length), 0);
    assert_int_equal(store_body_finish(writer, f->store, &body), 0);
    return body;
}

/* As after a commit that failed, in whatever order: the tail of the pack is where it was. */
static void bodies_that_are_undone_leave_no_room_behind(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = new_inbox(f), before, bodies[4];

    put_bytes(f, inbox, "1", write_pattern(f, 1, 1000));
    before = pack_bytes(f, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(bodies); i++)
        bodies[i] = write_pattern(f, i, 500000);
    assert_int_equal(pack_bytes(f, 1), before + 4 * 500000);
    store_body_undo(f->store, bodies[1]);
    store_body_undo(f->store, bodies[0]);
    assert_int_equal(pack_bytes(f, 1), before + 4 * 500000);
    store_body_undo(f->store, bodies[3]);
    assert_int_equal(pack_bytes(f, 1), before + 3 * 500000);
    store_body_undo(f->store, bodies[2]);
    assert_int_equal(pack_bytes(f, 1), before);
    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_body_drop(f->store, bodies[2]), -EINVAL);
    store_rollback(f->store);
    put_bytes(f, inbox, "2", write_pattern(f, 2, 10));
    assert_int_equal(pack_bytes(f, 1), before + 10);
}

static void a_body_that_is_none_is_refused(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = new_inbox(f);
    struct item item = {.collection_id = inbox, .server_id = (char *)"1:1", .body = 12345};

    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_item_put(f->store, &item), -EINVAL);
    assert_int_equal(store_commit(f->store), -EINVAL);
    assert_sound(f->store);
}

/* After a rollback the body can be put again; unused, it is no leak. */
static void a_body_outlives_a_rollback(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = new_inbox(f), body = write_body(f->store, "again");
    struct item item = {.collection_id = inbox, .server_id = (char *)"1:1", .body = body, .date_ns = DAY_NS};

    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_item_put(f->store, &item), 0);
    store_rollback(f->store);
    assert_bytes(f->view, (uint64_t)put_bytes(f, inbox, "1:1", body), "again");
    assert_sound(f->store);
}

static void remove_item(struct fixture *f, int64_t collection, const char *server_id)
{
    struct item item;

    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_item_find(f->store, collection, server_id, &item), 0);
    assert_int_equal(store_item_remove(f->store, item.id), 0);
    assert_int_equal(store_commit(f->store), 0);
    item_clear(&item);
}

static void room_is_given_back_but_not_under_a_reader(void **state)
{
    struct fixture *f = *state;
    enum { BYTES = 4 << 20 };
    g_autofree char *bytes = pattern(9, BYTES), *got = g_malloc(BYTES);
    int64_t inbox = new_inbox(f), body;
    struct body_writer *writer = store_body_begin(f->store);
    struct view_bytes held;

    assert_int_equal(store_body_append(writer, bytes, BYTES), 0);
    assert_int_equal(store_body_finish(writer, f->store, &body), 0);
    int64_t ino = put_bytes(f, inbox, "1:1", body);

    put_mail(f, inbox, "1:2", "b", DAY_NS, "stays");
    assert_int_equal(view_open(f->view, (uint64_t)ino, &held), 0);
    assert_true(held.hold != 0);
    remove_item(f, inbox, "1:1");
    assert_int_equal(store_reclaim(f->store), 0);
    assert_int_equal(pread(held.fd, got, BYTES, held.offset), BYTES);
    assert_memory_equal(got, bytes, BYTES);
    assert_true(pack_room(f, 1) >= BYTES);
    view_release(f->view, &held);
    assert_int_equal(store_reclaim(f->store), 0);
    assert_true(pack_room(f, 1) < BYTES);
    assert_sound(f->store);
}

static void dead_room_is_given_back_at_the_next_start(void **state)
{
    struct fixture *f = *state;
    enum { BYTES = 4 << 20 };
    g_autofree char *bytes = pattern(9, BYTES);
    int64_t inbox = new_inbox(f), body;
    struct body_writer *writer = store_body_begin(f->store);

    assert_int_equal(store_body_append(writer, bytes, BYTES), 0);
    assert_int_equal(store_body_finish(writer, f->store, &body), 0);
    put_bytes(f, inbox, "1:1", body);
    int64_t kept = put_mail(f, inbox, "1:2", "b", DAY_NS, "stays");

    remove_item(f, inbox, "1:1");
    fixture_reopen(f);
    assert_true(pack_room(f, 1) < BYTES);
    assert_bytes(f->view, (uint64_t)kept, "stays");
    assert_sound(f->store);
}

static void what_follows_the_last_commit_is_cut_off(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = new_inbox(f), ino = put_mail(f, inbox, "1:1", "a", DAY_NS, "bytes");
    g_autofree char *path = pack_name(f, 1), *orphan = pack_name(f, 7);

    fixture_close(f);
    FILE *pack = fopen(path, "a");

    fputs("what a crash left", pack);
    fclose(pack);
    assert_true(g_file_set_contents(orphan, "x", 1, NULL));
    fixture_open(f);
    assert_int_equal(pack_bytes(f, 1), 5);
    assert_int_equal(pack_bytes(f, 7), -1);
    assert_bytes(f->view, (uint64_t)ino, "bytes");
}

/* A power cut may take bytes that the database already counts: they are fetched again, the rest stays, and new
 * bodies in their place are safe from what was dead there. */
static void lost_bytes_are_wanted_again(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = new_inbox(f), kept = put_mail(f, inbox, "1:1", "a", DAY_NS, "kept");
    int64_t lost = put_mail(f, inbox, "1:2", "b", DAY_NS, "lost");
    g_autofree char *path = pack_name(f, 1);
    struct view_bytes bytes;

    fixture_close(f);
    assert_int_equal(truncate(path, 6), 0);
    fixture_open(f);
    assert_bytes(f->view, (uint64_t)kept, "kept");
    assert_int_equal(view_open(f->view, (uint64_t)lost, &bytes), -EAGAIN);
    g_autoptr(GArray) missing = store_missing_bodies(f->store, inbox, 10);

    assert_int_equal(missing->len, 1);
    assert_int_equal(g_array_index(missing, struct item, 0).ino, lost);
    assert_sound(f->store);
    int64_t fresh = put_mail(f, inbox, "1:3", "c", DAY_NS, "fresh");

    assert_int_equal(store_reclaim(f->store), 0);
    fixture_reopen(f);
    assert_bytes(f->view, (uint64_t)fresh, "fresh");
    assert_sound(f->store);
}

static void a_pack_that_is_gone_is_wanted_again(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = new_inbox(f), lost = put_mail(f, inbox, "1:1", "a", DAY_NS, "lost");
    g_autofree char *path = pack_name(f, 1);
    struct view_bytes bytes;

    fixture_close(f);
    assert_int_equal(unlink(path), 0);
    fixture_open(f);
    assert_int_equal(view_open(f->view, (uint64_t)lost, &bytes), -EAGAIN);
    assert_sound(f->store);
}

static void count_finding(void *ctx, const char *finding)
{
    assert_non_null(strstr(finding, "damaged"));
    ++*(int *)ctx;
}

static void verify_finds_a_changed_byte(void **state)
{
    struct fixture *f = *state;
    int findings = 0, fd;
    g_autofree char *path = pack_name(f, 1);

    put_mail(f, new_inbox(f), "1:1", "a", DAY_NS, "a body of some length, to have more than eight bytes");
    for (int at = 0; at < 50; at += 7) {
        fd = open(path, O_RDWR);
        char byte;

        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 4;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        assert_int_equal(store_verify(f->store, count_finding, &findings), 1);
        byte ^= 4;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        close(fd);
        assert_int_equal(store_verify(f->store, count_finding, &findings), 0);
    }
    assert_true(findings > 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(sizes_around_the_buffer_read_back),
        CASE(a_read_stays_within_its_body),
        CASE(writers_at_once_do_not_mix),
        CASE(threads_write_beside_a_transaction),
        CASE(an_aborted_body_leaves_no_room_behind),
        CASE(bodies_that_are_undone_leave_no_room_behind),
        CASE(a_body_that_is_none_is_refused),
        CASE(a_body_outlives_a_rollback),
        CASE(room_is_given_back_but_not_under_a_reader),
        CASE(dead_room_is_given_back_at_the_next_start),
        CASE(what_follows_the_last_commit_is_cut_off),
        CASE(lost_bytes_are_wanted_again),
        CASE(a_pack_that_is_gone_is_wanted_again),
        CASE(verify_finds_a_changed_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
