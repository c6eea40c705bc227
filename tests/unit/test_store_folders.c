/* Folders as directories. Catches: a folder that hangs in the wrong place or in none, loses its inode when it is
 * renamed, moved or numbered anew, or takes others along when it goes. */
#include <errno.h>

#include "store_fixture.h"

static void unselected_classes_are_not_in_the_tree(void **state)
{
    struct fixture *f = *state;
    struct view_attr attr;

    assert_int_equal(store_set(f->store, "classes", "3"), 0);
    assert_listing(f->view, VIEW_ROOT, "Mail|Calendar|Outbox|Global Address List|Search");
    assert_int_equal(view_lookup(f->view, VIEW_ROOT, "Contacts", &attr), -ENOENT);
    assert_int_equal(view_getattr(f->view, INO_CONTACTS, &attr), -ENOENT);
    assert_int_equal(attr_of(f->view, VIEW_ROOT).nlink, 7);
    assert_int_equal(store_set(f->store, "classes", NULL), 0);
    assert_listing(f->view, VIEW_ROOT, "Mail|Calendar|Contacts|Tasks|Notes|Outbox|Global Address List|Search");
    assert_sound(f->store);
}

static void folders_form_a_tree_whatever_their_order(void **state)
{
    struct fixture *f = *state;

    put_folder(f, 0, "9", "5", "2026", TYPE_MAIL);
    g_autoptr(GArray) before = store_collections(f->store);
    int64_t ino = g_array_index(before, struct collection, 0).ino;

    assert_path(f, (uint64_t)ino, "Mail/2026");
    put_folder(f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    put_folder(f, 0, "5", "0", "Projects", TYPE_MAIL);
    assert_path(f, (uint64_t)ino, "Mail/Projects/2026");
    g_autoptr(GArray) all = store_collections(f->store);

    assert_int_equal(all->len, 3);
    assert_string_equal(g_array_index(all, struct collection, 0).name, "Inbox");
    assert_string_equal(g_array_index(all, struct collection, 1).name, "Projects");
    assert_string_equal(g_array_index(all, struct collection, 2).name, "2026");
    assert_int_equal(attr_of(f->view, INO_MAIL).nlink, 4);
    assert_sound(f->store);
}

static void hostile_folders_hang_below_their_class(void **state)
{
    struct fixture *f = *state;

    put_folder(f, 0, "a", "b", "A", TYPE_MAIL);
    put_folder(f, 0, "b", "a", "B", TYPE_MAIL);
    put_folder(f, 0, "c", "c", "..", TYPE_MAIL);
    put_folder(f, 0, "d", "gone", "x/y", TYPE_MAIL);
    put_folder(f, 0, "e", "0", "a", TYPE_MAIL);
    g_autoptr(GPtrArray) names = list_names(f->view, INO_MAIL);

    assert_int_equal(names->len, 5);
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];

        assert_null(strchr(name, '/'));
        assert_true(*name && *name != '.');
    }
    assert_true(g_ptr_array_find_with_equal_func(names, "a (2)", g_str_equal, NULL));
    assert_sound(f->store);
}

static void a_default_folder_is_the_class_directory(void **state)
{
    struct fixture *f = *state;

    put_folder(f, 0, "3", "0", "Kalender", TYPE_DEFAULT_CALENDAR);
    put_folder(f, 0, "4", "0", "Birthdays", TYPE_CALENDAR);
    put_folder(f, 0, "5", "3", "Team", TYPE_CALENDAR);
    assert_listing(f->view, VIEW_ROOT, "Mail|Calendar|Contacts|Tasks|Notes|Outbox|Global Address List|Search");
    assert_listing(f->view, INO_CALENDAR, "Birthdays|Team");
    assert_sound(f->store);
}

static void a_folder_keeps_its_inode_through_rename_and_move(void **state)
{
    struct fixture *f = *state;
    int64_t id = put_folder(f, 0, "5", "0", "Old", TYPE_MAIL);
    struct view_attr old, attr;

    put_folder(f, 0, "6", "0", "Archive", TYPE_MAIL);
    assert_int_equal(view_lookup(f->view, INO_MAIL, "Old", &old), 0);
    put_folder(f, id, "5", "0", "New", TYPE_MAIL);
    assert_path(f, old.ino, "Mail/New");
    put_folder(f, id, "5", "6", "New", TYPE_MAIL);
    assert_path(f, old.ino, "Mail/Archive/New");
    attr = attr_of(f->view, old.ino);
    assert_true(attr.ctime_ns > old.ctime_ns);
    put_folder(f, id, "5", "6", "New", TYPE_MAIL);
    assert_int_equal(attr_of(f->view, old.ino).ctime_ns, attr.ctime_ns);
    assert_sound(f->store);
}

static void removing_a_folder_moves_its_children_up(void **state)
{
    struct fixture *f = *state;
    int64_t parent = put_folder(f, 0, "5", "0", "Parent", TYPE_MAIL);
    int64_t child = put_folder(f, 0, "6", "5", "Child", TYPE_MAIL);

    put_mail(f, parent, "5:1", "gone", DAY_NS, "x");
    int64_t ino = put_mail(f, child, "6:1", "kept", DAY_NS, "y");

    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_collection_remove(f->store, parent), 0);
    assert_int_equal(store_commit(f->store), 0);
    assert_listing(f->view, INO_MAIL, "Child");
    assert_path(f, (uint64_t)ino, "Mail/Child/1970-01-02 00.00.00 kept.eml");
    assert_sound(f->store);
}

