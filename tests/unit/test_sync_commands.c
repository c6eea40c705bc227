/* Changes made here, in the request and in the answer to it. Catches: Commands out of their strict order or sent with
 * key 0, an id that a kind of command must not have, a DeletesAsMoves that deletes for good unasked, a fate that is
 * told of another command, a FileReference that is lost. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "codec/wire/sync.h"
#include "tests/unit/item_data.h"

/* The children of an element, and of those among them that are commands, in one line. */
static void say(const struct eas_node *node, GString *into)
{
    for (const struct eas_node *child = node ? node->first : NULL; child; child = child->next) {
        g_string_append(into, eas_tag_name(child->tag));
        if (child->first) {
            g_string_append_c(into, '(');
            say(child, into);
            g_string_append_c(into, ')');
        } else {
            g_string_append_printf(into, "=%s", child->text);
        }
        if (child->next)
            g_string_append_c(into, ' ');
    }
}

static char *request_of(enum eas_version version, const struct sync_collection *collection)
{
    g_autoptr(GByteArray) out = g_byte_array_new();

    sync_request(out, version, collection, 1, 0);
    g_autoptr(eas_node) root = eas_node_parse(out->data, out->len, NULL);
    assert_non_null(root);
    GString *said = g_string_new(NULL);
    say(root->first->first, said);
    return g_string_free(said, FALSE);
}

static void commands_in_strict_order(void **state)
{
    g_autoptr(eas_node) data = ITEM({TAG_Contacts_FirstName, "Jane"});
    const struct sync_command commands[] = {
        {SYNC_ADD, .client_id = "c1", .data = data, .server_id = "never", .instance_id = "never"},
        {SYNC_CHANGE, .server_id = "7:1", .client_id = "never", .data = data},
        {SYNC_CHANGE, .server_id = "7:2", .instance_id = "20260106T090000Z", .data = data},
        {SYNC_DELETE, .server_id = "7:3", .data = data},
        {SYNC_DELETE, .server_id = "7:4", .instance_id = "20260106T090000Z"},
        {SYNC_FETCH, .server_id = "7:5", .instance_id = "never", .data = data},
    };
    struct sync_collection collection = {"7",
                                         "k1",
                                         EAS_CONTACTS,
                                         50,
                                         SYNC_FILTER_NONE,
                                         0,
                                         .commands = commands,
                                         .command_count = G_N_ELEMENTS(commands)};
#define SAYS "ApplicationData(FirstName=Jane)"
#define COMMANDS                                                                                                       \
    "Commands(Add(ClientId=c1 " SAYS ") Change(ServerId=7:1 " SAYS                                                     \
    ") Change(ServerId=7:2 InstanceId=20260106T090000Z " SAYS                                                          \
    ") Delete(ServerId=7:3) Delete(ServerId=7:4 InstanceId=20260106T090000Z) Fetch(ServerId=7:5))"

    (void)state;
    for (int for_good = 0; for_good < 2; for_good++) {
        collection.deletes_for_good = for_good;
        g_autofree char *said = request_of(EAS_16_1, &collection);
        g_autofree char *expected =
            g_strdup_printf("SyncKey=k1 CollectionId=7 DeletesAsMoves=%d GetChanges=1 WindowSize=50 "
                            "Options(Conflict=1 BodyPreference(Type=1)) " COMMANDS,
                            !for_good);

        assert_string_equal(said, expected);
    }
}

static void a_priming_request_has_none(void **state)
{
    const struct sync_command command = {SYNC_DELETE, .server_id = "7:1"};
    const struct sync_collection collection = {
        "7", "0", EAS_CONTACTS, 50, SYNC_FILTER_NONE, 0, .commands = &command, .command_count = 1};
    g_autofree char *said = request_of(EAS_14_1, &collection);

    (void)state;
    assert_string_equal(said, "SyncKey=0 CollectionId=7 Options(BodyPreference(Type=1))");
}

static bool told(void *ctx, const struct sync_state *state, struct sync_item *item)
{
    static const char *const kinds[] = {"add", "change", "delete", "soft-delete", "fetch"};

    (void)state;
    g_string_append_printf(ctx, "%s%s %s/%s/%s %d ", item->response ? "" : "server's ", kinds[item->kind],
                           item->server_id, item->client_id ? item->client_id : "-",
                           item->instance_id ? item->instance_id : "-", item->status);
    say(item->data, ctx);
    g_string_append_c(ctx, '\n');
    return true;
}

