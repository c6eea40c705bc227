/* Items as files. Catches: a name that changes or is given twice; doubles numbered by chance; an inode that does not
 * survive a resync, or returns; counts that drift from what they count. */
#include <errno.h>

#include "store_fixture.h"

static void names_are_generated_once_and_stay(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    int64_t first = put_mail(f, inbox, "1:1", "Ann - Hello", DAY_NS, "one");
    int64_t second = put_mail(f, inbox, "1:2", "ann - HELLO", DAY_NS, "two");
    struct item item;

    assert_path(f, (uint64_t)first, "Mail/Inbox/1970-01-02 00.00.00 Ann - Hello.eml");
    assert_path(f, (uint64_t)second, "Mail/Inbox/1970-01-02 00.00.00 ann - HELLO (2).eml");
    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_item_find(f->store, inbox, "1:1", &item), 0);
    g_free(item.title);
    item.title = g_strdup("Other");
    put(f->store, &item, NULL);
    item_clear(&item);
    assert_int_equal(store_commit(f->store), 0);
    assert_path(f, (uint64_t)first, "Mail/Inbox/1970-01-02 00.00.00 Ann - Hello.eml");
    assert_sound(f->store);
}

/* Arrival order is 3, 1, 2; the UIDs and the dates decide instead. */
static void doubles_of_one_window_are_numbered_in_order(void **state)
{
    struct fixture *f = *state;
    int64_t calendar = put_folder(f, 0, "3", "0", "Calendar", TYPE_DEFAULT_CALENDAR);
    static const char *const uids[] = {"c", "a", "b"};
    static const char *const paths[] = {"Calendar/standup (3).ics", "Calendar/standup.ics", "Calendar/standup (2).ics"};
    int64_t inos[3];

    assert_int_equal(store_begin(f->store), 0);
    for (int i = 0; i < 3; i++) {
        struct item item = {.collection_id = calendar,
                            .server_id = (char *)uids[i],
                            .uid = (char *)uids[i],
                            .title = (char *)"standup"};

        put(f->store, &item, uids[i]);
        inos[i] = item.ino;
    }
    assert_int_equal(store_commit(f->store), 0);
    for (int i = 0; i < 3; i++) {
        assert_path(f, (uint64_t)inos[i], paths[i]);
        assert_bytes(f->view, (uint64_t)inos[i], uids[i]);
    }
    assert_sound(f->store);
}

static void a_resync_keeps_inodes_and_drops_the_unseen(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    struct item item = {
        .collection_id = inbox, .server_id = (char *)"1:1", .title = (char *)"a", .date_ns = DAY_NS, .stamp = 77};
    struct item matched, other;

    assert_int_equal(store_begin(f->store), 0);
    put(f->store, &item, "one");
    assert_int_equal(store_commit(f->store), 0);
    int64_t gone = put_mail(f, inbox, "1:2", "b", DAY_NS, "two");
    struct view_attr before = attr_of(f->view, (uint64_t)item.ino), attr;

    assert_int_equal(store_item_match(f->store, inbox, "", 77, &matched), -ENOENT);
    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_resync_begin(f->store, inbox), 0);
    assert_int_equal(store_item_match(f->store, inbox, "", 77, &matched), 0);
    /* The server numbers anew: what was 1:1 is 1:2 now. */
    g_free(matched.server_id);
    matched.server_id = g_strdup("1:2");
    put(f->store, &matched, "one");
    assert_int_equal(store_item_match(f->store, inbox, "", 77, &other), -ENOENT);
    assert_int_equal(store_resync_end(f->store, inbox), 0);
    assert_int_equal(store_commit(f->store), 0);
    attr = attr_of(f->view, (uint64_t)item.ino);
    assert_int_equal(attr.mtime_ns, before.mtime_ns);
    assert_int_equal(attr.ctime_ns, before.ctime_ns);
    assert_int_equal(attr.size, before.size);
    assert_int_equal(view_getattr(f->view, (uint64_t)gone, &attr), -ENOENT);
    assert_int_equal(store_item_find(f->store, inbox, "1:2", &other), 0);
    assert_int_equal(other.ino, item.ino);
    item_clear(&other);
    item_clear(&matched);
    assert_sound(f->store);
}

