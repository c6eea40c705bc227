/* The events file. Catches: a line that is no JSON object of the contract's shape, a file that grows past its bound, a
 * beginning that does not say that it was truncated, what an earlier mount left. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>

#include "codec/limits.h"
#include "fs/mount/events.h"

enum { TIME_MS = 123 };

struct fixture {
    char *dir;
    struct events *events;
};

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);

    f->dir = g_dir_make_tmp("easfs-events-XXXXXX", NULL);
    f->events = events_new(f->dir);
    *state = f;
    return f->events ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    g_autofree char *path = g_build_filename(f->dir, "events", NULL);

    events_free(f->events);
    g_unlink(path);
    g_rmdir(f->dir);
    g_free(f->dir);
    g_free(f);
    return 0;
}

static void append(struct fixture *f, const char *kind, const char *path, const char *from)
{
    events_append(f->events,
                  &(struct event_line){
                      .time_ns = TIME_MS * G_GINT64_CONSTANT(1000000) + 5, .kind = kind, .path = path, .from = from});
}

static off_t size_of(struct fixture *f)
{
    struct stat st;

    assert_int_equal(lines_stat(events_lines(f->events), &st), 0);
    return st.st_size;
}

/* The line at an offset, as a value. */
static json_t *line_at(struct fixture *f, off_t offset)
{
    char text[1024] = "";
    json_t *value;

    assert_true(lines_read(events_lines(f->events), text, sizeof text - 1, offset) > 0);
    assert_non_null(strchr(text, '\n'));
    *strchr(text, '\n') = '\0';
    value = json_loads(text, 0, NULL);
    assert_true(json_is_object(value));
    return value;
}

static void a_line_is_as_the_contract_says(void **state)
{
    struct fixture *f = *state;
    json_t *line;

    append(f, "move", "Mail/New/\"x\"\n.eml", "Mail/Old/x.eml");
    line = line_at(f, 0);
    assert_string_equal(json_string_value(json_object_get(line, "time")), "1970-01-01T00:00:00.123Z");
    assert_string_equal(json_string_value(json_object_get(line, "kind")), "move");
    assert_string_equal(json_string_value(json_object_get(line, "path")), "Mail/New/\"x\"\n.eml");
    assert_string_equal(json_string_value(json_object_get(line, "from")), "Mail/Old/x.eml");
    assert_true(json_is_null(json_object_get(line, "item")));
    assert_null(json_object_get(line, "state"));
    json_decref(line);
}

static void it_is_bounded_and_says_so(void **state)
{
    struct fixture *f = *state;
    g_autofree char *path = g_strnfill(4000, 'x');
    off_t before = 0, size;
    json_t *line;

    while ((size = size_of(f)) >= before) {
        assert_true(size < LIMIT_EVENTS_BYTES + 8192);
        before = size;
        append(f, "create", path, NULL);
    }
    assert_true(before >= LIMIT_EVENTS_BYTES);
    line = line_at(f, 0);
    assert_string_equal(json_string_value(json_object_get(line, "kind")), "rotated");
    json_decref(line);
}

static void a_mount_begins_anew(void **state)
{
    struct fixture *f = *state;
    char byte;

    append(f, "create", "x", NULL);
    events_free(f->events);
    f->events = events_new(f->dir);
    assert_non_null(f->events);
    assert_int_equal(size_of(f), 0);
    assert_int_equal(lines_read(events_lines(f->events), &byte, 1, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_is_as_the_contract_says, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_bounded_and_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(a_mount_begins_anew, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
