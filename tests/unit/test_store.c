/* The store's folders, items and transactions. Catches: a folder that hangs in the wrong place or
 * loses its inode when it is renamed, moved or re-read; a name that changes or is given twice; times
 * that move without cause or not at all; counts that drift from what they count; a commit told before it is one. */
#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_fixture.h"

static void a_new_store_has_the_class_directories(void **state)
{
    struct fixture *f = *state;

    assert_listing(f->view, VIEW_ROOT, "Mail|Calendar|Contacts|Tasks|Notes");
    assert_int_equal(attr_of(f->view, VIEW_ROOT).nlink, 7);
    assert_int_equal(attr_of(f->view, VIEW_ROOT).parent, VIEW_ROOT);
    assert_sound(f->store);
}

static void unselected_classes_are_not_in_the_tree(void **state)
{
    struct fixture *f = *state;
    struct view_attr attr;

    assert_int_equal(store_set(f->store, "classes", "3"), 0);
    assert_listing(f->view, VIEW_ROOT, "Mail|Calendar");
    assert_int_equal(view_lookup(f->view, VIEW_ROOT, "Contacts", &attr), -ENOENT);
    assert_int_equal(view_getattr(f->view, INO_CONTACTS, &attr), -ENOENT);
    assert_int_equal(attr_of(f->view, VIEW_ROOT).nlink, 4);
    assert_int_equal(store_set(f->store, "classes", NULL), 0);
    assert_listing(f->view, VIEW_ROOT, "Mail|Calendar|Contacts|Tasks|Notes");
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
    assert_listing(f->view, VIEW_ROOT, "Mail|Calendar|Contacts|Tasks|Notes");
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
    assert_listing(f->view, VIEW_ROOT, "Mail|Calendar|Contacts|Tasks|Notes");
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
        assert_int_equal(store_item_of(f->store, ino, &item), -ENOENT);
        assert_int_equal(store_commit(f->store), 0);
        item_clear(&item);
        fixture_reopen(f);
    }
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
        CASE(unselected_classes_are_not_in_the_tree),
        CASE(a_second_open_is_busy),
        CASE(settings_are_kept),
        CASE(a_rollback_leaves_nothing),
        CASE(folders_form_a_tree_whatever_their_order),
        CASE(hostile_folders_hang_below_their_class),
        CASE(a_default_folder_is_the_class_directory),
        CASE(a_folder_keeps_its_inode_through_rename_and_move),
        CASE(removing_a_folder_moves_its_children_up),
        CASE(an_unselected_folder_keeps_only_its_place),
        CASE(names_are_generated_once_and_stay),
        CASE(doubles_of_one_window_are_numbered_in_order),
        CASE(a_resync_keeps_inodes_and_drops_the_unseen),
        CASE(counts_follow_every_change),
        CASE(errors_name_their_path),
        CASE(the_listener_hears_after_the_commit),
        CASE(folder_ids_may_change_hands),
        CASE(a_folder_of_another_class_is_another_folder),
        CASE(a_default_folder_may_come_and_go),
        CASE(a_folder_chain_too_long_to_believe_ends),
        CASE(an_item_may_move_to_another_folder),
        CASE(thousands_of_equal_names_are_numbered),
        CASE(inodes_are_never_given_twice),
        CASE(a_newer_store_is_left_alone),
        CASE(a_damaged_store_is_named),
        CASE(verify_finds_what_does_not_agree),
        CASE(a_store_is_for_its_owner_alone),
        CASE(readers_run_beside_the_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