static bool ended(void *ctx, const struct sync_state *state)
{
    g_string_append_printf(ctx, "%s%s\n", state->sync_key, state->had_commands ? " commands" : "");
    return true;
}

static void response(struct wbxml_writer *writer, eas_tag kind, const char *client_id, const char *server_id,
                     const char *instance_id, const char *status, const struct eas_node *data)
{
    wbxml_open(writer, kind);
    if (client_id)
        wbxml_text(writer, TAG_AirSync_ClientId, client_id);
    if (server_id)
        wbxml_text(writer, TAG_AirSync_ServerId, server_id);
    if (instance_id)
        wbxml_text(writer, TAG_AirSyncBase_InstanceId, instance_id);
    if (status)
        wbxml_text(writer, TAG_AirSync_Status, status);
    if (data)
        eas_node_write(writer, data);
    wbxml_close(writer);
}

static void the_fate_of_each_command(void **state)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(eas_node) attachments = ITEM({TAG_AirSyncBase_Attachments, NULL}, {TAG_AirSyncBase_Attachment, NULL},
                                           {TAG_AirSyncBase_ClientId, "a1"}, {TAG_AirSyncBase_FileReference, "5:1:0"});
    g_autoptr(eas_node) contact = ITEM({TAG_Contacts_FirstName, "Jane"});
    static const struct sync_events events = {.item = told, .collection_end = ended};
    g_autoptr(GString) said = g_string_new(NULL);
    struct wbxml_writer writer;
    int status;

    (void)state;
    wbxml_writer_init(&writer, out);
    wbxml_open(&writer, TAG_AirSync_Sync);
    wbxml_open(&writer, TAG_AirSync_Collections);
    wbxml_open(&writer, TAG_AirSync_Collection);
    wbxml_text(&writer, TAG_AirSync_SyncKey, "k2");
    wbxml_text(&writer, TAG_AirSync_CollectionId, "7");
    wbxml_text(&writer, TAG_AirSync_Status, "1");
    wbxml_open(&writer, TAG_AirSync_Responses);
    response(&writer, TAG_AirSync_Add, "c1", "7:8", NULL, "1", NULL);
    response(&writer, TAG_AirSync_Add, "c2", NULL, NULL, "6", NULL);
    response(&writer, TAG_AirSync_Change, NULL, "7:1", NULL, "7", NULL);
    response(&writer, TAG_AirSync_Change, NULL, "7:2", "20260106T090000Z", "8", NULL);
    response(&writer, TAG_AirSync_Change, NULL, "7:3", NULL, "1", attachments);
    response(&writer, TAG_AirSync_Delete, NULL, "7:4", NULL, "8", NULL);
    response(&writer, TAG_AirSync_Fetch, NULL, "7:5", NULL, "1", contact);
    response(&writer, TAG_AirSync_Fetch, NULL, "7:6", NULL, "8", NULL);
    wbxml_close(&writer);
    for (int i = 0; i < 3; i++)
        wbxml_close(&writer);

    struct sync_reader *reader = sync_reader_new(&events, said);
    sync_sink.begin(reader, "");
    for (guint at = 0; at < out->len; at++)
        assert_int_equal(sync_sink.feed(reader, out->data + at, 1), WBXML_OK);
    assert_int_equal(sync_sink.finish(reader, &status), WBXML_OK);
    sync_reader_free(reader);
    assert_string_equal(said->str, "add 7:8/c1/- 1 \n"
                                   "add /c2/- 6 \n"
                                   "change 7:1/-/- 7 \n"
                                   "change 7:2/-/20260106T090000Z 8 \n"
                                   "change 7:3/-/- 1 Attachments(Attachment(ClientId=a1 FileReference=5:1:0))\n"
                                   "delete 7:4/-/- 8 \n"
                                   "fetch 7:5/-/- 1 FirstName=Jane\n"
                                   "fetch 7:6/-/- 8 \n"
                                   "k2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_in_strict_order),
        cmocka_unit_test(a_priming_request_has_none),
        cmocka_unit_test(the_fate_of_each_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