static void counts_follow_every_change(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    struct item item;

    put_mail(f, inbox, "1:1", "a", DAY_NS, "one");
    put_mail(f, inbox, "1:2", "b", 2 * DAY_NS, NULL);
    put_mail(f, inbox, "1:3", "c", 3 * DAY_NS, NULL);
    g_autoptr(GArray) missing = store_missing_bodies(f->store, 0, 10);

    assert_int_equal(missing->len, 2);
    assert_string_equal(g_array_index(missing, struct item, 0).server_id, "1:3");
    assert_false(view_all_local(f->view));
    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(
        store_item_fetched(f->store, g_array_index(missing, struct item, 0).id, write_body(f->store, "3"), 1), 0);
    assert_int_equal(store_item_fetched(f->store, g_array_index(missing, struct item, 1).id, 0, 0), 0);
    assert_int_equal(store_item_find(f->store, inbox, "1:1", &item), 0);
    item.flags.read = 1;
    put(f->store, &item, NULL);
    item_clear(&item);
    struct collection state_now = {.id = inbox, .sync_key = (char *)"7", .complete = true};

    assert_int_equal(store_collection_state(f->store, &state_now), 0);
    assert_int_equal(store_commit(f->store), 0);
    g_autoptr(GArray) collections = store_collections(f->store);
    g_autoptr(GArray) still = store_missing_bodies(f->store, inbox, 10);
    const struct collection *c = &g_array_index(collections, struct collection, 0);

    assert_int_equal(still->len, 0);
    assert_int_equal(c->items, 3);
    assert_int_equal(c->unread, 2);
    assert_int_equal(c->missing_bodies, 0);
    assert_string_equal(c->sync_key, "7");
    assert_true(view_all_local(f->view));
    assert_sound(f->store);
}

static void errors_name_their_path(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    struct item item;

    put_mail(f, inbox, "1:1", "a", DAY_NS, "one");
    assert_int_equal(store_error_set(f->store, inbox, "1:1", "too large"), 0);
    assert_int_equal(store_error_set(f->store, inbox, "", "refused"), 0);
    g_autoptr(GArray) errors = store_errors(f->store);

    assert_int_equal(errors->len, 2);
    assert_string_equal(g_array_index(errors, struct store_error, 0).path, "Mail/Inbox/1970-01-02 00.00.00 a.eml");
    assert_string_equal(g_array_index(errors, struct store_error, 1).path, "Mail/Inbox");
    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_item_find(f->store, inbox, "1:1", &item), 0);
    assert_int_equal(store_item_remove(f->store, item.id), 0);
    assert_int_equal(store_error_set(f->store, inbox, "", NULL), 0);
    assert_int_equal(store_commit(f->store), 0);
    item_clear(&item);
    g_autoptr(GArray) none = store_errors(f->store);

    assert_int_equal(none->len, 0);
}

/* A message that the server moved and that was found again: its file moves, with inode and name. */
static void an_item_may_move_to_another_folder(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX),
            other = put_folder(f, 0, "2", "0", "Other", TYPE_MAIL);
    int64_t ino = put_mail(f, inbox, "1:1", "a", DAY_NS, "bytes");
    struct item item;

    put_mail(f, other, "2:9", "A", DAY_NS, "there already");
    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_item_find(f->store, inbox, "1:1", &item), 0);
    item.collection_id = other;
    g_free(item.server_id);
    item.server_id = g_strdup("2:1");
    put(f->store, &item, NULL);
    item_clear(&item);
    assert_int_equal(store_commit(f->store), 0);
    assert_path(f, (uint64_t)ino, "Mail/Other/1970-01-02 00.00.00 a (2).eml");
    assert_bytes(f->view, (uint64_t)ino, "bytes");
    assert_sound(f->store);
}

/* Numbers are sought by halving: with a search from 2 on, this would need two million look-ups. */
static void thousands_of_equal_names_are_numbered(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    struct view_attr dir, attr;

    assert_int_equal(store_begin(f->store), 0);
    for (int i = 0; i < 2000; i++) {
        g_autofree char *id = g_strdup_printf("1:%04d", i);
        struct item item = {.collection_id = inbox, .server_id = id, .title = (char *)"same", .date_ns = DAY_NS};

        put(f->store, &item, NULL);
    }
    assert_int_equal(store_commit(f->store), 0);
    assert_int_equal(view_lookup(f->view, INO_MAIL, "Inbox", &dir), 0);
    for (int i = 2; i <= 2000; i++) {
        g_autofree char *name = g_strdup_printf("1970-01-02 00.00.00 same (%d).eml", i);

        assert_int_equal(view_lookup(f->view, dir.ino, name, &attr), 0);
    }
    assert_sound(f->store);
}

/* A name that goes free is not given to the next one as long as anything numbered stands there: inodes never return. */
static void inodes_are_never_given_twice(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX), last = 0;

    for (int i = 0; i < 5; i++) {
        int64_t ino = put_mail(f, inbox, "1:1", "a", DAY_NS, "x");
        struct item item;

        assert_true(ino > last);
        last = ino;
        assert_int_equal(store_begin(f->store), 0);
        assert_int_equal(store_item_of(f->store, ino, &item), 0);
        assert_int_equal(store_item_remove(f->store, item.id), 0);
        item_clear(&item);
        assert_int_equal(store_item_of(f->store, ino, &item), -ENOENT);
        assert_int_equal(store_commit(f->store), 0);
        fixture_reopen(f);
    }
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(names_are_generated_once_and_stay),
        CASE(doubles_of_one_window_are_numbered_in_order),
        CASE(a_resync_keeps_inodes_and_drops_the_unseen),
        CASE(counts_follow_every_change),
        CASE(errors_name_their_path),
        CASE(an_item_may_move_to_another_folder),
        CASE(thousands_of_equal_names_are_numbered),
        CASE(inodes_are_never_given_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
