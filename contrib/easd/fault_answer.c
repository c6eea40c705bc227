#include "contrib/easd/fault_answer.h"

#include <string.h>

#include "contrib/easd/command.h"
#include "contrib/easd/fault.h"

/* The collections a Sync or GetItemEstimate names, or NULL. */
static const struct eas_node *asked_collections(const struct request *request)
{
    const struct eas_node *root = request->root, *collections;

    if (!(collections = eas_node_child(root, TAG_AirSync_Collections)))
        collections = eas_node_child(root, TAG_GetItemEstimate_Collections);
    return collections ? collections->first : NULL;
}

static void write_sync(struct wbxml_writer *wbxml, const struct request *request, int status)
{
    wbxml_open(wbxml, TAG_AirSync_Sync);
    wbxml_open(wbxml, TAG_AirSync_Collections);
    for (const struct eas_node *asked = asked_collections(request); asked; asked = asked->next) {
        wbxml_open(wbxml, TAG_AirSync_Collection);
        wbxml_text(wbxml, TAG_AirSync_SyncKey, eas_node_text(asked, TAG_AirSync_SyncKey));
        wbxml_text(wbxml, TAG_AirSync_CollectionId, eas_node_text(asked, TAG_AirSync_CollectionId));
        wbxml_number(wbxml, TAG_AirSync_Status, status);
        wbxml_close(wbxml);
    }
    wbxml_close(wbxml);
    wbxml_close(wbxml);
}

static void write_estimate(struct wbxml_writer *wbxml, const struct request *request, int status)
{
    wbxml_open(wbxml, TAG_GetItemEstimate_GetItemEstimate);
    for (const struct eas_node *asked = asked_collections(request); asked; asked = asked->next) {
        wbxml_open(wbxml, TAG_GetItemEstimate_Response);
        wbxml_number(wbxml, TAG_GetItemEstimate_Status, status);
        wbxml_open(wbxml, TAG_GetItemEstimate_Collection);
        wbxml_text(wbxml, TAG_GetItemEstimate_CollectionId, eas_node_text(asked, TAG_GetItemEstimate_CollectionId));
        wbxml_close(wbxml);
        wbxml_close(wbxml);
    }
    wbxml_close(wbxml);
}

static void write_fetches(struct wbxml_writer *wbxml, const struct request *request, int status)
{
    static const eas_tag names[] = {TAG_AirSync_CollectionId, TAG_AirSync_ServerId, TAG_AirSyncBase_FileReference};

    wbxml_open(wbxml, TAG_ItemOperations_ItemOperations);
    wbxml_number(wbxml, TAG_ItemOperations_Status, 1);
    wbxml_open(wbxml, TAG_ItemOperations_Response);
    for (const struct eas_node *asked = request->root->first; asked; asked = asked->next) {
        wbxml_open(wbxml, TAG_ItemOperations_Fetch);
        wbxml_number(wbxml, TAG_ItemOperations_Status, status);
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
            if (eas_node_text(asked, names[i]))
                wbxml_text(wbxml, names[i], eas_node_text(asked, names[i]));
        wbxml_close(wbxml);
    }
    wbxml_close(wbxml);
    wbxml_close(wbxml);
}

static const struct {
    const char *command;
    void (*write)(struct wbxml_writer *wbxml, const struct request *request, int status);
} parts[] = {{"Sync", write_sync}, {"GetItemEstimate", write_estimate}, {"ItemOperations", write_fetches}};

static bool answer_part_status(struct request *request, struct answer *answer)
{
    struct wbxml_writer wbxml;

    for (size_t i = 0; request->root && i < G_N_ELEMENTS(parts); i++) {
        if (strcmp(parts[i].command, request->command->name) != 0)
            continue;
        answer_begin(answer, &wbxml);
        parts[i].write(&wbxml, request, (int)request->fault.value);
        return true;
    }
    return false;
}

static bool answer_whole_status(struct request *request, struct answer *answer)
{
    int status = (int)request->fault.value;

    if (status > 100)
        answer_global_status(request, answer, status);
    else
        answer_status(answer, request->command->root, request->command->status, status);
    return true;
}

/* ---- keys and ids ---- */

static bool forget_keys(struct request *request, struct answer *answer)
{
    struct device *device = request->device;

    (void)answer;
    if (strcmp(request->command->name, "FolderSync") == 0)
        device_forget_hierarchy(device);
    for (const struct eas_node *asked = asked_collections(request); asked; asked = asked->next) {
        const char *id = eas_node_text(asked, TAG_AirSync_CollectionId);

        if (id)
            g_hash_table_remove(device->collections, id);
    }
    return false;
}

static bool change_folder_ids(struct request *request, struct answer *answer)
{
    (void)answer;
    mailbox_rename_ids(request->mailbox);
    return false;
}

/* ---- the answer before ---- */

/* What begins anew has an answer of its own kind: one to the other could not be told from a true one by anybody. */
static bool begins_anew(const struct request *request)
{
    const char *key = eas_node_text(request->root, TAG_FolderHierarchy_SyncKey);
    bool anew = g_strcmp0(key, "0") == 0;

    for (const struct eas_node *asked = asked_collections(request); asked; asked = asked->next)
        anew |= g_strcmp0(eas_node_text(asked, TAG_AirSync_SyncKey), "0") == 0;
    return anew;
}

static bool repeat_answer(struct request *request, struct answer *answer)
{
    struct answer *kept = g_hash_table_lookup(request->device->kept, request->command->name);

    if (kept && !begins_anew(request)) {
        answer_copy(answer, kept);
        return true;
    }
    faults_return(request->server->faults, &request->fault);
    return false;
}

void fault_keep(struct request *request, const struct answer *answer)
{
    struct answer *kept;

    g_hash_table_remove(request->device->kept, request->command->name);
    if (!faults_repeat(request->server->faults) || begins_anew(request))
        return;
    kept = answer_new();
    answer_copy(kept, answer);
    g_hash_table_insert(request->device->kept, (void *)request->command->name, kept);
}

static bool (*const players[FAULT_KINDS])(struct request *request, struct answer *answer) = {
    [FAULT_DUPLICATE] = repeat_answer,
    [FAULT_STATUS] = answer_whole_status,
    [FAULT_COLLECTION_STATUS] = answer_part_status,
    [FAULT_INVALID_KEY] = forget_keys,
    [FAULT_FOLDER_IDS] = change_folder_ids,
};

static bool writes(const struct request *request)
{
    bool any = strcmp(request->command->name, "Sync") != 0;

    for (const struct eas_node *asked = asked_collections(request); asked && !any; asked = asked->next)
        any = eas_node_child(asked, TAG_AirSync_Commands) != NULL;
    return any;
}

bool fault_answer(struct request *request, struct answer *answer)
{
    if (request->fault.writes && !writes(request)) {
        faults_return(request->server->faults, &request->fault);
        request->fault = (struct fault){FAULT_NONE};
    }
    return players[request->fault.kind] && players[request->fault.kind](request, answer);
}
