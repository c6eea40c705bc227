/* The view. Catches: a listing that loses or repeats an entry when the directory changes between two
 * pages; times that do not move when bytes do, or move when they do not; a size of 0 for what has bytes; a look-up
 * that believes a name of any case; attributes where there are none. */
#include <errno.h>

#include "store_fixture.h"

struct page {
    GPtrArray *names;
    uint64_t next;
    int left;
};

static bool take_page(void *ctx, const char *name, const struct view_attr *attr, uint64_t next)
{
    struct page *page = ctx;

    (void)attr;
    if (!page->left--)
        return false;
    g_ptr_array_add(page->names, g_strdup(name));
    page->next = next;
    return true;
}

static void a_listing_survives_changes_between_pages(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    struct page page = {names, 0, 2};
    struct view_attr dir;
    struct item item;

    for (int i = 1; i <= 5; i++) {
        g_autofree char *id = g_strdup_printf("1:%d", i), *title = g_strdup_printf("m%d", i);

        put_mail(f, inbox, id, title, DAY_NS, id);
    }
    assert_int_equal(view_lookup(f->view, INO_MAIL, "Inbox", &dir), 0);
    assert_int_equal(view_list(f->view, dir.ino, 0, take_page, &page), 0);
    assert_int_equal(names->len, 2);
    /* The one the cookie stands on goes, and one that sorts before all comes. */
    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_item_find(f->store, inbox, "1:2", &item), 0);
    assert_int_equal(store_item_remove(f->store, item.id), 0);
    assert_int_equal(store_commit(f->store), 0);
    item_clear(&item);
    put_mail(f, inbox, "1:6", "a", 0, "six");
    page.left = 100;
    assert_int_equal(view_list(f->view, dir.ino, page.next, take_page, &page), 0);
    assert_int_equal(names->len, 6);
    for (guint i = 0; i < 5; i++) {
        g_autofree char *expected = g_strdup_printf("1970-01-02 00.00.00 m%u.eml", i + 1);

        assert_string_equal(names->pdata[i], expected);
    }
}

static void errors_of_the_tree(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    int64_t ino = put_mail(f, inbox, "1:1", "Ünïcode", DAY_NS, "x");
    struct view_bytes bytes;
    struct view_attr attr, dir;
    GPtrArray *none = g_ptr_array_new();

    assert_int_equal(view_lookup(f->view, INO_MAIL, "Inbox", &dir), 0);
    assert_int_equal(view_lookup(f->view, INO_MAIL, "inbox", &attr), -ENOENT);
    assert_int_equal(view_lookup(f->view, INO_MAIL, "", &attr), -ENOENT);
    assert_int_equal(view_lookup(f->view, INO_MAIL, "\xff\xfe", &attr), -ENOENT);
    assert_int_equal(view_lookup(f->view, dir.ino, "1970-01-02 00.00.00 Ünïcode.eml", &attr), 0);
    assert_int_equal(attr.ino, ino);
    assert_int_equal(attr.class, EAS_MAIL);
    assert_int_equal(view_list(f->view, (uint64_t)ino, 0, list_name, none), -ENOTDIR);
    assert_int_equal(view_list(f->view, 999, 0, list_name, none), -ENOENT);
    assert_int_equal(view_open(f->view, VIEW_ROOT, &bytes), -EISDIR);
    assert_int_equal(view_open(f->view, 999, &bytes), -ENOENT);
    assert_int_equal(view_getattr(f->view, UINT64_MAX, &attr), -ENOENT);
    assert_null(view_path(f->view, 999));
    assert_path(f, VIEW_ROOT, "");
    g_ptr_array_unref(none);
}

static void what_is_not_local_has_a_size(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    int64_t unknown = put_mail(f, inbox, "1:1", "a", DAY_NS, NULL);
    struct item item = {.collection_id = inbox, .server_id = (char *)"1:2", .size = 777, .date_ns = DAY_NS};
    struct view_bytes bytes;

    assert_int_equal(store_begin(f->store), 0);
    put(f->store, &item, NULL);
    assert_int_equal(store_commit(f->store), 0);
    assert_true(attr_of(f->view, (uint64_t)unknown).size > 0);
    assert_int_equal(attr_of(f->view, (uint64_t)item.ino).size, 777);
    assert_false(attr_of(f->view, (uint64_t)item.ino).local);
    assert_int_equal(view_open(f->view, (uint64_t)item.ino, &bytes), -EAGAIN);
}

static struct item event(int64_t collection, const char *server_id)
{
    return (struct item){.collection_id = collection,
                         .server_id = (char *)server_id,
                         .uid = (char *)server_id,
                         .title = (char *)"standup",
                         .flags.categories = (char *)"Work"};
}

