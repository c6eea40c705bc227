/* The table of expected operations. Catches: an operation of the user's that passes for the daemon's own because it
 * resembles it (another name, parent, kind, inode, size or asker), one that passes twice, and a look-up of the daemon's
 * own that finds the tree as it is after the change, so that its operation cannot be. Also the directories by which
 * changes are named: a path of another time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "cache/view.h"
#include "fs/mount/expected.h"
#include "fs/mount/folders.h"

enum { US = 100, THEY = 101, MAIL = 2, OLD = 20, NEW = 21, FILE_INO = 50 };

struct fixture {
    struct folders *folders;
    struct expected *expected;
    struct self_op *op;
};

static struct change directory(enum change_kind kind, uint64_t ino, uint64_t parent, const char *name)
{
    struct change change = {.kind = kind, .directory = true, .ino = ino, .parent = parent};

    strcpy(change.name, name);
    return change;
}

static void apply(struct fixture *f, enum change_kind kind, uint64_t ino, uint64_t parent, const char *name)
{
    struct change change = directory(kind, ino, parent, name);

    folders_apply(f->folders, &change);
}

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);

    f->folders = folders_new();
    apply(f, CHANGE_CREATE, MAIL, VIEW_ROOT, "Mail");
    apply(f, CHANGE_CREATE, OLD, MAIL, "Old");
    apply(f, CHANGE_CREATE, NEW, MAIL, "New");
    f->expected = expected_new();
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    expected_disarm(f->expected);
    g_clear_pointer(&f->op, self_op_free);
    expected_free(f->expected);
    folders_free(f->folders);
    g_free(f);
    return 0;
}

/* Arms a change of FILE_INO in Old as "x"; a move goes to New as "y". */
static void arm(struct fixture *f, enum change_kind kind, bool is_directory)
{
    bool moves = kind == CHANGE_MOVE;

    g_clear_pointer(&f->op, self_op_free);
    f->op = g_new0(struct self_op, 1);
    *f->op = (struct self_op){.kind = kind,
                              .directory = is_directory,
                              .ino = FILE_INO,
                              .parent = moves ? NEW : OLD,
                              .old_parent = moves ? OLD : 0,
                              .name = g_strdup(moves ? "y" : "x"),
                              .old_name = g_strdup(moves ? "x" : ""),
                              .way = folders_way(f->folders, moves ? NEW : OLD),
                              .old_way = moves ? folders_way(f->folders, OLD) : NULL};
    expected_arm(f->expected, f->op, US);
}

static void look_is(struct fixture *f, pid_t asker, uint64_t parent, const char *name, enum expected_look wanted,
                    uint64_t wanted_ino)
{
    bool is_directory = false;
    uint64_t ino = 0;

    assert_int_equal(expected_lookup(f->expected, asker, parent, name, &ino, &is_directory), wanted);
    if (wanted == LOOK_PRESENT)
        assert_int_equal(ino, wanted_ino);
}

static void our_look_up_finds_what_was(void **state)
{
    static const struct {
        enum change_kind kind;
        enum expected_look old_x, new_y;
    } rows[] = {
        {CHANGE_CREATE, LOOK_ABSENT, LOOK_STORE},
        {CHANGE_DELETE, LOOK_PRESENT, LOOK_STORE},
        {CHANGE_BYTES, LOOK_PRESENT, LOOK_STORE},
        {CHANGE_MOVE, LOOK_PRESENT, LOOK_ABSENT},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        arm(f, rows[i].kind, false);
        look_is(f, US, OLD, "x", rows[i].old_x, FILE_INO);
        look_is(f, US, NEW, "y", rows[i].new_y, FILE_INO);
        look_is(f, US, MAIL, "Old", LOOK_PRESENT, OLD);
        look_is(f, US, VIEW_ROOT, "Mail", LOOK_PRESENT, MAIL);
        look_is(f, US, OLD, "z", LOOK_STORE, 0);
        look_is(f, US, MAIL, "x", LOOK_STORE, 0);
        look_is(f, THEY, OLD, "x", LOOK_STORE, 0);
        look_is(f, THEY, MAIL, "Old", LOOK_STORE, 0);
        expected_disarm(f->expected);
        look_is(f, US, OLD, "x", LOOK_STORE, 0);
    }
}

/* How many of all the operations pass that are near to the one that is armed. */
static int passing(struct fixture *f, pid_t asker)
{
    static const uint64_t parents[] = {VIEW_ROOT, MAIL, OLD, NEW};
    static const char *const names[] = {"x", "y", "X", "xx", ""};
    int passed = 0;
    uint64_t ino = 0;

    for (size_t p = 0; p < G_N_ELEMENTS(parents); p++)
        for (size_t n = 0; n < G_N_ELEMENTS(names); n++)
            for (int is_directory = 0; is_directory < 2; is_directory++) {
                passed += expected_create(f->expected, asker, parents[p], names[n], is_directory, &ino);
                passed += expected_remove(f->expected, asker, parents[p], names[n], is_directory);
                for (size_t q = 0; q < G_N_ELEMENTS(parents); q++)
                    passed += expected_rename(f->expected, asker, parents[p], names[n], parents[q], n == 0 ? "y" : "x");
            }
    return passed;
}

