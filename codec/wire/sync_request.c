#include <string.h>

#include "codec/limits.h"
#include "codec/wire/sync.h"
#include "codec/wire/wbxml_writer.h"

enum { BODY_PLAIN = 1, BODY_MIME = 4, MIME_ALWAYS = 2, MIME_TRUNCATE_ALL = 0, MIME_WHOLE = 8, SERVER_WINS = 1 };

static bool is_priming(const struct sync_collection *collection)
{
    return strcmp(collection->sync_key, "0") == 0;
}

static bool has_commands(const struct sync_collection *collection)
{
    return collection->command_count > 0 && !is_priming(collection);
}

/* AllOrNone spares the first half megabyte of a body that has to be fetched whole anyway. A
 * TruncationSize of 0 makes the server announce a size and send no byte; MIMETruncation says the
 * same to servers that ignore TruncationSize (MS-ASCMD 2.2.3.109). */
static void write_mail_options(struct wbxml_writer *writer, long inline_bytes)
{
    wbxml_number(writer, TAG_AirSync_MIMESupport, MIME_ALWAYS);
    wbxml_number(writer, TAG_AirSync_MIMETruncation, inline_bytes > 0 ? MIME_WHOLE : MIME_TRUNCATE_ALL);
    wbxml_open(writer, TAG_AirSyncBase_BodyPreference);
    wbxml_number(writer, TAG_AirSyncBase_Type, BODY_MIME);
    wbxml_number(writer, TAG_AirSyncBase_TruncationSize, inline_bytes);
    if (inline_bytes > 0)
        wbxml_number(writer, TAG_AirSyncBase_AllOrNone, 1);
    wbxml_close(writer);
}

/* Options stick to the collection on the server, so the whole block goes with every request. Conflict is
 * the default said aloud: it sticks as well, and another client's request may have set it. */
static void write_options(struct wbxml_writer *writer, const struct sync_collection *collection)
{
    wbxml_open(writer, TAG_AirSync_Options);
    if (collection->filter != SYNC_FILTER_NONE)
        wbxml_number(writer, TAG_AirSync_FilterType, collection->filter);
    if (has_commands(collection))
        wbxml_number(writer, TAG_AirSync_Conflict, SERVER_WINS);
    if (collection->class == EAS_MAIL && !collection->plain) {
        write_mail_options(writer, collection->inline_bytes);
    } else {
        wbxml_open(writer, TAG_AirSyncBase_BodyPreference);
        wbxml_number(writer, TAG_AirSyncBase_Type, BODY_PLAIN);
        if (collection->plain)
            wbxml_number(writer, TAG_AirSyncBase_TruncationSize, 0);
        wbxml_close(writer);
    }
    wbxml_close(writer);
}

/* A Delete and a Fetch have the ids alone, whatever else was given. */
static void write_command(struct wbxml_writer *writer, const struct sync_command *command)
{
    static const eas_tag tags[] = {
        [SYNC_ADD] = TAG_AirSync_Add,
        [SYNC_CHANGE] = TAG_AirSync_Change,
        [SYNC_DELETE] = TAG_AirSync_Delete,
        [SYNC_FETCH] = TAG_AirSync_Fetch,
    };
    bool add = command->kind == SYNC_ADD, says = add || command->kind == SYNC_CHANGE;

    wbxml_open(writer, tags[command->kind]);
    wbxml_text(writer, add ? TAG_AirSync_ClientId : TAG_AirSync_ServerId,
               add ? command->client_id : command->server_id);
    if (command->instance_id && !add && command->kind != SYNC_FETCH)
        wbxml_text(writer, TAG_AirSyncBase_InstanceId, command->instance_id);
    if (says && command->data)
        eas_node_write(writer, command->data);
    wbxml_close(writer);
}

static void write_commands(struct wbxml_writer *writer, const struct sync_collection *collection)
{
    wbxml_open(writer, TAG_AirSync_Commands);
    for (size_t i = 0; i < collection->command_count; i++)
        write_command(writer, &collection->commands[i]);
    wbxml_close(writer);
}

/* The order is the schema's, and servers insist on it. A priming request asks for nothing but a
 * key: GetChanges with key 0 is a protocol error (MS-ASCMD 2.2.3.84). */
static void write_collection(struct wbxml_writer *writer, const struct sync_collection *collection)
{
    wbxml_open(writer, TAG_AirSync_Collection);
    wbxml_text(writer, TAG_AirSync_SyncKey, collection->sync_key);
    wbxml_text(writer, TAG_AirSync_CollectionId, collection->collection_id);
    if (!is_priming(collection)) {
        wbxml_number(writer, TAG_AirSync_DeletesAsMoves, !collection->deletes_for_good);
        wbxml_number(writer, TAG_AirSync_GetChanges, !collection->no_changes);
        if (collection->window > 0)
            wbxml_number(writer, TAG_AirSync_WindowSize, MIN(collection->window, LIMIT_WINDOW_ITEMS));
    }
    write_options(writer, collection);
    if (has_commands(collection))
        write_commands(writer, collection);
    wbxml_close(writer);
}

void sync_request(GByteArray *out, enum eas_version version, const struct sync_collection *collections, size_t count,
                  int window_total)
{
    struct wbxml_writer writer;

    (void)version; /* 12.1 to 16.1 read one and the same form; Class would come first for 12.0 */
    wbxml_writer_init(&writer, out);
    wbxml_open(&writer, TAG_AirSync_Sync);
    wbxml_open(&writer, TAG_AirSync_Collections);
    for (size_t i = 0; i < count; i++)
        write_collection(&writer, &collections[i]);
    wbxml_close(&writer);
    if (window_total > 0)
        wbxml_number(&writer, TAG_AirSync_WindowSize, MIN(window_total, LIMIT_WINDOW_ITEMS));
    wbxml_close(&writer);
}
