/* What a user does to the tree, by the editor's requests, without a server. Catches: an edit that is lost, told twice
 * or told though nothing changed; an identity that does not follow an atomic save; a name that is refused or taken
 * wrongly; a held edit that forgets why. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cache/edit/edit.h"
#include "cache/replica.h"
#include "cache/store/files.h"
#include "cache/store/journal.h"
#include "codec/files/edit.h"
#include "store_fixture.h"
#include "tests/unit/lib/edit_rig.h"

struct rig {
    struct fixture f; /* store and view are the replica's */
    struct replica *replica;
    int64_t calendar, inbox, archive, drafts, deleted;
};

static void rig_open(struct rig *rig)
{
    struct replica_config *config = g_new0(struct replica_config, 1);
    struct eas_result result;

    config->state_dir = g_strdup(rig->f.dir);
    config->account = g_strdup("ann@example.org");
    rig->replica = replica_open(config, &result);
    assert_non_null(rig->replica);
    replica_start(rig->replica);
    rig->f.store = replica_store(rig->replica);
    rig->f.view = replica_view(rig->replica);
}

static void rig_close(struct rig *rig)
{
    replica_stop(rig->replica);
    view_free(rig->f.view);
    assert_sound(rig->f.store);
    replica_close(rig->replica);
}

