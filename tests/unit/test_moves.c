/* Items that the server moves between folders. Catches: a move that costs the inode, the name or the bytes, one that
 * the notifier hears as a removal, an item mistaken for another that left, a copy that takes the original away. */
#include <string.h>

#include "cache/change.h"
#include "tests/unit/lib/replica_rig.h"

static unsigned moved, removed, created;

static void count_changes(void *ctx, const struct change *changes, size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++) {
        moved += changes[i].kind == CHANGE_MOVE;
        removed += changes[i].kind == CHANGE_DELETE;
        created += changes[i].kind == CHANGE_CREATE;
    }
}

static int up(void **state)
{
    struct replica_rig *rig = g_new0(struct replica_rig, 1);

    replica_rig_up(rig);
    fake_folder(rig->mailbox, NULL, "Archive", 12);
    *state = rig;
    return 0;
}

static int down(void **state)
{
    replica_rig_down(*state);
    g_free(*state);
    return 0;
}

static struct fake_folder *folder(struct replica_rig *rig, const char *name)
{
    return fake_find(rig->mailbox, name);
}

static void open_with(struct replica_rig *rig, const char *home, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *subject = g_strdup_printf("number %u", i);

        fake_mail(rig->mailbox, folder(rig, home), subject, "text");
    }
    replica_rig_open(rig);
    replica_rig_sync(rig);
    moved = removed = created = 0;
    replica_listen(rig->replica, count_changes, NULL);
}

/* The same message under another id, as servers do it. */
static struct fake_item *copy(struct replica_rig *rig, struct fake_item *item, const char *to)
{
    struct fake_item *copied = fake_bytes(rig->mailbox, folder(rig, to), item->subject, g_bytes_ref(item->mime));

    copied->hour = item->hour;
    return copied;
}

static void move(struct replica_rig *rig, const char *from, guint nth, const char *to)
{
    struct fake_item *item = folder(rig, from)->items->pdata[nth];

    copy(rig, item, to);
    fake_change(rig->mailbox, folder(rig, from), item, FAKE_DELETE);
}

static const struct way {
    const char *from, *to;
} ways[] = {{"Inbox", "Archive"}, {"Archive", "Inbox"}, {"Inbox", "Sent Items"}};

/* Either folder may come first in an answer. */
static void a_move_keeps_the_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        void *mine;

        up(&mine);
        struct replica_rig *rig = mine;
        g_autofree char *from = g_strdup_printf("Mail/%s", ways[i].from);
        g_autofree char *to = g_strdup_printf("Mail/%s", ways[i].to);

        open_with(rig, ways[i].from, 5);
        uint64_t ino = replica_rig_find(rig, from, "number 3");
        struct view_attr before, after;

        assert_true(ino > 0);
        assert_int_equal(view_getattr(rig->view, ino, &before), 0);
        move(rig, ways[i].from, 3, ways[i].to);
        replica_rig_sync(rig);
        assert_int_equal(replica_rig_find(rig, to, "number 3"), ino);
        assert_int_equal(view_getattr(rig->view, ino, &after), 0);
        assert_int_equal(after.mtime_ns, before.mtime_ns);
        assert_int_equal(moved, 1);
        assert_int_equal(removed + created, 0);
        replica_rig_equal(rig);
        replica_listen(rig->replica, NULL, NULL);
        down(&mine);
    }
}

/* A copy is another file; the original stays, also while another message leaves. */
static void a_copy_is_no_move(void **state)
{
    struct replica_rig *rig = *state;

    open_with(rig, "Inbox", 5);
    uint64_t ino = replica_rig_find(rig, "Mail/Inbox", "number 3");

    copy(rig, folder(rig, "Inbox")->items->pdata[3], "Archive");
    fake_change(rig->mailbox, folder(rig, "Inbox"), folder(rig, "Inbox")->items->pdata[1], FAKE_DELETE);
    replica_rig_sync(rig);
    assert_int_equal(replica_rig_find(rig, "Mail/Inbox", "number 3"), ino);
    assert_true(replica_rig_find(rig, "Mail/Archive", "number 3") != ino);
    assert_int_equal(moved, 0);
    replica_rig_equal(rig);
    replica_listen(rig->replica, NULL, NULL);
}

/* Many at once, and two of one message: each copy takes one of the files. */
static void every_one_finds_its_own(void **state)
{
    struct replica_rig *rig = *state;

    open_with(rig, "Inbox", 60);
    copy(rig, folder(rig, "Inbox")->items->pdata[7], "Sent Items");
    replica_rig_sync(rig);
    created = 0;
    for (guint i = 0; i < 60; i++)
        move(rig, "Inbox", i, "Archive");
    replica_rig_sync(rig);
    assert_int_equal(moved, 60);
    assert_int_equal(removed + created, 0);
    replica_rig_equal(rig);
    replica_listen(rig->replica, NULL, NULL);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, up, down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_move_keeps_the_file),
        ROW(a_copy_is_no_move),
        ROW(every_one_finds_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