static void put_now(struct fixture *f, struct item *item, const char *bytes)
{
    assert_int_equal(store_begin(f->store), 0);
    put(f->store, item, bytes);
    assert_int_equal(store_commit(f->store), 0);
}

static void times_of_an_event_move_with_its_bytes(void **state)
{
    struct fixture *f = *state;
    struct item item = event(put_folder(f, 0, "3", "0", "Calendar", TYPE_DEFAULT_CALENDAR), "3:1");
    struct view_attr file, dir, file2, dir2;

    put_now(f, &item, "BEGIN:VCALENDAR 1");
    file = attr_of(f->view, (uint64_t)item.ino);
    dir = attr_of(f->view, INO_CALENDAR);
    assert_true(dir.mtime_ns > file.mtime_ns);
    /* The same bytes again, as after a key was lost: nothing moves. */
    put_now(f, &item, "BEGIN:VCALENDAR 1");
    file2 = attr_of(f->view, (uint64_t)item.ino);
    dir2 = attr_of(f->view, INO_CALENDAR);
    assert_int_equal(file2.mtime_ns, file.mtime_ns);
    assert_int_equal(file2.ctime_ns, file.ctime_ns);
    assert_int_equal(dir2.mtime_ns, dir.mtime_ns);
    /* A category is no byte of the file. */
    item.flags.categories = (char *)"Work\nUrgent";
    put_now(f, &item, NULL);
    file2 = attr_of(f->view, (uint64_t)item.ino);
    assert_int_equal(file2.mtime_ns, file.mtime_ns);
    assert_true(file2.ctime_ns > file.ctime_ns);
    assert_int_equal(attr_of(f->view, INO_CALENDAR).mtime_ns, dir.mtime_ns);
    /* Other bytes of the same length. */
    put_now(f, &item, "BEGIN:VCALENDAR 2");
    file = attr_of(f->view, (uint64_t)item.ino);
    assert_true(file.mtime_ns > file2.mtime_ns);
    assert_true(attr_of(f->view, INO_CALENDAR).mtime_ns > dir.mtime_ns);
    fixture_reopen(f);
    assert_int_equal(attr_of(f->view, (uint64_t)item.ino).mtime_ns, file.mtime_ns);
    assert_sound(f->store);
}

static void times_of_a_mail_are_its_date(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    struct item item = {.collection_id = inbox, .server_id = (char *)"1:1", .date_ns = 5 * DAY_NS};
    struct view_attr before, after, dir;

    put_now(f, &item, NULL);
    before = attr_of(f->view, (uint64_t)item.ino);
    dir = attr_of(f->view, before.parent);
    assert_int_equal(before.mtime_ns, 5 * DAY_NS);
    put_now(f, &item, "the bytes");
    after = attr_of(f->view, (uint64_t)item.ino);
    assert_int_equal(after.mtime_ns, 5 * DAY_NS);
    assert_true(after.ctime_ns > before.ctime_ns);
    assert_int_equal(after.size, 9);
    assert_int_equal(attr_of(f->view, before.parent).mtime_ns, dir.mtime_ns);
    item.flags.read = 1;
    put_now(f, &item, NULL);
    assert_true(attr_of(f->view, (uint64_t)item.ino).ctime_ns > after.ctime_ns);
    assert_int_equal(attr_of(f->view, before.parent).mtime_ns, dir.mtime_ns);
}

/* Also when the clock goes back, or is read faster than it ticks. */
static void times_increase_strictly(void **state)
{
    struct fixture *f = *state;
    int64_t calendar = put_folder(f, 0, "3", "0", "Calendar", TYPE_DEFAULT_CALENDAR), last = 0;

    /* As if the clock had stood in the year 2100 when the store was last used. */
    assert_int_equal(store_set(f->store, "clock", "4102444800000000000"), 0);
    fixture_reopen(f);
    last = INT64_C(4102444800000000000);
    for (int i = 0; i < 50; i++) {
        g_autofree char *id = g_strdup_printf("3:%d", i);
        struct item item = event(calendar, id);

        put_now(f, &item, id);
        assert_true(attr_of(f->view, (uint64_t)item.ino).mtime_ns > last);
        last = attr_of(f->view, INO_CALENDAR).mtime_ns;
        assert_true(last > attr_of(f->view, (uint64_t)item.ino).mtime_ns);
    }
}

static char *xattr(struct view *view, int64_t ino, const char *name)
{
    char value[256];
    ssize_t length = view_getxattr(view, (uint64_t)ino, name, value, sizeof value);

    return length < 0 ? NULL : g_strndup(value, (gsize)length);
}