static int setup(void **state)
{
    struct rig *rig = g_new0(struct rig, 1);

    rig->f.dir = g_dir_make_tmp("easfs-edit-XXXXXX", NULL);
    rig_open(rig);
    rig->inbox = put_folder(&rig->f, 0, "1", "0", "Inbox", EAS_FOLDER_INBOX);
    rig->archive = put_folder(&rig->f, 0, "2", "0", "Archive", TYPE_MAIL);
    rig->drafts = put_folder(&rig->f, 0, "3", "0", "Drafts", EAS_FOLDER_DRAFTS);
    rig->deleted = put_folder(&rig->f, 0, "4", "0", "Deleted Items", EAS_FOLDER_DELETED);
    rig->calendar = put_folder(&rig->f, 0, "5", "0", "Calendar", TYPE_DEFAULT_CALENDAR);
    assert_int_equal(store_set(rig->f.store, "address", "ann@example.org"), 0);
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;

    rig_close(rig);
    nftw(rig->f.dir, fixture_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    g_free(rig->f.dir);
    g_free(rig);
    return 0;
}

/* ---- requests that are waited for ---- */

static struct edit named(enum edit_kind kind, uint64_t parent, const char *name)
{
    struct edit edit = {.kind = kind, .parent = parent};

    g_strlcpy(edit.name, name, sizeof edit.name);
    return edit;
}

static int create(struct rig *rig, uint64_t parent, const char *name, uint64_t *ino)
{
    struct edit edit = named(EDIT_CREATE, parent, name);
    int error = edit_ask(rig->replica, &edit);

    if (ino)
        *ino = edit.attr.ino;
    return error;
}

static int remove_name(struct rig *rig, uint64_t parent, const char *name)
{
    struct edit edit = named(EDIT_UNLINK, parent, name);

    return edit_ask(rig->replica, &edit);
}

static int move(struct rig *rig, uint64_t parent, const char *name, uint64_t new_parent, const char *new_name)
{
    struct edit edit = named(EDIT_RENAME, parent, name);

    edit.new_parent = new_parent;
    g_strlcpy(edit.new_name, new_name, sizeof edit.new_name);
    return edit_ask(rig->replica, &edit);
}

static int write_ino(struct rig *rig, uint64_t ino, const char *bytes, bool complete)
{
    char path[] = "/tmp/easfs-copy-XXXXXX";
    int fd = mkstemp(path);
    struct edit edit = {.kind = EDIT_STORE,
                        .ino = ino,
                        .fd = fd,
                        .size = (int64_t)strlen(bytes),
                        .mtime_ns = edit_now(rig->replica),
                        .base = edit_base(rig->f.view, ino),
                        .durable = true,
                        .opener = true,
                        .complete = complete};

    assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
    int error = edit_ask(rig->replica, &edit);

    close(fd);
    unlink(path);
    return error;
}

static uint64_t ino_at(struct rig *rig, uint64_t parent, const char *name)
{
    struct view_attr attr;

    return view_lookup(rig->f.view, parent, name, &attr) ? 0 : attr.ino;
}

static int write_name(struct rig *rig, uint64_t parent, const char *name, const char *bytes)
{
    uint64_t ino = ino_at(rig, parent, name);
    int error = ino ? 0 : create(rig, parent, name, &ino);

    return error ? error : write_ino(rig, ino, bytes, true);
}

/* ---- what there is ---- */

static char *event(const char *uid, const char *summary)
{
    return g_strdup_printf("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\n"
                           "DTSTAMP:20260101T000000Z\r\nDTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z\r\n"
                           "SUMMARY:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
                           uid, summary);
}

static int write_event(struct rig *rig, const char *name, const char *uid, const char *summary)
{
    g_autofree char *bytes = event(uid, summary);

    return write_name(rig, INO_CALENDAR, name, bytes);
}

/* An event that the server has. */
static uint64_t have_event(struct rig *rig, const char *name, const char *uid, const char *summary)
{
    struct file_context context = {.user = "ann@example.org", .vcard_version = 3, .version = EAS_14_1};
    g_autofree char *bytes = event(uid, summary), *reason = NULL;
    struct written written = {0};
    struct item item = {.collection_id = rig->calendar, .server_id = (char *)uid, .uid = (char *)uid};
    g_autofree char *title = g_strndup(name, strlen(name) - strlen(".ics"));

    assert_true(file_read(EAS_CALENDAR, bytes, strlen(bytes), &context, &written, &reason));
    item.props = eas_node_bytes(written.data);
    item.title = title;
    assert_int_equal(store_begin(rig->f.store), 0);
    put(rig->f.store, &item, bytes);
    assert_int_equal(store_commit(rig->f.store), 0);
    g_bytes_unref(item.props);
    written_clear(&written);
    return (uint64_t)item.ino;
}

static uint64_t have_mail(struct rig *rig, int64_t folder, const char *server_id)
{
    return (uint64_t)put_mail(&rig->f, folder, server_id, "Bob - Hi", DAY_NS, "Subject: Hi\r\n\r\nHi\r\n");
}

static uint64_t dir_of(struct rig *rig, int64_t collection)
{
    struct collection found = {0};
    uint64_t ino;

    assert_int_equal(store_collection_get(rig->f.store, collection, &found), 0);
    ino = (uint64_t)found.ino;
    collection_clear(&found);
    return ino;
}

#define MAIL_NAME "1970-01-02 00.00.00 Bob - Hi.eml"

static GArray *rows(struct rig *rig)
{
    return journal_list(rig->f.store, -1, G_MAXINT64);
}

/* The only row, which is of this kind and state. */
static void assert_row(struct rig *rig, enum journal_kind kind, enum journal_state state)
{
    g_autoptr(GArray) all = rows(rig);

    assert_int_equal(all->len, 1);
    assert_int_equal(g_array_index(all, struct journal, 0).kind, kind);
    assert_int_equal(g_array_index(all, struct journal, 0).state, state);
}

static void assert_no_rows(struct rig *rig)
{
    g_autoptr(GArray) all = rows(rig);

    assert_int_equal(all->len, 0);
}

static void assert_xattr(struct rig *rig, uint64_t ino, const char *name, const char *expected)
{
    char value[512];
    ssize_t length = view_getxattr(rig->f.view, ino, name, value, sizeof value - 1);

    assert_true(length >= 0);
    value[length] = '\0';
    assert_string_equal(value, expected);
}

static int64_t item_of(struct rig *rig, uint64_t ino)
{
    struct item item = {0};
    int64_t id = store_item_of(rig->f.store, (int64_t)ino, &item) ? 0 : item.id;

    item_clear(&item);
    return id;
}

/* ---- new files ---- */

static void a_new_event_is_queued_and_survives_a_restart(void **state)
{
    struct rig *rig = *state;
    g_autofree char *bytes = event("u1", "one");

    assert_int_equal(write_event(rig, "one.ics", "u1", "one"), 0);
    assert_row(rig, JOURNAL_ADD, JOURNAL_QUEUED);
    assert_xattr(rig, ino_at(rig, INO_CALENDAR, "one.ics"), "user.eas.state", "queued");
    rig_close(rig);
    rig_open(rig);
    assert_row(rig, JOURNAL_ADD, JOURNAL_QUEUED);
    assert_bytes(rig->f.view, ino_at(rig, INO_CALENDAR, "one.ics"), bytes);
}

static void half_a_file_is_held_with_the_reason(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(write_name(rig, INO_CALENDAR, "half.ics", "BEGIN:VCALENDAR\r\n"), -EINVAL);
    assert_row(rig, JOURNAL_ADD, JOURNAL_HELD);
    uint64_t ino = ino_at(rig, INO_CALENDAR, "half.ics");
    char reason[256];

    assert_xattr(rig, ino, "user.eas.state", "held");
    assert_true(view_getxattr(rig->f.view, ino, "user.eas.error", reason, sizeof reason) > 0);
    assert_bytes(rig->f.view, ino, "BEGIN:VCALENDAR\r\n");
    assert_int_equal(write_event(rig, "half.ics", "u1", "whole"), 0);
    assert_row(rig, JOURNAL_ADD, JOURNAL_QUEUED);
}

static void an_open_edit_is_not_sent_before_its_last_writer_goes(void **state)
{
    struct rig *rig = *state;
    g_autofree char *bytes = event("u1", "one");
    struct edit last = {.kind = EDIT_STORE, .unchanged = true, .complete = true};
    uint64_t ino;

    assert_int_equal(create(rig, INO_CALENDAR, "one.ics", &ino), 0);
    assert_no_rows(rig);
    assert_int_equal(write_ino(rig, ino, bytes, false), 0);
    assert_row(rig, JOURNAL_ADD, JOURNAL_OPEN);
    last.ino = ino;
    assert_int_equal(edit_ask(rig->replica, &last), 0);
    assert_row(rig, JOURNAL_ADD, JOURNAL_QUEUED);
}

static void ten_saves_are_one_change(void **state)
{
    struct rig *rig = *state;
    uint64_t ino = have_event(rig, "one.ics", "u1", "zero");
    GBytes *first = edit_base(rig->f.view, ino);

    for (int i = 0; i < 10; i++) {
        g_autofree char *summary = g_strdup_printf("save %d", i);

        assert_int_equal(write_event(rig, "one.ics", "u1", summary), 0);
    }
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_QUEUED);
    g_autoptr(GArray) all = rows(rig);

    assert_true(g_bytes_equal(first, g_array_index(all, struct journal, 0).base));
    g_bytes_unref(first);
    assert_int_equal(write_event(rig, "one.ics", "u1", "zero"), 0);
    assert_no_rows(rig);
}

