/* How fast WBXML is read, beside libwbxml's converter (wbxml2xml) over the same documents: a window
 * of messages through the Sync reader, and a window of contacts through the tree. Prints a line a
 * document; "ratio" is how many times faster ours is, the median of the rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/wire/sync.h"

#define WBXML_OK LIBWBXML_OK /* both libraries call their good result so */
#include <libwbxml-1.0/wbxml/wbxml.h>
#undef WBXML_OK

enum { ROUNDS = 5, MESSAGES = 512, MESSAGE_BYTES = 40000, CONTACTS = 4000, PIECE = 16384 };

static void open_window(struct wbxml_writer *w)
{
    wbxml_open(w, TAG_AirSync_Sync);
    wbxml_open(w, TAG_AirSync_Collections);
    wbxml_open(w, TAG_AirSync_Collection);
    wbxml_text(w, TAG_AirSync_SyncKey, "2");
    wbxml_text(w, TAG_AirSync_CollectionId, "5");
    wbxml_text(w, TAG_AirSync_Status, "1");
    wbxml_open(w, TAG_AirSync_Commands);
}

static void open_item(struct wbxml_writer *w, int number)
{
    g_autofree char *id = g_strdup_printf("5:%d", number);

    wbxml_open(w, TAG_AirSync_Add);
    wbxml_text(w, TAG_AirSync_ServerId, id);
    wbxml_open(w, TAG_AirSync_ApplicationData);
}

static void close_all(struct wbxml_writer *w, int count)
{
    while (count-- > 0)
        wbxml_close(w);
}

static GByteArray *messages(void)
{
    GByteArray *out = g_byte_array_new();
    struct wbxml_writer w;
    g_autofree char *body = g_strnfill(MESSAGE_BYTES, 'x');

    for (int i = 70; i < MESSAGE_BYTES; i += 72)
        memcpy(body + i, "\r\n", 2);
    wbxml_writer_init(&w, out);
    open_window(&w);
    for (int i = 0; i < MESSAGES; i++) {
        open_item(&w, i);
        wbxml_text(&w, TAG_Email_From, "\"Alice Smith\" <alice@example.com>");
        wbxml_text(&w, TAG_Email_Subject, "Budget review");
        wbxml_text(&w, TAG_Email_DateReceived, "2026-11-02T09:15:33.000Z");
        wbxml_text(&w, TAG_Email_Read, "1");
        wbxml_open(&w, TAG_AirSyncBase_Body);
        wbxml_text(&w, TAG_AirSyncBase_Type, "4");
        wbxml_text(&w, TAG_AirSyncBase_Data, body);
        close_all(&w, 3);
    }
    close_all(&w, 4);
    return out;
}

static GByteArray *contacts(void)
{
    GByteArray *out = g_byte_array_new();
    struct wbxml_writer w;

    wbxml_writer_init(&w, out);
    open_window(&w);
    for (int i = 0; i < CONTACTS; i++) {
        open_item(&w, i);
        wbxml_text(&w, TAG_Contacts_FileAs, "Smith, Alice");
        wbxml_text(&w, TAG_Contacts_FirstName, "Alice");
        wbxml_text(&w, TAG_Contacts_LastName, "Smith");
        wbxml_text(&w, TAG_Contacts_Email1Address, "alice@example.com");
        wbxml_text(&w, TAG_Contacts_MobilePhoneNumber, "+1 555 0100");
        wbxml_text(&w, TAG_Contacts_CompanyName, "Example Works");
        wbxml_text(&w, TAG_Contacts_BusinessAddressCity, "Springfield");
        wbxml_text(&w, TAG_Contacts2_NickName, "Al");
        close_all(&w, 2);
    }
    close_all(&w, 4);
    return out;
}

static bool any_begin(void *ctx, const struct sync_state *state, const char *server_id)
{
    (void)ctx;
    (void)state;
    (void)server_id;
    return true;
}

static bool count_bytes(void *ctx, const char *bytes, size_t length)
{
    (void)bytes;
    *(size_t *)ctx += length;
    return true;
}

static bool any_item(void *ctx, const struct sync_state *state, struct sync_item *item)
{
    (void)ctx;
    (void)state;
    (void)item;
    return true;
}

static bool any_end(void *ctx, const struct sync_state *state)
{
    (void)ctx;
    (void)state;
    return true;
}

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "wbxml: unable to %s\n", what);
    exit(1);
}

static void read_pieces(const struct answer_sink *sink, void *ctx, const GByteArray *doc)
{
    int status;

    sink->begin(ctx, "application/vnd.ms-sync.wbxml");
    for (guint at = 0; at < doc->len; at += PIECE)
        must(sink->feed(ctx, doc->data + at, MIN(PIECE, doc->len - at)) == WBXML_OK, "read the document");
    must(sink->finish(ctx, &status) == WBXML_OK, "finish the document");
}

static void read_sync(const GByteArray *doc)
{
    static const struct sync_events events = {any_begin, count_bytes, any_item, any_end};
    size_t bytes = 0;
    struct sync_reader *reader = sync_reader_new(&events, &bytes);

    read_pieces(&sync_sink, reader, doc);
    sync_reader_free(reader);
    must(bytes == (size_t)MESSAGES * MESSAGE_BYTES, "see every byte");
}

static void read_tree(const GByteArray *doc)
{
    struct answer_tree answer = {0};

    read_pieces(&answer_tree_sink, &answer, doc);
    answer_tree_clear(&answer);
}

static void convert(const GByteArray *doc)
{
    WBXMLConvWBXML2XML *converter;
    WB_UTINY *xml = NULL;
    WB_ULONG length = 0;

    must(wbxml_conv_wbxml2xml_create(&converter) == LIBWBXML_OK, "make a converter");
    wbxml_conv_wbxml2xml_set_language(converter, WBXML_LANG_ACTIVESYNC);
    wbxml_conv_wbxml2xml_set_gen_type(converter, WBXML_GEN_XML_COMPACT);
    must(wbxml_conv_wbxml2xml_run(converter, doc->data, doc->len, &xml, &length) == LIBWBXML_OK, "convert");
    wbxml_conv_wbxml2xml_destroy(converter);
    free(xml);
}

static double speed(void (*work)(const GByteArray *doc), const GByteArray *doc)
{
    gint64 start = g_get_monotonic_time();

    work(doc);
    return doc->len / (double)MAX(g_get_monotonic_time() - start, 1);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void bench(const char *what, GByteArray *doc, void (*work)(const GByteArray *doc))
{
    double ours[ROUNDS], theirs[ROUNDS], ratios[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = speed(work, doc);
        theirs[i] = speed(convert, doc);
        ratios[i] = ours[i] / theirs[i];
    }
    qsort(ours, ROUNDS, sizeof *ours, compare);
    qsort(theirs, ROUNDS, sizeof *theirs, compare);
    qsort(ratios, ROUNDS, sizeof *ratios, compare);
    printf("%s, %.1f MB: %.0f MB/s, libwbxml %.1f MB/s, ratio %.1f\n", what, doc->len / 1e6, ours[ROUNDS / 2],
           theirs[ROUNDS / 2], ratios[ROUNDS / 2]);
    g_byte_array_unref(doc);
}

int main(void)
{
    bench("messages", messages(), read_sync);
    bench("contacts", contacts(), read_tree);
    return 0;
}
