/* The protocol material that lies beside the repository and is no part of it: ../shared, or where
 * $EASFS_SHARED points. A test that needs it skips, with a line that says so, where it is absent. */
#ifndef TESTS_UNIT_SHARED_H
#define TESTS_UNIT_SHARED_H

#include <glib.h>
#include <glib/gstdio.h>
#include <stdbool.h>

/* The path of a file below it; the caller frees. */
static inline char *shared_path(const char *name)
{
    const char *shared = g_getenv("EASFS_SHARED");

    return g_build_filename(shared ? shared : "../shared", name, NULL);
}

/* The bytes of a file below it, or NULL. */
static inline GBytes *shared_file(const char *name)
{
    g_autofree char *path = shared_path(name);
    char *text;
    gsize length;

    return g_file_get_contents(path, &text, &length, NULL) ? g_bytes_new_take(text, length) : NULL;
}

static inline bool shared_has(const char *name)
{
    g_autofree char *path = shared_path(name);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static inline int shared_compare(const void *a, const void *b)
{
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory below it that end in suffix, sorted; empty where there is none. */
static inline GPtrArray *shared_names(const char *directory, const char *suffix)
{
    g_autofree char *path = shared_path(directory);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_suffix(name, suffix))
            g_ptr_array_add(names, g_build_filename(directory, name, NULL));
    g_ptr_array_sort(names, shared_compare);
    return names;
}

/* skip() leaves the function by a jump, so before anything is allocated. */
#define SKIP_WITHOUT(thing, name)                                                                                      \
    do {                                                                                                               \
        if (!(thing)) {                                                                                                \
            print_message("skipped: %s is not beside the repository\n", name);                                         \
            skip();                                                                                                    \
        }                                                                                                              \
    } while (0)

#endif
