/* What the tests of the editor share: a replica with a calendar and mail, requests that are waited for, what is asserted of
 * the journal. */
#ifndef TESTS_UNIT_EDIT_CASE_H
#define TESTS_UNIT_EDIT_CASE_H

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

#define MAIL_NAME "1970-01-02 00.00.00 Bob - Hi.eml"
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

struct rig {
    struct fixture f; /* store and view are the replica's */
    struct replica *replica;
    int64_t calendar, inbox, archive, drafts, deleted;
};

static inline void rig_open(struct rig *rig)
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

static inline void rig_close(struct rig *rig)
{
    replica_stop(rig->replica);
    view_free(rig->f.view);
    assert_sound(rig->f.store);
    replica_close(rig->replica);
}

static inline int setup(void **state)
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

static inline int teardown(void **state)
{
    struct rig *rig = *state;

    rig_close(rig);
    nftw(rig->f.dir, fixture_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    g_free(rig->f.dir);
    g_free(rig);
    return 0;
}

/* ---- requests that are waited for ---- */

static inline struct edit named(enum edit_kind kind, uint64_t parent, const char *name)
{
    struct edit edit = {.kind = kind, .parent = parent};

    g_strlcpy(edit.name, name, sizeof edit.name);
    return edit;
}

static inline int create(struct rig *rig, uint64_t parent, const char *name, uint64_t *ino)
{
    struct edit edit = named(EDIT_CREATE, parent, name);
    int error = edit_ask(rig->replica, &edit);

    if (ino)
        *ino = edit.attr.ino;
    return error;
}

static inline int remove_name(struct rig *rig, uint64_t parent, const char *name)
{
    struct edit edit = named(EDIT_UNLINK, parent, name);

    return edit_ask(rig->replica, &edit);
}

static inline int move(struct rig *rig, uint64_t parent, const char *name, uint64_t new_parent, const char *new_name)
{
    struct edit edit = named(EDIT_RENAME, parent, name);

    edit.new_parent = new_parent;
    g_strlcpy(edit.new_name, new_name, sizeof edit.new_name);
    return edit_ask(rig->replica, &edit);
}

static inline int write_ino(struct rig *rig, uint64_t ino, const char *bytes, bool complete)
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

static inline uint64_t ino_at(struct rig *rig, uint64_t parent, const char *name)
{
    struct view_attr attr;

    return view_lookup(rig->f.view, parent, name, &attr) ? 0 : attr.ino;
}

static inline int write_name(struct rig *rig, uint64_t parent, const char *name, const char *bytes)
{
    uint64_t ino = ino_at(rig, parent, name);
    int error = ino ? 0 : create(rig, parent, name, &ino);

    return error ? error : write_ino(rig, ino, bytes, true);
}

/* ---- what there is ---- */

static inline char *event(const char *uid, const char *summary)
{
    return g_strdup_printf("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\n"
                           "DTSTAMP:20260101T000000Z\r\nDTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z\r\n"
                           "SUMMARY:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
                           uid, summary);
}

static inline int write_event(struct rig *rig, const char *name, const char *uid, const char *summary)
{
    g_autofree char *bytes = event(uid, summary);

    return write_name(rig, INO_CALENDAR, name, bytes);
}

/* An event that the server has. */
static inline uint64_t have_event(struct rig *rig, const char *name, const char *uid, const char *summary)
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

static inline uint64_t have_mail(struct rig *rig, int64_t folder, const char *server_id)
{
    return (uint64_t)put_mail(&rig->f, folder, server_id, "Bob - Hi", DAY_NS, "Subject: Hi\r\n\r\nHi\r\n");
}

static inline uint64_t dir_of(struct rig *rig, int64_t collection)
{
    struct collection found = {0};
    uint64_t ino;

    assert_int_equal(store_collection_get(rig->f.store, collection, &found), 0);
    ino = (uint64_t)found.ino;
    collection_clear(&found);
    return ino;
}

static inline GArray *rows(struct rig *rig)
{
    return journal_list(rig->f.store, -1, G_MAXINT64);
}

/* The only row, which is of this kind and state. */
static inline void assert_row(struct rig *rig, enum journal_kind kind, enum journal_state state)
{
    g_autoptr(GArray) all = rows(rig);

    assert_int_equal(all->len, 1);
    assert_int_equal(g_array_index(all, struct journal, 0).kind, kind);
    assert_int_equal(g_array_index(all, struct journal, 0).state, state);
}

static inline void assert_no_rows(struct rig *rig)
{
    g_autoptr(GArray) all = rows(rig);

    assert_int_equal(all->len, 0);
}

static inline void assert_xattr(struct rig *rig, uint64_t ino, const char *name, const char *expected)
{
    char value[512];
    ssize_t length = view_getxattr(rig->f.view, ino, name, value, sizeof value - 1);

    assert_true(length >= 0);
    value[length] = '\0';
    assert_string_equal(value, expected);
}

static inline int64_t item_of(struct rig *rig, uint64_t ino)
{
    struct item item = {0};
    int64_t id = store_item_of(rig->f.store, (int64_t)ino, &item) ? 0 : item.id;

    item_clear(&item);
    return id;
}

#endif
