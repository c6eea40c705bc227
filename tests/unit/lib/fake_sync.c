#include <stdio.h>
#include <string.h>

#include "tests/unit/lib/fake_mailbox.h"

struct asked {
    const char *key;
    int window, type;
    long inline_bytes;
    bool silent, commands; /* GetChanges 0 */
    const struct eas_node *node;
};

static struct asked read_asked(const struct eas_node *collection)
{
    const struct eas_node *options = eas_node_child(collection, TAG_AirSync_Options);
    const struct eas_node *preference = eas_node_child(options, TAG_AirSyncBase_BodyPreference);

    return (struct asked){
        .key = eas_node_text(collection, TAG_AirSync_SyncKey),
        .window = (int)eas_node_number(collection, TAG_AirSync_WindowSize, 100),
        .type = (int)eas_node_number(preference, TAG_AirSyncBase_Type, 0),
        .inline_bytes = (long)eas_node_number(preference, TAG_AirSyncBase_TruncationSize, 0),
        .silent = eas_node_number(collection, TAG_AirSync_GetChanges, 1) == 0,
        .commands = eas_node_child(collection, TAG_AirSync_Commands) != NULL,
        .node = collection,
    };
}

enum verdict { SAID, SILENT, FAILED };

static void write_event(struct fake_mailbox *mailbox, struct fake_folder *folder, const struct fake_event *event,
                        const struct asked *asked, struct eas_node *commands)
{
    static const eas_tag tags[] = {[FAKE_ADD] = TAG_AirSync_Add,
                                   [FAKE_CHANGE] = TAG_AirSync_Change,
                                   [FAKE_WHOLE_CHANGE] = TAG_AirSync_Change,
                                   [FAKE_DELETE] = TAG_AirSync_Delete,
                                   [FAKE_SOFT_DELETE] = TAG_AirSync_SoftDelete};
    struct eas_node *command = eas_node_add(commands, tags[event->kind], NULL);

    eas_node_add(command, TAG_AirSync_ServerId, event->id);
    if (event->kind == FAKE_DELETE || event->kind == FAKE_SOFT_DELETE)
        return;
    event->item->given += event->kind == FAKE_ADD;
    eas_node_append(command, fake_data(mailbox, folder, event->item, asked->inline_bytes, event->kind != FAKE_CHANGE));
}

static bool holds_broken(const struct fake_folder *folder, unsigned from, unsigned to, const struct asked *asked)
{
    for (unsigned i = from; i < to && asked->type == 4; i++)
        if (g_array_index(folder->log, struct fake_event, i).item->broken)
            return true;
    return false;
}

static bool holds_poison(const struct fake_folder *folder, unsigned from, unsigned to, const struct asked *asked)
{
    for (unsigned i = from; i < to; i++) {
        const struct fake_event *event = &g_array_index(folder->log, struct fake_event, i);

        if (event->kind == FAKE_ADD && event->item->poison && asked->inline_bytes > 0)
            return true;
    }
    return false;
}

static enum verdict write_window(struct fake_mailbox *mailbox, struct fake_folder *folder, const struct asked *asked,
                                 struct eas_node *out)
{
    unsigned epoch, place = 0, end;
    bool first = !strcmp(asked->key, "0");

    if (!first &&
        (sscanf(asked->key, "%u-%u", &epoch, &place) != 2 || epoch != folder->epoch || place > folder->log->len)) {
        eas_node_add(out, TAG_AirSync_Status, "3");
        return SAID;
    }
    if (!first && !fake_commands(mailbox, folder, asked->node, &place, out))
        return FAILED;
    end = first ? 0 : asked->silent ? place : MIN(place + (unsigned)asked->window, folder->log->len);
    if (holds_broken(folder, place, end, asked))
        return FAILED;
    if (holds_poison(folder, place, end, asked))
        return mailbox->poison_fails ? FAILED : SILENT;
    if (!first && end == place && !folder->endless && !asked->commands)
        return SILENT;
    g_autofree char *key = g_strdup_printf("%u-%u", folder->epoch, end);

    struct eas_node *responses = eas_node_take(out, TAG_AirSync_Responses);

    eas_node_add(out, TAG_AirSync_SyncKey, key);
    eas_node_add(out, TAG_AirSync_Status, "1");
    if (responses)
        eas_node_append(out, responses);
    if (!first && !asked->silent && (end < folder->log->len || folder->endless))
        eas_node_add(out, TAG_AirSync_MoreAvailable, NULL);
    if (end > place) {
        struct eas_node *commands = eas_node_add(out, TAG_AirSync_Commands, NULL);

        for (unsigned i = place; i < end; i++) {
            const struct fake_event *event = &g_array_index(folder->log, struct fake_event, i);

            /* From the start everything is told; a server with a memory tells what the key does not know. */
            if (!event->own || place == 0)
                write_event(mailbox, folder, event, asked, commands);
        }
    }
    return SAID;
}