static void the_uid_of_another_is_refused(void **state)
{
    struct rig *rig = *state;

    have_event(rig, "one.ics", "u1", "one");
    assert_int_equal(write_event(rig, "copy.ics", "u1", "one"), -EINVAL);
    assert_row(rig, JOURNAL_ADD, JOURNAL_HELD);
    assert_int_equal(remove_name(rig, INO_CALENDAR, "copy.ics"), 0);
    assert_no_rows(rig);
    assert_int_equal(write_event(rig, "new.ics", "u2", "new"), 0);
    assert_int_equal(write_event(rig, "new copy.ics", "u2", "new"), -EINVAL);
}

static void an_item_left_empty_is_held(void **state)
{
    struct rig *rig = *state;
    uint64_t ino = have_event(rig, "one.ics", "u1", "one");

    assert_int_equal(write_ino(rig, ino, "", true), 0);
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_HELD);
    assert_int_equal(attr_of(rig->f.view, ino).size, 0);
    struct edit discard = {.kind = EDIT_DISCARD, .ino = ino};

    assert_int_equal(edit_ask(rig->replica, &discard), 0);
    assert_no_rows(rig);
    assert_true(attr_of(rig->f.view, ino).size > 0);
}

/* ---- editors ---- */

static void vim_keeps_the_identity(void **state)
{
    struct rig *rig = *state;
    int64_t item = item_of(rig, have_event(rig, "one.ics", "u1", "one"));

    assert_int_equal(move(rig, INO_CALENDAR, "one.ics", INO_CALENDAR, "one.ics~"), 0);
    assert_no_rows(rig);
    assert_int_equal(write_event(rig, "one.ics", "u1", "two"), 0);
    assert_int_equal(remove_name(rig, INO_CALENDAR, "one.ics~"), 0);
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_QUEUED);
    assert_int_equal(item_of(rig, ino_at(rig, INO_CALENDAR, "one.ics")), item);
}

static void the_carrier_of_the_identity_removed_is_a_deletion(void **state)
{
    struct rig *rig = *state;

    have_event(rig, "one.ics", "u1", "one");
    assert_int_equal(move(rig, INO_CALENDAR, "one.ics", INO_CALENDAR, "one.ics~"), 0);
    assert_int_equal(remove_name(rig, INO_CALENDAR, "one.ics~"), 0);
    assert_row(rig, JOURNAL_DELETE, JOURNAL_QUEUED);
}

