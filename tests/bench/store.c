/* What the store can do by itself: a first sync's worth of mail put in windows, then listings,
 * look-ups, reads and a warm start.
 *
 *     build/bench/store DIRECTORY [ITEMS [BODY_BYTES [WINDOW]]]
 *
 * DIRECTORY must not exist or be empty; what is made in it stays, to be looked at. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "cache/store/store.h"
#include "cache/view.h"

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void check(int error, const char *what)
{
    if (error < 0) {
        fprintf(stderr, "store: unable to %s: %s\n", what, strerror(-error));
        exit(70);
    }
}

static long rss_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static int64_t put_inbox(struct store *store)
{
    struct collection inbox = {.server_id = (char *)"5",
                               .parent_id = (char *)"0",
                               .name = (char *)"Inbox",
                               .type = EAS_FOLDER_INBOX,
                               .class = EAS_MAIL,
                               .selected = true};

    check(store_begin(store), "begin");
    check(store_collection_put(store, &inbox), "put a folder");
    check(store_commit(store), "commit");
    return inbox.id;
}

/* Every tenth message has the subject and second of the one before. */
static void put_mail(struct store *store, int64_t inbox, int number, const char *bytes, size_t size)
{
    g_autofree char *server_id = g_strdup_printf("5:%d", number);
    g_autofree char *title =
        g_strdup_printf("Correspondent %d - Notes on subject %d of the week", number % 97, number - (number % 10 == 9));
    g_autofree char *uid = g_strdup_printf("<%d.%08x@mail.example.org>", number, number * 2654435761u);
    struct item item = {.collection_id = inbox,
                        .server_id = server_id,
                        .title = title,
                        .uid = uid,
                        .date_ns = (int64_t)(1700000000 + (number - (number % 10 == 9)) * 7) * 1000000000,
                        .flags = {.read = number % 3 != 0, .importance = 1, .categories = (char *)""}};
    struct body_writer *writer = store_body_begin(store);

    check(store_body_append(writer, bytes, size), "write a body");
    check(store_body_finish(writer, store, &item.body), "end a body");
    check(store_item_put(store, &item), "put an item");
}

static void fill(struct store *store, int items, size_t size, int window)
{
    g_autofree char *bytes = g_malloc(size + 1);
    int64_t inbox = put_inbox(store);
    double start = now(), longest = 0;

    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 2654435761u >> 24);
    for (int done = 0; done < items; done += window) {
        check(store_begin(store), "begin");
        double begun = now();

        for (int i = done; i < MIN(items, done + window); i++)
            put_mail(store, inbox, i, bytes, size);
        check(store_bodies_flush(store), "flush");
        check(store_commit(store), "commit");
        longest = MAX(longest, now() - begun);
    }
    double took = now() - start;

    printf("put             %8.0f items/s, longest transaction %.1f ms\n", items / took, longest * 1e3);
}

static bool take(void *ctx, const char *name, const struct view_attr *attr, uint64_t next)
{
    (void)attr;
    (void)next;
    g_ptr_array_add(ctx, g_strdup(name));
    return true;
}

static void read_all(struct store *store)
{
    struct view *view = view_new(store);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    struct view_attr mail, inbox, attr;
    g_autofree char *buffer = g_malloc(1 << 20);
    double start;

    check(view_lookup(view, VIEW_ROOT, "Mail", &mail), "look up Mail");
    check(view_lookup(view, mail.ino, "Inbox", &inbox), "look up Inbox");
    start = now();
    check(view_list(view, inbox.ino, 0, take, names), "list");
    printf("list            %8.1f ms for %u entries\n", (now() - start) * 1e3, names->len);
    start = now();
    for (guint i = 0; i < names->len; i++)
        check(view_lookup(view, inbox.ino, names->pdata[(i * 7919) % names->len], &attr), "look up");
    printf("look-ups        %8.0f /s\n", names->len / (now() - start));
    start = now();
    for (guint i = 0; i < names->len; i++)
        check(view_getattr(view, attr.ino - i, &attr) & 0, "stat");
    printf("getattr         %8.0f /s\n", names->len / (now() - start));
    start = now();
    for (guint i = 0; i < names->len; i++)
        check((int)view_read(view, inbox.ino + 1 + i, buffer, 1 << 20, 0), "read");
    printf("whole reads     %8.0f /s\n", names->len / (now() - start));
    view_free(view);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 64;
    int items = argc > 2 ? atoi(argv[2]) : 100000, window = argc > 4 ? atoi(argv[4]) : 256;
    size_t bytes = argc > 3 ? strtoul(argv[3], NULL, 10) : 2000;
    struct store_size size;
    struct store *store;
    double start;

    check(store_open(argv[1], &store, NULL), "open the store");
    fill(store, items, bytes, window);
    store_close(store);
    start = now();
    check(store_open(argv[1], &store, NULL), "open the store again");
    struct view *view = view_new(store);
    bool local = view_all_local(view);

    printf("warm open       %8.1f ms%s\n", (now() - start) * 1e3, local ? ", all local" : "");
    view_free(view);
    read_all(store);
    check(store_size(store, &size), "measure");
    printf("database        %8.0f bytes an item\n", (double)size.database / items);
    printf("on disk         %8.3f x the bodies\n", (double)(size.database + size.packs) / (double)size.bodies);
    printf("resident        %8ld KiB at most\n", rss_kib());
    store_close(store);
    return 0;
}