static void an_unselected_folder_keeps_only_its_place(void **state)
{
    struct fixture *f = *state;
    struct collection parent = {.server_id = (char *)"5", .name = (char *)"Projects", .type = TYPE_MAIL};

    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_collection_put(f->store, &parent), 0);
    assert_int_equal(store_commit(f->store), 0);
    assert_int_equal(parent.ino, 0);
    assert_listing(f->view, INO_MAIL, "");
    int64_t child = put_folder(f, 0, "6", "5", "2026", TYPE_MAIL);

    assert_listing(f->view, INO_MAIL, "Projects");
    put_mail(f, child, "6:1", "x", DAY_NS, "y");
    struct collection unselected = {
        .id = child, .server_id = (char *)"6", .parent_id = (char *)"5", .name = (char *)"2026", .type = TYPE_MAIL};

    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_collection_put(f->store, &unselected), 0);
    assert_int_equal(store_commit(f->store), 0);
    assert_listing(f->view, INO_MAIL, "");
    assert_sound(f->store);
}

static void remove_collection(struct fixture *f, int64_t id)
{
    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_collection_remove(f->store, id), 0);
    assert_int_equal(store_commit(f->store), 0);
}

/* A server that numbers its folders anew gives one folder the id that another still has here. */
static void folder_ids_may_change_hands(void **state)
{
    struct fixture *f = *state;
    int64_t a = put_folder(f, 0, "1", "0", "A", TYPE_MAIL), b = put_folder(f, 0, "2", "0", "B", TYPE_MAIL);
    int64_t in_a = put_mail(f, a, "x", "a", DAY_NS, "a"), in_b = put_mail(f, b, "x", "b", DAY_NS, "b");

    put_folder(f, a, "2", "0", "A", TYPE_MAIL);
    put_folder(f, b, "1", "0", "B", TYPE_MAIL);
    assert_path(f, (uint64_t)in_a, "Mail/A/1970-01-02 00.00.00 a.eml");
    assert_path(f, (uint64_t)in_b, "Mail/B/1970-01-02 00.00.00 b.eml");
    assert_sound(f->store);
}

static void a_folder_of_another_class_is_another_folder(void **state)
{
    struct fixture *f = *state;
    int64_t id = put_folder(f, 0, "1", "0", "Things", TYPE_MAIL);

    put_mail(f, id, "x", "a", DAY_NS, "a");
    put_folder(f, id, "1", "0", "Things", TYPE_CALENDAR);
    assert_listing(f->view, INO_MAIL, "");
    assert_listing(f->view, INO_CALENDAR, "Things");
    g_autoptr(GArray) all = store_collections(f->store);

    assert_int_equal(g_array_index(all, struct collection, 0).items, 0);
    assert_sound(f->store);
}

static void a_default_folder_may_come_and_go(void **state)
{
    struct fixture *f = *state;
    int64_t id = put_folder(f, 0, "3", "0", "Calendar", TYPE_DEFAULT_CALENDAR);
    struct collection unselected = {.id = id,
                                    .server_id = (char *)"3",
                                    .name = (char *)"Calendar",
                                    .type = TYPE_DEFAULT_CALENDAR,
                                    .class = EAS_CALENDAR};
    struct item item = {.collection_id = id, .server_id = (char *)"3:1", .title = (char *)"x"};

    put_folder(f, 0, "4", "0", "Second", TYPE_DEFAULT_CALENDAR);
    assert_int_equal(store_begin(f->store), 0);
    put(f->store, &item, "x");
    assert_int_equal(store_commit(f->store), 0);
    assert_listing(f->view, INO_CALENDAR, "Second|x.ics");
    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_collection_put(f->store, &unselected), 0);
    assert_int_equal(store_commit(f->store), 0);
    assert_int_equal(unselected.ino, 0);
    assert_listing(f->view, INO_CALENDAR, "Second");
    put_folder(f, id, "3", "0", "Calendar", TYPE_DEFAULT_CALENDAR);
    assert_listing(f->view, INO_CALENDAR, "Second");
    remove_collection(f, id);
    assert_listing(f->view, VIEW_ROOT, "Mail|Calendar|Contacts|Tasks|Notes|Outbox|Global Address List|Search");
    assert_sound(f->store);
}

static void a_folder_chain_too_long_to_believe_ends(void **state)
{
    struct fixture *f = *state;

    for (int i = 1; i <= 100; i++) {
        g_autofree char *id = g_strdup_printf("%d", i), *parent = g_strdup_printf("%d", i - 1);

        put_folder(f, 0, id, parent, id, TYPE_MAIL);
    }
    g_autoptr(GArray) all = store_collections(f->store);

    assert_int_equal(all->len, 100);
    for (guint i = 0; i < all->len; i++) {
        g_autofree char *path = store_path(f->store, g_array_index(all, struct collection, i).ino);

        assert_non_null(path);
    }
    assert_sound(f->store);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(unselected_classes_are_not_in_the_tree),           CASE(folders_form_a_tree_whatever_their_order),
        CASE(hostile_folders_hang_below_their_class),           CASE(a_default_folder_is_the_class_directory),
        CASE(a_folder_keeps_its_inode_through_rename_and_move), CASE(removing_a_folder_moves_its_children_up),
        CASE(an_unselected_folder_keeps_only_its_place),        CASE(folder_ids_may_change_hands),
        CASE(a_folder_of_another_class_is_another_folder),      CASE(a_default_folder_may_come_and_go),
        CASE(a_folder_chain_too_long_to_believe_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