static void sed_gives_the_item_the_inode_of_its_scratch_file(void **state)
{
    struct rig *rig = *state;
    uint64_t old = have_event(rig, "one.ics", "u1", "one");
    int64_t item = item_of(rig, old);

    assert_int_equal(write_event(rig, "sedXYZ", "u1", "two"), 0);
    uint64_t scratch = ino_at(rig, INO_CALENDAR, "sedXYZ");

    assert_xattr(rig, scratch, "user.eas.state", "local");
    assert_int_equal(move(rig, INO_CALENDAR, "sedXYZ", INO_CALENDAR, "one.ics"), 0);
    assert_int_equal(ino_at(rig, INO_CALENDAR, "one.ics"), scratch);
    assert_int_equal(item_of(rig, scratch), item);
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_QUEUED);
    assert_int_equal(write_name(rig, INO_CALENDAR, "sedBAD", "no calendar"), 0);
    assert_int_equal(move(rig, INO_CALENDAR, "sedBAD", INO_CALENDAR, "one.ics"), -EINVAL);
    assert_int_equal(ino_at(rig, INO_CALENDAR, "one.ics"), scratch);
}

static void link_and_unlink_make_an_item(void **state)
{
    struct rig *rig = *state;
    struct edit edit = {.kind = EDIT_LINK, .new_parent = INO_CALENDAR};

    assert_int_equal(write_event(rig, ".tmp", "u1", "one"), 0);
    edit.ino = ino_at(rig, INO_CALENDAR, ".tmp");
    g_strlcpy(edit.new_name, "one.ics", sizeof edit.new_name);
    assert_int_equal(edit_ask(rig->replica, &edit), 0);
    assert_int_equal(remove_name(rig, INO_CALENDAR, ".tmp"), 0);
    assert_row(rig, JOURNAL_ADD, JOURNAL_QUEUED);
    assert_listing(rig->f.view, INO_CALENDAR, "one.ics");
}

static void removed_and_written_again_is_an_edit(void **state)
{
    struct rig *rig = *state;
    int64_t item = item_of(rig, have_event(rig, "one.ics", "u1", "one"));

    assert_int_equal(remove_name(rig, INO_CALENDAR, "one.ics"), 0);
    assert_row(rig, JOURNAL_DELETE, JOURNAL_QUEUED);
    assert_int_equal(ino_at(rig, INO_CALENDAR, "one.ics"), 0);
    assert_int_equal(write_event(rig, "one.ics", "u1", "two"), 0);
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_QUEUED);
    assert_int_equal(item_of(rig, ino_at(rig, INO_CALENDAR, "one.ics")), item);
}

static void another_uid_under_the_name_is_another_event(void **state)
{
    struct rig *rig = *state;

    have_event(rig, "one.ics", "u1", "one");
    assert_int_equal(write_event(rig, "one.ics", "u2", "other"), 0);
    g_autoptr(GArray) all = rows(rig);

    assert_int_equal(all->len, 2);
    assert_int_equal(g_array_index(all, struct journal, 0).kind, JOURNAL_DELETE);
    assert_int_equal(g_array_index(all, struct journal, 1).kind, JOURNAL_ADD);
    assert_listing(rig->f.view, INO_CALENDAR, "one.ics");
}

/* ---- names ---- */

static void names_are_used_as_the_contract_says(void **state)
{
    struct rig *rig = *state;
    uint64_t inbox = dir_of(rig, rig->inbox);

    assert_int_equal(create(rig, inbox, "x.eml", NULL), -EPERM);
    assert_int_equal(create(rig, inbox, "x", NULL), -EPERM);
    assert_int_equal(create(rig, inbox, ".x", NULL), 0);
    assert_int_equal(create(rig, inbox, "x~", NULL), 0);
    assert_int_equal(create(rig, INO_CALENDAR, "x.vcf", NULL), -EPERM);
    assert_int_equal(create(rig, INO_CALENDAR, "color", NULL), 0);
    assert_int_equal(create(rig, INO_CALENDAR, "color", NULL), -EEXIST);
    assert_int_equal(create(rig, INO_CALENDAR, "a\nb.ics", NULL), -EINVAL);
    assert_int_equal(create(rig, INO_CALENDAR, "\xff.ics", NULL), -EINVAL);
    assert_int_equal(create(rig, VIEW_ROOT, "x", NULL), -EPERM);
    assert_int_equal(create(rig, dir_of(rig, rig->drafts), "x.eml", NULL), 0);
    assert_int_equal(create(rig, (uint64_t)store_place(rig->f.store, PLACE_OUTBOX), "x.eml", NULL), 0);
    assert_int_equal(create(rig, (uint64_t)store_place(rig->f.store, PLACE_OUTBOX), "x.ics", NULL), -EPERM);
    assert_no_rows(rig);
}