static enum verdict write_collection(struct fake_mailbox *mailbox, const struct eas_node *asked_node,
                                     struct eas_node *collections)
{
    const char *id = eas_node_text(asked_node, TAG_AirSync_CollectionId);
    struct fake_folder *folder = fake_folder_by_id(mailbox, id);
    struct asked asked = read_asked(asked_node);

    if (!folder || folder->silent)
        return SILENT;
    folder->asked += strcmp(asked.key, "0") != 0;
    if (folder->refuses)
        return FAILED;
    g_autoptr(eas_node) out = eas_node_new(TAG_AirSync_Collection, NULL);

    eas_node_add(out, TAG_AirSync_CollectionId, id);
    if (folder->statuses && strcmp(asked.key, "0") != 0) {
        g_autofree char *status = g_strdup_printf("%d", folder->status);

        folder->statuses--;
        eas_node_add(out, TAG_AirSync_Status, status);
    } else {
        enum verdict verdict = write_window(mailbox, folder, &asked, out);

        if (verdict != SAID)
            return verdict;
    }
    eas_node_append(collections, g_steal_pointer(&out));
    return SAID;
}

static void reply_limit(const struct fake_mailbox *mailbox, struct script_reply *reply)
{
    struct eas_node *node = eas_node_new(TAG_AirSync_Sync, NULL);
    g_autofree char *limit = g_strdup_printf("%u", mailbox->limit);

    eas_node_add(node, TAG_AirSync_Status, "15");
    eas_node_add(node, TAG_AirSync_Limit, limit);
    script_reply_document(reply, NULL, node);
}

void fake_sync(struct fake_mailbox *mailbox, const struct eas_node *root, struct script_reply *reply)
{
    const struct eas_node *list = eas_node_child(root, TAG_AirSync_Collections);
    g_autoptr(eas_node) answer = eas_node_new(TAG_AirSync_Sync, NULL);
    struct eas_node *collections = eas_node_add(answer, TAG_AirSync_Collections, NULL);
    unsigned count = 0;

    mailbox->syncs++;
    for (const struct eas_node *each = list ? list->first : NULL; each; each = each->next)
        count++;
    if (mailbox->limit && count > mailbox->limit) {
        reply_limit(mailbox, reply);
        return;
    }
    for (const struct eas_node *each = list ? list->first : NULL; each; each = each->next)
        if (write_collection(mailbox, each, collections) == FAILED) {
            script_reply_http(reply, 501, NULL, "", 0);
            return;
        }
    if (collections->first)
        script_reply_document(reply, NULL, g_steal_pointer(&answer));
    else
        script_reply_http(reply, 200, "Content-Type: application/vnd.ms-sync.wbxml\r\n", "", 0);
}

/* What waits is counted truly. */
void fake_estimate(struct fake_mailbox *mailbox, const struct eas_node *root, struct script_reply *reply)
{
    const struct eas_node *list = eas_node_child(root, TAG_GetItemEstimate_Collections);
    struct eas_node *answer = eas_node_new(TAG_GetItemEstimate_GetItemEstimate, NULL);

    for (const struct eas_node *each = list ? list->first : NULL; each; each = each->next) {
        const char *id = eas_node_text(each, TAG_GetItemEstimate_CollectionId);
        const char *key = eas_node_text(each, TAG_AirSync_SyncKey);
        const struct fake_folder *folder = fake_folder_by_id(mailbox, id);
        struct eas_node *response = eas_node_add(answer, TAG_GetItemEstimate_Response, NULL);
        unsigned epoch = 0, place = 0;
        g_autofree char *waiting = NULL;

        if (key)
            sscanf(key, "%u-%u", &epoch, &place);
        waiting = g_strdup_printf("%u", folder ? folder->log->len - MIN(place, folder->log->len) : 0);
        eas_node_add(response, TAG_GetItemEstimate_Status, folder ? "1" : "2");
        struct eas_node *collection = eas_node_add(response, TAG_GetItemEstimate_Collection, NULL);

        eas_node_add(collection, TAG_GetItemEstimate_CollectionId, id);
        eas_node_add(collection, TAG_GetItemEstimate_Estimate, waiting);
    }
    script_reply_document(reply, NULL, answer);
}