static void exactly_the_one_passes_and_once(void **state)
{
    static const enum change_kind kinds[] = {CHANGE_CREATE, CHANGE_DELETE, CHANGE_MOVE};
    struct fixture *f = *state;

    assert_int_equal(passing(f, US), 0);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        for (int is_directory = 0; is_directory < 2; is_directory++) {
            arm(f, kinds[i], is_directory);
            assert_int_equal(passing(f, THEY), 0); /* a user who does the very same at this moment */
            assert_int_equal(passing(f, US), 1);
            assert_int_equal(passing(f, US), 0);
            expected_disarm(f->expected);
        }
    arm(f, CHANGE_BYTES, false);
    assert_int_equal(passing(f, US), 0);
    arm(f, CHANGE_CREATE, false);
    expected_disarm(f->expected);
    assert_int_equal(passing(f, US), 0);
}

static void creation_tells_the_inode(void **state)
{
    struct fixture *f = *state;
    uint64_t ino = 0;

    arm(f, CHANGE_CREATE, false);
    assert_true(expected_create(f->expected, US, OLD, "x", false, &ino));
    assert_int_equal(ino, FILE_INO);
    look_is(f, US, OLD, "x", LOOK_STORE, 0);
}

static void a_truncation_needs_its_open_and_its_size(void **state)
{
    struct fixture *f = *state;

    assert_false(expected_open(f->expected, US, FILE_INO));
    arm(f, CHANGE_BYTES, false);
    expected_size(f->expected, 10);
    assert_false(expected_truncate(f->expected, US, FILE_INO, 10));
    assert_false(expected_open(f->expected, US, FILE_INO + 1));
    assert_false(expected_open(f->expected, THEY, FILE_INO));
    assert_true(expected_open(f->expected, US, FILE_INO));
    assert_false(expected_open(f->expected, US, FILE_INO));
    assert_false(expected_truncate(f->expected, US, FILE_INO, 0));
    expected_size(f->expected, 10);
    assert_false(expected_truncate(f->expected, US, FILE_INO, 0));
    assert_false(expected_truncate(f->expected, US, FILE_INO + 1, 10));
    assert_false(expected_truncate(f->expected, THEY, FILE_INO, 10));
    assert_true(expected_truncate(f->expected, US, FILE_INO, 10));
    assert_false(expected_truncate(f->expected, US, FILE_INO, 10));
    arm(f, CHANGE_CREATE, false);
    assert_false(expected_open(f->expected, US, FILE_INO));
}

static void what_is_removed_has_attributes_on_our_way(void **state)
{
    struct fixture *f = *state;
    bool is_directory = false;

    assert_false(expected_getattr(f->expected, US, OLD, &is_directory));
    arm(f, CHANGE_DELETE, false);
    assert_true(expected_getattr(f->expected, US, OLD, &is_directory));
    assert_true(is_directory);
    assert_true(expected_getattr(f->expected, US, FILE_INO, &is_directory));
    assert_false(is_directory);
    assert_false(expected_getattr(f->expected, THEY, OLD, &is_directory));
    assert_false(expected_getattr(f->expected, US, NEW, &is_directory));
}

static void path_is(struct fixture *f, uint64_t ino, const char *wanted)
{
    g_autoptr(GArray) way = folders_way(f->folders, ino);
    g_autofree char *path = way ? folder_path(way, "x") : NULL;

    if (wanted)
        assert_string_equal(path, wanted);
    else
        assert_null(way);
}

static void directories_follow_their_changes(void **state)
{
    struct fixture *f = *state;
    struct change file = {.kind = CHANGE_CREATE, .ino = 99, .parent = OLD, .name = "x"};

    path_is(f, VIEW_ROOT, "x");
    path_is(f, OLD, "Mail/Old/x");
    folders_apply(f->folders, &file);
    path_is(f, 99, NULL);
    apply(f, CHANGE_MOVE, OLD, NEW, "Older");
    path_is(f, OLD, "Mail/New/Older/x");
    apply(f, CHANGE_MOVE, NEW, MAIL, "Newer");
    path_is(f, OLD, "Mail/Newer/Older/x");
    apply(f, CHANGE_DELETE, NEW, MAIL, "Newer");
    path_is(f, OLD, NULL);
    apply(f, CHANGE_CREATE, 30, 31, "a");
    apply(f, CHANGE_CREATE, 31, 30, "b");
    path_is(f, 30, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(our_look_up_finds_what_was, setup, teardown),
        cmocka_unit_test_setup_teardown(exactly_the_one_passes_and_once, setup, teardown),
        cmocka_unit_test_setup_teardown(creation_tells_the_inode, setup, teardown),
        cmocka_unit_test_setup_teardown(a_truncation_needs_its_open_and_its_size, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_removed_has_attributes_on_our_way, setup, teardown),
        cmocka_unit_test_setup_teardown(directories_follow_their_changes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