static void an_item_is_renamed_without_the_server(void **state)
{
    struct rig *rig = *state;
    uint64_t ino = have_event(rig, "one.ics", "u1", "one");

    assert_int_equal(move(rig, INO_CALENDAR, "one.ics", INO_CALENDAR, "Two.ics"), 0);
    assert_int_equal(ino_at(rig, INO_CALENDAR, "Two.ics"), ino);
    assert_int_equal(move(rig, INO_CALENDAR, "Two.ics", INO_CALENDAR, "two.ics"), 0);
    assert_int_equal(move(rig, INO_CALENDAR, "two.ics", INO_CONTACTS, "two.ics"), -EPERM);
    assert_no_rows(rig);
}

/* ---- mail ---- */

static void mail_moves_and_comes_back(void **state)
{
    struct rig *rig = *state;
    uint64_t inbox = dir_of(rig, rig->inbox), archive = dir_of(rig, rig->archive),
             ino = have_mail(rig, rig->inbox, "1:1");

    assert_int_equal(move(rig, inbox, MAIL_NAME, inbox, "other.eml"), -EPERM);
    assert_int_equal(move(rig, inbox, MAIL_NAME, (uint64_t)store_place(rig->f.store, PLACE_OUTBOX), "x.eml"), -EPERM);
    assert_int_equal(move(rig, inbox, MAIL_NAME, archive, MAIL_NAME), 0);
    assert_row(rig, JOURNAL_MOVE, JOURNAL_QUEUED);
    assert_int_equal(ino_at(rig, archive, MAIL_NAME), ino);
    assert_int_equal(move(rig, archive, MAIL_NAME, inbox, MAIL_NAME), 0);
    assert_no_rows(rig);
}

