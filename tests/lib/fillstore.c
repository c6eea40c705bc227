/* Fills a store as a sync would have, so that the mount can be tested with no server at all:
 *   fillstore STATE MESSAGES [absent]
 * Makes an Inbox of MESSAGES messages of known bytes and names, a folder below it with one message of 3 MB and one
 * whose body is not local, and one contact. Message N is N*37 bytes of text after its header. */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/store/store.h"
#include "codec/wire/sync.h"

enum { BIG = 3 << 20, ABSENT_SIZE = 4321 };

#define FIRST_NS 1793610933000000000LL /* 2026-11-02 09:15:33 */

static void check(int error, const char *what)
{
    if (error) {
        fprintf(stderr, "fillstore: %s: %s\n", what, g_strerror(-error));
        exit(1);
    }
}

static int64_t folder(struct store *store, const char *id, const char *parent, const char *name, int type)
{
    struct collection collection = {.server_id = g_strdup(id),
                                    .parent_id = g_strdup(parent),
                                    .name = g_strdup(name),
                                    .type = type,
                                    .class = eas_folder_class(type),
                                    .sync_key = g_strdup("1"),
                                    .selected = true,
                                    .complete = true,
                                    .filter = SYNC_FILTER_NONE};
    int64_t made;

    check(store_collection_put(store, &collection), "a folder");
    made = collection.id;
    collection_clear(&collection);
    return made;
}

static int64_t body(struct store *store, const char *bytes, size_t length)
{
    struct body_writer *writer = store_body_begin(store);
    int64_t made = 0;

    check(store_body_append(writer, bytes, length), "a body");
    check(store_body_finish(writer, store, &made), "a body's end");
    return made;
}

static void item(struct store *store, int64_t in, enum eas_class class, int number, const char *title,
                 const char *bytes, size_t length)
{
    struct item made = {.collection_id = in,
                        .server_id = g_strdup_printf("%" G_GINT64_FORMAT ":%d", in, number),
                        .class = class,
                        .uid = g_strdup_printf("uid-%d", number),
                        .date_ns = class == EAS_MAIL ? FIRST_NS + number * 1000000000LL : 0,
                        .title = g_strdup(title),
                        .flags = {.read = (int8_t)(number % 2), .importance = 1, .categories = g_strdup("")},
                        .size = bytes ? (int64_t)length : ABSENT_SIZE};

    made.body = bytes ? body(store, bytes, length) : 0;
    check(store_item_put(store, &made), "an item");
    item_clear(&made);
}

static void inbox(struct store *store, int64_t in, int messages)
{
    for (int number = 0; number < messages; number++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *title = g_strdup_printf("Alice Smith - Message %d", number);

        g_string_printf(text, "Subject: Message %d\r\n\r\n", number);
        for (int line = 0; line < number; line++) {
            g_string_append_printf(text, "line %05d of the message number %05d\r\n", line, number);
        }
        item(store, in, EAS_MAIL, number, title, text->str, text->len);
    }
}

int main(int argc, char **argv)
{
    static const char card[] = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jane Doe\r\nEND:VCARD\r\n";
    g_autofree char *why = NULL, *big = g_malloc(BIG);
    struct store *store = NULL;
    int64_t below, contacts;

    if (argc < 3 || store_open(argv[1], &store, &why) != 0) {
        fprintf(stderr, "fillstore: %s\n", argc < 3 ? "usage: fillstore STATE MESSAGES [absent]" : why);
        return 1;
    }
    memset(big, 'x', BIG);
    check(store_begin(store), "begin");
    check(store_set(store, "hierarchy-key", "1"), "the key of the folders"); /* or it would be asked for first */
    inbox(store, folder(store, "1", "0", "Inbox", EAS_FOLDER_INBOX), atoi(argv[2]));
    below = folder(store, "2", "1", "Large", 12);
    item(store, below, EAS_MAIL, 1, "Bob - Big", big, BIG);
    contacts = folder(store, "3", "0", "Contacts", 9);
    item(store, contacts, EAS_CONTACTS, 1, "Jane Doe", card, strlen(card));
    if (argc > 3) {
        item(store, folder(store, "4", "0", "Elsewhere", 12), EAS_MAIL, 1, "Bob - Not here", NULL, 0);
    }
    check(store_bodies_flush(store), "flush");
    check(store_commit(store), "commit");
    store_close(store);
    return 0;
}
