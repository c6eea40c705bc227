#include "contrib/easd/sync_commands.h"

#include <string.h>

#include "contrib/easd/item_change.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/request.h"

static void free_fate(void *data)
{
    struct fate *fate = data;

    g_free(fate->server_id);
    eas_node_free(fate->data);
    g_free(fate);
}

GHashTable *fates_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_fate);
}

/* ---- what a command must look like ---- */

static const struct {
    eas_tag tag;
    eas_tag order[4]; /* its children, in order */
    unsigned needed;  /* a bit for each that must be there */
} shapes[] = {
    {TAG_AirSync_Add,
     {TAG_AirSync_Class, TAG_AirSync_ClientId, TAG_AirSync_ApplicationData, TAG_Email2_Send},
     1 << 1 | 1 << 2},
    {TAG_AirSync_Change,
     {TAG_AirSync_ServerId, TAG_AirSyncBase_InstanceId, TAG_AirSync_ApplicationData, TAG_Email2_Send},
     1 << 0},
    {TAG_AirSync_Delete, {TAG_AirSync_ServerId, TAG_AirSyncBase_InstanceId}, 1 << 0},
    {TAG_AirSync_Fetch, {TAG_AirSync_ServerId}, 1 << 0},
};

static bool of_16(eas_tag tag)
{
    return tag == TAG_AirSyncBase_InstanceId || tag == TAG_Email2_Send;
}

static bool command_valid(const struct eas_node *command, int version)
{
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        unsigned seen = 0;
        size_t at = 0;

        if (shapes[i].tag != command->tag)
            continue;
        for (const struct eas_node *child = command->first; child; child = child->next) {
            while (at < G_N_ELEMENTS(shapes[i].order) && shapes[i].order[at] != child->tag)
                at++;
            if (at == G_N_ELEMENTS(shapes[i].order) || (of_16(child->tag) && version < 160))
                return false;
            seen |= 1u << at++;
        }
        return (seen & shapes[i].needed) == shapes[i].needed;
    }
    return false;
}

static const char *subject_id(const struct eas_node *command)
{
    const char *id =
        eas_node_text(command, command->tag == TAG_AirSync_Add ? TAG_AirSync_ClientId : TAG_AirSync_ServerId);

    return id && *id && strlen(id) <= EASD_ID_BYTES ? id : NULL;
}

bool commands_valid(const struct eas_node *commands, int version)
{
    g_autoptr(GHashTable) clients = g_hash_table_new(g_str_hash, g_str_equal);
    guint count = 0;

    for (const struct eas_node *command = commands ? commands->first : NULL; command; command = command->next)
        if (!command_valid(command, version) || !subject_id(command) || ++count > EASD_COMMANDS ||
            (command->tag == TAG_AirSync_Add && !g_hash_table_add(clients, (void *)subject_id(command))))
            return false;
    return true;
}

/* ---- what is done ---- */

static char *fate_key(const struct eas_node *command)
{
    const char *instance = eas_node_text(command, TAG_AirSyncBase_InstanceId);

    return g_strdup_printf("%u %s %s", command->tag, subject_id(command), instance ? instance : "");
}

static guint hash_command(const struct eas_node *command)
{
    g_autoptr(GBytes) bytes = eas_node_bytes(command);

    return g_bytes_hash(bytes);
}

const struct fate *command_fate(const struct collection *collection, const struct eas_node *command)
{
    g_autofree char *key = fate_key(command);

    return g_hash_table_lookup(collection->fates, key);
}

/* The id that an Add gets though it was not done, or that is another folder's. */
static char *false_id(const struct collection *collection, bool elsewhere)
{
    const char *folder = collection->folder->id;

    if (elsewhere)
        folder = strcmp(folder, "1") == 0 ? "2" : "1";
    return g_strdup_printf("%s:%08x%08x", folder, g_random_int(), g_random_int());
}

/* What a fault makes of a command; false where it is done as it should be. */
static bool play_fault(const struct item_change *change, const struct eas_node *command, struct fate *fate)
{
    const struct fault *fault = &change->request->fault;

    if (fault->kind == FAULT_ITEM_STATUS)
        fate->status = (int)fault->value;
    if (fault->kind != FAULT_FORGET)
        return fault->kind == FAULT_ITEM_STATUS;
    fate->status = STATUS_ITEM_OK;
    if (command->tag == TAG_AirSync_Add)
        fate->server_id = false_id(change->collection, false);
    return true;
}

/* The ids that more than one command is about: the first is done, and all are to be tried again. */
static GHashTable *count_subjects(const struct eas_node *commands)
{
    GHashTable *counts = g_hash_table_new(g_str_hash, g_str_equal);

    for (const struct eas_node *command = commands->first; command; command = command->next)
        if (command->tag == TAG_AirSync_Change || command->tag == TAG_AirSync_Delete) {
            guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, subject_id(command)));

            g_hash_table_replace(counts, (void *)subject_id(command), GUINT_TO_POINTER(count + 1));
        }
    return counts;
}

static void run_command(const struct item_change *change, const struct eas_node *command, struct fate *fate)
{
    const char *server_id = eas_node_text(command, TAG_AirSync_ServerId);
    struct folder *folder = change->collection->folder;
    struct entry *entry = server_id ? folder_entry(folder, server_id) : NULL;

    if (play_fault(change, command, fate))
        return;
    if (command->tag == TAG_AirSync_Add)
        fate->status = item_add(change, command, fate);
    else if (!entry || !entry_served(entry, change->request->version))
        fate->status = STATUS_ITEM_NOT_FOUND;
    else if (command->tag == TAG_AirSync_Change)
        fate->status = item_edit(change, entry, command, fate);
    else
        fate->status = item_delete(change, entry, command);
    if (change->request->fault.kind == FAULT_WRONG_ID && fate->server_id && command->tag == TAG_AirSync_Add) {
        g_free(fate->server_id);
        fate->server_id = false_id(change->collection, true);
    }
}

void commands_apply(struct request *request, struct collection *collection, const struct eas_node *commands)
{
    struct item_change change = {.request = request,
                                 .collection = collection,
                                 .deletes_as_moves = true,
                                 .now = g_get_real_time() / G_USEC_PER_SEC};
    const char *as_moves = eas_node_text(commands->parent, TAG_AirSync_DeletesAsMoves);
    g_autoptr(GHashTable) counts = count_subjects(commands);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    change.deletes_as_moves = !as_moves || strcmp(as_moves, "0") != 0;
    for (const struct eas_node *command = commands->first; command; command = command->next) {
        const char *id = subject_id(command);
        bool add = command->tag == TAG_AirSync_Add;
        bool again = !add && GPOINTER_TO_UINT(g_hash_table_lookup(counts, id)) > 1;
        const struct fate *before = command_fate(collection, command);
        struct fate *fate;

        if (command->tag == TAG_AirSync_Fetch || (before && (add || before->hash == hash_command(command))))
            continue;
        fate = g_new0(struct fate, 1);
        fate->hash = hash_command(command);
        if (!again || g_hash_table_add(seen, (void *)id))
            run_command(&change, command, fate);
        if (again)
            fate->status = STATUS_ITEM_RETRY;
        g_hash_table_replace(collection->fates, fate_key(command), fate);
    }
}