/* The server speaks of the message where it still has it: the file stays where the user put it. */
static void a_moved_message_stays_moved_whatever_the_server_says_of_it(void **state)
{
    struct rig *rig = *state;
    uint64_t inbox = dir_of(rig, rig->inbox), archive = dir_of(rig, rig->archive),
             ino = have_mail(rig, rig->inbox, "1:1");
    struct item item = {0};

    assert_int_equal(move(rig, inbox, MAIL_NAME, archive, MAIL_NAME), 0);
    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(store_item_find(rig->f.store, rig->inbox, "1:1", &item), 0);
    item.flags.read = 1;
    assert_int_equal(store_item_put(rig->f.store, &item), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    item_clear(&item);
    assert_int_equal(ino_at(rig, archive, MAIL_NAME), ino);
    g_autoptr(GArray) all = rows(rig);
    struct journal *row = &g_array_index(all, struct journal, 0);

    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(journal_moved(rig->f.store, row, "2:9"), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_xattr(rig, ino, "user.eas.server-id", "2:9");
    assert_xattr(rig, ino, "user.eas.state", "clean");
    assert_no_rows(rig);
}

static void a_refused_move_and_a_refused_removal_come_back(void **state)
{
    struct rig *rig = *state;
    uint64_t inbox = dir_of(rig, rig->inbox), archive = dir_of(rig, rig->archive),
             ino = have_mail(rig, rig->inbox, "1:1");

    for (int i = 0; i < 2; i++) {
        assert_int_equal(i ? remove_name(rig, inbox, MAIL_NAME) : move(rig, inbox, MAIL_NAME, archive, MAIL_NAME), 0);
        assert_int_equal(ino_at(rig, inbox, MAIL_NAME), 0);
        g_autoptr(GArray) all = rows(rig);

        assert_int_equal(store_begin(rig->f.store), 0);
        assert_int_equal(journal_hold(rig->f.store, &g_array_index(all, struct journal, 0), "refused"), 0);
        assert_int_equal(store_commit(rig->f.store), 0);
        assert_int_equal(ino_at(rig, inbox, MAIL_NAME), ino);
        assert_xattr(rig, ino, "user.eas.error", "refused");
        struct edit retry = {.kind = EDIT_RETRY, .ino = ino};

        assert_int_equal(edit_ask(rig->replica, &retry), 0);
        assert_int_equal(ino_at(rig, inbox, MAIL_NAME), 0);
        struct edit discard = {.kind = EDIT_DISCARD, .ino = ino};

        assert_int_equal(edit_ask(rig->replica, &discard), 0);
        assert_int_equal(ino_at(rig, inbox, MAIL_NAME), ino);
        assert_no_rows(rig);
    }
}

static void flags_are_shown_and_queued(void **state)
{
    struct rig *rig = *state;
    uint64_t ino = have_mail(rig, rig->inbox, "1:1");
    struct edit edit = named(EDIT_XATTR, 0, "user.eas.read");

    edit.ino = ino;
    edit.value = g_bytes_new_static("1", 1);
    assert_int_equal(edit_ask(rig->replica, &edit), 0);
    assert_xattr(rig, ino, "user.eas.read", "1");
    assert_row(rig, JOURNAL_FLAGS, JOURNAL_QUEUED);
    edit.value = g_bytes_new_static("maybe", 5);
    assert_int_equal(edit_ask(rig->replica, &edit), -EINVAL);
    g_strlcpy(edit.name, "user.other", sizeof edit.name);
    edit.value = g_bytes_new_static("kept", 4);
    assert_int_equal(edit_ask(rig->replica, &edit), 0);
    assert_xattr(rig, ino, "user.other", "kept");
}

/* ---- what the server does meanwhile ---- */

static void an_edit_outlives_the_item(void **state)
{
    struct rig *rig = *state;
    uint64_t ino = have_event(rig, "one.ics", "u1", "one");

    assert_int_equal(write_event(rig, "one.ics", "u1", "two"), 0);
    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(store_item_remove(rig->f.store, item_of(rig, ino)), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_int_equal(ino_at(rig, INO_CALENDAR, "one.ics"), ino);
    assert_row(rig, JOURNAL_ADD, JOURNAL_QUEUED);
    g_autoptr(GArray) all = rows(rig);

    assert_int_equal(store_begin(rig->f.store), 0);
    assert_true(journal_added(rig->f.store, &g_array_index(all, struct journal, 0), "5:7") > 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_no_rows(rig);
    assert_xattr(rig, ino, "user.eas.state", "clean");
}

/* The only addition is on its way. */
static void send_addition(struct rig *rig)
{
    g_autoptr(GArray) all = rows(rig);
    struct journal *row = &g_array_index(all, struct journal, 0);

    assert_int_equal(row->kind, JOURNAL_ADD);
    row->state = JOURNAL_SENT;
    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(journal_put(rig->f.store, row), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
}

static void addition_taken(struct rig *rig)
{
    g_autoptr(GArray) all = rows(rig);

    assert_int_equal(store_begin(rig->f.store), 0);
    assert_true(journal_added(rig->f.store, &g_array_index(all, struct journal, 0), "5:7") > 0);
    assert_int_equal(store_commit(rig->f.store), 0);
}

/* vim saves with a backup while the first save is on its way. */
static void an_addition_on_its_way_follows_its_name(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(write_event(rig, "one.ics", "u1", "one"), 0);
    send_addition(rig);
    assert_int_equal(move(rig, INO_CALENDAR, "one.ics", INO_CALENDAR, "one.ics~"), 0);
    assert_int_equal(write_event(rig, "one.ics", "u1", "two"), 0);
    uint64_t ino = ino_at(rig, INO_CALENDAR, "one.ics");

    assert_int_equal(remove_name(rig, INO_CALENDAR, "one.ics~"), 0);
    addition_taken(rig);
    assert_xattr(rig, ino, "user.eas.server-id", "5:7");
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_QUEUED);
}

static void an_addition_on_its_way_leaves_its_name(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(write_event(rig, "one.ics", "u1", "one"), 0);
    uint64_t ino = ino_at(rig, INO_CALENDAR, "one.ics");

    send_addition(rig);
    assert_int_equal(move(rig, INO_CALENDAR, "one.ics", INO_CALENDAR, "one.ics~"), 0);
    addition_taken(rig);
    assert_xattr(rig, ino, "user.eas.server-id", "5:7");
    assert_no_rows(rig);
    assert_int_equal(write_event(rig, "one.ics", "u1", "two"), 0);
    assert_xattr(rig, ino_at(rig, INO_CALENDAR, "one.ics"), "user.eas.server-id", "5:7");
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_QUEUED);
}

/* The deletion is of what was changed before: the answer to that change is no change of somebody else. */
static void a_removal_knows_the_change_before_it(void **state)
{
    struct rig *rig = *state;

    have_event(rig, "one.ics", "u1", "one");
    assert_int_equal(write_event(rig, "one.ics", "u1", "two"), 0);
    g_autoptr(GArray) all = rows(rig);
    struct journal *change = &g_array_index(all, struct journal, 0);

    assert_int_equal(change->kind, JOURNAL_CHANGE);
    change->state = JOURNAL_SENT;
    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(journal_put(rig->f.store, change), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_int_equal(remove_name(rig, INO_CALENDAR, "one.ics"), 0);
    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(journal_changed(rig->f.store, change, NULL), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_row(rig, JOURNAL_DELETE, JOURNAL_QUEUED);
    g_autoptr(GArray) left = rows(rig);

    assert_true(g_bytes_equal(g_array_index(left, struct journal, 0).base, change->data));
}

/* tar removes what it extracts anew; of mail nothing can be made, and nothing is lost. */
static void a_message_that_is_to_be_made_anew_comes_back(void **state)
{
    struct rig *rig = *state;
    uint64_t inbox = dir_of(rig, rig->inbox), ino = have_mail(rig, rig->inbox, "1:1"), made;

    assert_int_equal(remove_name(rig, inbox, MAIL_NAME), 0);
    assert_row(rig, JOURNAL_DELETE, JOURNAL_QUEUED);
    assert_int_equal(create(rig, inbox, "other.eml", &made), -EPERM);
    assert_row(rig, JOURNAL_DELETE, JOURNAL_QUEUED);
    assert_int_equal(create(rig, inbox, MAIL_NAME, &made), -EPERM);
    assert_no_rows(rig);
    assert_int_equal(ino_at(rig, inbox, MAIL_NAME), ino);
}

static void a_conflict_leaves_both(void **state)
{
    struct rig *rig = *state;
    g_autofree char *mine = event("u1", "mine"), *theirs = event("u1", "theirs");
    uint64_t ino = have_event(rig, "one.ics", "u1", "one");

    assert_int_equal(write_event(rig, "one.ics", "u1", "mine"), 0);
    g_autoptr(GArray) all = rows(rig);
    int64_t body = write_body(rig->f.store, theirs);

    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(journal_conflict(rig->f.store, &g_array_index(all, struct journal, 0), body, DAY_NS), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_bytes(rig->f.view, ino, theirs);
    uint64_t aside = ino_at(rig, INO_CALENDAR, "one.ics.conflict-19700102T000000Z");

    assert_bytes(rig->f.view, aside, mine);
    assert_xattr(rig, aside, "user.eas.state", "conflict");
    assert_no_rows(rig);
    assert_int_equal(move(rig, INO_CALENDAR, "one.ics.conflict-19700102T000000Z", INO_CALENDAR, "one.ics"), 0);
    assert_row(rig, JOURNAL_CHANGE, JOURNAL_QUEUED);
}

/* ---- folders ---- */

static void folders_are_made_renamed_and_removed(void **state)
{
    struct rig *rig = *state;
    struct edit make = named(EDIT_MKDIR, INO_MAIL, "Projects");
    struct edit gone = named(EDIT_RMDIR, INO_MAIL, "Inbox");

    assert_int_equal(edit_ask(rig->replica, &make), 0);
    assert_row(rig, JOURNAL_FOLDER_CREATE, JOURNAL_QUEUED);
    assert_int_equal(move(rig, INO_MAIL, "Projects", INO_MAIL, "Plans"), 0);
    assert_row(rig, JOURNAL_FOLDER_CREATE, JOURNAL_QUEUED);
    assert_int_equal(edit_ask(rig->replica, &gone), -EPERM);
    gone = named(EDIT_RMDIR, INO_MAIL, "Plans");
    assert_int_equal(edit_ask(rig->replica, &gone), 0);
    assert_no_rows(rig);
    assert_int_equal(ino_at(rig, INO_MAIL, "Plans"), 0);
    make = named(EDIT_MKDIR, INO_MAIL, ".hidden");
    assert_int_equal(edit_ask(rig->replica, &make), -EPERM);
}

static void a_new_folder_gets_its_id(void **state)
{
    struct rig *rig = *state;
    struct edit make = named(EDIT_MKDIR, INO_MAIL, "Projects");
    struct edit below = named(EDIT_MKDIR, 0, "2026");
    struct collection child = {0};

    assert_int_equal(edit_ask(rig->replica, &make), 0);
    below.parent = make.attr.ino;
    assert_int_equal(edit_ask(rig->replica, &below), 0);
    g_autoptr(GArray) all = rows(rig);

    assert_int_equal(all->len, 2);
    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(journal_folder_created(rig->f.store, &g_array_index(all, struct journal, 0), "77"), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_int_equal(store_collection_get(rig->f.store, g_array_index(all, struct journal, 1).collection_id, &child),
                     0);
    assert_string_equal(child.parent_id, "77");
    assert_true(journal_is_stand_in(child.server_id));
    collection_clear(&child);
    assert_path(&rig->f, below.attr.ino, "Mail/Projects/2026");
}

static void a_refused_removal_of_a_folder_comes_back(void **state)
{
    struct rig *rig = *state;
    struct edit gone = named(EDIT_RMDIR, INO_MAIL, "Archive");
    struct collection archive = {0};
    uint64_t ino = dir_of(rig, rig->archive);

    assert_int_equal(edit_ask(rig->replica, &gone), -EPERM); /* not read to its end */
    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(store_collection_get(rig->f.store, rig->archive, &archive), 0);
    archive.complete = true;
    assert_int_equal(store_collection_state(rig->f.store, &archive), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    collection_clear(&archive);
    assert_int_equal(edit_ask(rig->replica, &gone), 0);
    assert_int_equal(ino_at(rig, INO_MAIL, "Archive"), 0);
    g_autoptr(GArray) all = rows(rig);

    assert_int_equal(store_begin(rig->f.store), 0);
    assert_int_equal(journal_hold(rig->f.store, &g_array_index(all, struct journal, 0), "refused"), 0);
    assert_int_equal(store_commit(rig->f.store), 0);
    assert_int_equal(ino_at(rig, INO_MAIL, "Archive"), ino);
}

/* ---- Outbox ---- */

static void a_letter_waits_and_can_be_taken_back(void **state)
{
    struct rig *rig = *state;
    uint64_t outbox = (uint64_t)store_place(rig->f.store, PLACE_OUTBOX);

    assert_int_equal(write_name(rig, outbox, "a.eml", "To: bob@example.org\r\nSubject: x\r\n\r\nHello\r\n"), 0);
    assert_row(rig, JOURNAL_SEND, JOURNAL_QUEUED);
    assert_int_equal(remove_name(rig, outbox, "a.eml"), 0);
    assert_no_rows(rig);
    assert_int_equal(write_name(rig, outbox, "b.eml", "Subject: x\r\n\r\nHello\r\n"), -EINVAL);
    assert_row(rig, JOURNAL_SEND, JOURNAL_HELD);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_new_event_is_queued_and_survives_a_restart),
        T(half_a_file_is_held_with_the_reason),
        T(an_open_edit_is_not_sent_before_its_last_writer_goes),
        T(ten_saves_are_one_change),
        T(the_uid_of_another_is_refused),
        T(an_item_left_empty_is_held),
        T(vim_keeps_the_identity),
        T(the_carrier_of_the_identity_removed_is_a_deletion),
        T(sed_gives_the_item_the_inode_of_its_scratch_file),
        T(link_and_unlink_make_an_item),
        T(removed_and_written_again_is_an_edit),
        T(another_uid_under_the_name_is_another_event),
        T(names_are_used_as_the_contract_says),
        T(an_item_is_renamed_without_the_server),
        T(mail_moves_and_comes_back),
        T(a_moved_message_stays_moved_whatever_the_server_says_of_it),
        T(a_refused_move_and_a_refused_removal_come_back),
        T(flags_are_shown_and_queued),
        T(an_edit_outlives_the_item),
        T(an_addition_on_its_way_follows_its_name),
        T(an_addition_on_its_way_leaves_its_name),
        T(a_removal_knows_the_change_before_it),
        T(a_message_that_is_to_be_made_anew_comes_back),
        T(a_conflict_leaves_both),
        T(folders_are_made_renamed_and_removed),
        T(a_new_folder_gets_its_id),
        T(a_refused_removal_of_a_folder_comes_back),
        T(a_letter_waits_and_can_be_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