static void attributes_say_what_the_bytes_do_not(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name, *mail, *event;
    } rows[] = {
        {"user.eas.read", "1", NULL},           {"user.eas.flag", "active", NULL},
        {"user.eas.importance", "high", NULL},  {"user.eas.categories", "Red\nBlue", "Work"},
        {"user.eas.answered", "forward", NULL}, {"user.eas.state", "clean", "clean"},
        {"user.eas.error", "no body", NULL},    {"user.eas.server-id", "1:1", "3:1"},
        {"user.eas.server-uid", NULL, "3:1"},   {"user.eas.other", NULL, NULL},
        {"user.mime_type", NULL, NULL},
    };
    struct item item = event(put_folder(f, 0, "3", "0", "Calendar", TYPE_DEFAULT_CALENDAR), "3:1");
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    struct item mail = {
        .collection_id = inbox,
        .server_id = (char *)"1:1",
        .flags = {.read = 1, .flag = 2, .importance = 2, .answered = 3, .categories = (char *)"Red\nBlue"}};

    put_now(f, &item, "x");
    put_now(f, &mail, "y");
    assert_int_equal(store_error_set(f->store, inbox, "1:1", "no body"), 0);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *of_mail = xattr(f->view, mail.ino, rows[i].name),
                        *of_event = xattr(f->view, item.ino, rows[i].name);

        if (g_strcmp0(of_mail, rows[i].mail) || g_strcmp0(of_event, rows[i].event))
            fail_msg("%s: %s, %s", rows[i].name, of_mail, of_event);
        assert_int_equal(view_getxattr(f->view, INO_MAIL, rows[i].name, NULL, 0), -ENODATA);
    }
}

static void attributes_are_listed_and_measured(void **state)
{
    struct fixture *f = *state;
    static const char of_mail[] =
        "user.eas.read\0user.eas.flag\0user.eas.importance\0user.eas.categories\0user.eas.answered";
    static const char of_event[] = "user.eas.categories";
    struct item item = event(put_folder(f, 0, "3", "0", "Calendar", TYPE_DEFAULT_CALENDAR), "3:1");
    int64_t mail = put_mail(f, put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX), "1:1", "a", DAY_NS, "x");
    char list[256];

    put_now(f, &item, "x");
    assert_int_equal(view_listxattr(f->view, (uint64_t)mail, NULL, 0), sizeof of_mail);
    assert_int_equal(view_listxattr(f->view, (uint64_t)mail, list, 10), -ERANGE);
    assert_int_equal(view_listxattr(f->view, (uint64_t)mail, list, sizeof list), sizeof of_mail);
    assert_memory_equal(list, of_mail, sizeof of_mail);
    assert_int_equal(view_listxattr(f->view, (uint64_t)item.ino, list, sizeof list), sizeof of_event);
    assert_memory_equal(list, of_event, sizeof of_event);
    assert_int_equal(view_listxattr(f->view, INO_MAIL, list, sizeof list), 0);
    assert_int_equal(view_getxattr(f->view, (uint64_t)item.ino, "user.eas.categories", NULL, 0), 4);
    assert_int_equal(view_getxattr(f->view, (uint64_t)item.ino, "user.eas.categories", list, 3), -ERANGE);
    assert_int_equal(view_getxattr(f->view, (uint64_t)item.ino, "user.eas.categories", list, 4), 4);
}

/* A reader that never ends its transaction would keep the log from ever being written back. */
static void a_view_sees_each_commit_and_none_before(void **state)
{
    struct fixture *f = *state;
    int64_t inbox = put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    struct item item = {.collection_id = inbox, .server_id = (char *)"1:1", .date_ns = DAY_NS};
    struct view_attr attr;

    assert_int_equal(store_begin(f->store), 0);
    put(f->store, &item, "x");
    assert_int_equal(view_getattr(f->view, (uint64_t)item.ino, &attr), -ENOENT);
    assert_int_equal(store_commit(f->store), 0);
    assert_int_equal(view_getattr(f->view, (uint64_t)item.ino, &attr), 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_listing_survives_changes_between_pages),
        CASE(errors_of_the_tree),
        CASE(what_is_not_local_has_a_size),
        CASE(times_of_an_event_move_with_its_bytes),
        CASE(times_of_a_mail_are_its_date),
        CASE(times_increase_strictly),
        CASE(attributes_say_what_the_bytes_do_not),
        CASE(attributes_are_listed_and_measured),
        CASE(a_view_sees_each_commit_and_none_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
