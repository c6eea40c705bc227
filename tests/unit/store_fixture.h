/* What the tests of the store share: a store in a directory of its own, folders and items in few words. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "cache/store/store.h"
#include "cache/view.h"

#define DAY_NS (INT64_C(86400) * 1000000000)

struct fixture {
    char *dir;
    struct store *store;
    struct view *view;
};

static inline void fixture_open(struct fixture *f)
{
    g_autofree char *why = NULL;

    assert_int_equal(store_open(f->dir, &f->store, &why), 0);
    f->view = view_new(f->store);
    assert_non_null(f->view);
}

static inline void fixture_close(struct fixture *f)
{
    view_free(f->view);
    store_close(f->store);
    f->view = NULL;
    f->store = NULL;
}

static inline void fixture_reopen(struct fixture *f)
{
    fixture_close(f);
    fixture_open(f);
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);

    f->dir = g_dir_make_tmp("easfs-store-XXXXXX", NULL);
    fixture_open(f);
    *state = f;
    return 0;
}

static inline int fixture_remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    fixture_close(f);
    nftw(f->dir, fixture_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    g_free(f->dir);
    g_free(f);
    return 0;
}

/* Every test leaves a store whose parts agree. */
static inline void print_finding(void *ctx, const char *finding)
{
    (void)ctx;
    print_error("%s\n", finding);
}

static inline void assert_sound(struct store *store)
{
    assert_int_equal(store_verify(store, print_finding, NULL), 0);
}

/* A folder, put in a transaction of its own; gives its id. */
static inline int64_t put_folder(struct fixture *f, int64_t id, const char *server_id, const char *parent,
                                 const char *name, int type)
{
    struct collection collection = {.id = id,
                                    .server_id = (char *)server_id,
                                    .parent_id = (char *)parent,
                                    .name = (char *)name,
                                    .type = type,
                                    .class = eas_folder_class(type),
                                    .sync_key = (char *)"0",
                                    .selected = true,
                                    .filter = -1};

    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_collection_put(f->store, &collection), 0);
    assert_int_equal(store_commit(f->store), 0);
    return collection.id;
}

static inline int64_t write_body(struct store *store, const char *bytes)
{
    struct body_writer *writer = store_body_begin(store);
    int64_t body;

    assert_int_equal(store_body_append(writer, bytes, strlen(bytes)), 0);
    assert_int_equal(store_body_finish(writer, store, &body), 0);
    return body;
}

/* Puts an item within the present transaction; bytes NULL: not local. */
static inline void put(struct store *store, struct item *item, const char *bytes)
{
    if (bytes)
        item->body = write_body(store, bytes);
    assert_int_equal(store_item_put(store, item), 0);
}

/* A new mail in a transaction of its own; gives its inode. */
static inline int64_t put_mail(struct fixture *f, int64_t collection, const char *server_id, const char *title,
                               int64_t date_ns, const char *bytes)
{
    struct item item = {
        .collection_id = collection, .server_id = (char *)server_id, .title = (char *)title, .date_ns = date_ns};

    assert_int_equal(store_begin(f->store), 0);
    put(f->store, &item, bytes);
    assert_int_equal(store_commit(f->store), 0);
    return item.ino;
}

static inline bool list_name(void *ctx, const char *name, const struct view_attr *attr, uint64_t next)
{
    (void)attr, (void)next;
    g_ptr_array_add(ctx, g_strdup(name));
    return true;
}

static inline GPtrArray *list_names(struct view *view, uint64_t dir)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    assert_int_equal(view_list(view, dir, 0, list_name, names), 0);
    return names;
}

/* The names of a directory in their order, as one string, for comparison. */
static inline char *listing(struct view *view, uint64_t dir)
{
    g_autoptr(GPtrArray) names = list_names(view, dir);

    g_ptr_array_add(names, NULL);
    return g_strjoinv("|", (char **)names->pdata);
}

static inline void assert_listing(struct view *view, uint64_t dir, const char *expected)
{
    g_autofree char *got = listing(view, dir);

    assert_string_equal(got, expected);
}

static inline void assert_path(struct fixture *f, uint64_t ino, const char *expected)
{
    g_autofree char *got = view_path(f->view, ino);

    assert_non_null(got);
    assert_string_equal(got, expected);
}

static inline struct view_attr attr_of(struct view *view, uint64_t ino)
{
    struct view_attr attr;

    assert_int_equal(view_getattr(view, ino, &attr), 0);
    return attr;
}

static inline char *bytes_of(struct view *view, uint64_t ino)
{
    char *buffer = g_malloc0(1 << 20);

    assert_true(view_read(view, ino, buffer, (1 << 20) - 1, 0) >= 0);
    return buffer;
}

static inline void assert_bytes(struct view *view, uint64_t ino, const char *expected)
{
    g_autofree char *got = bytes_of(view, ino);

    assert_string_equal(got, expected);
}

enum { INO_MAIL = 2, INO_CALENDAR, INO_CONTACTS, INO_TASKS, INO_NOTES };
enum { TYPE_MAIL = 12, TYPE_CALENDAR = 13, TYPE_DEFAULT_CALENDAR = 8 };

#endif
