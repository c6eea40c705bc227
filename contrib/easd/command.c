#include "contrib/easd/command.h"

#include <string.h>

#include "contrib/easd/fault_answer.h"
#include "contrib/easd/wipe.h"

static const struct command commands[] = {
    {"Sync", run_sync, TAG_AirSync_Sync, TAG_AirSync_Status, .empty_allowed = true},
    {"FolderSync", run_folder_sync, TAG_FolderHierarchy_FolderSync, TAG_FolderHierarchy_Status},
    {"GetItemEstimate", run_get_item_estimate, TAG_GetItemEstimate_GetItemEstimate, TAG_GetItemEstimate_Status},
    {"ItemOperations", run_item_operations, TAG_ItemOperations_ItemOperations, TAG_ItemOperations_Status},
    {"Settings", run_settings, TAG_Settings_Settings, TAG_Settings_Status},
    {"Provision", run_provision, TAG_Provision_Provision, TAG_Provision_Status, .unprovisioned = true},
    {"Ping", run_ping, TAG_Ping_Ping, TAG_Ping_Status, .unprovisioned = true, .empty_allowed = true},
    {"FolderCreate", run_folder_create, TAG_FolderHierarchy_FolderCreate, TAG_FolderHierarchy_Status},
    {"FolderUpdate", run_folder_update, TAG_FolderHierarchy_FolderUpdate, TAG_FolderHierarchy_Status},
    {"FolderDelete", run_folder_delete, TAG_FolderHierarchy_FolderDelete, TAG_FolderHierarchy_Status},
    {"SendMail", run_send_mail, TAG_ComposeMail_SendMail, TAG_ComposeMail_Status, .mail = true},
    {"SmartReply", run_send_mail, TAG_ComposeMail_SmartReply, TAG_ComposeMail_Status, .mail = true, .smart = true},
    {"SmartForward", run_send_mail, TAG_ComposeMail_SmartForward, TAG_ComposeMail_Status, .mail = true, .smart = true},
    {"MoveItems", run_move_items, TAG_Move_MoveItems, TAG_Move_Status},
    {"MeetingResponse", run_meeting_response, TAG_MeetingResponse_MeetingResponse, TAG_MeetingResponse_Status},
    {"Search", run_search, TAG_Search_Search, TAG_Search_Status},
    {"Find", run_find, TAG_Find_Find, TAG_Find_Status},
    {"ResolveRecipients", run_resolve_recipients, TAG_ResolveRecipients_ResolveRecipients,
     TAG_ResolveRecipients_Status},
    {"ValidateCert", NULL, TAG_ValidateCert_ValidateCert, TAG_ValidateCert_Status},
};

/* The HTTP code a status stands for below 14.0 (MS-ASCMD 2.2.2). */
static const struct {
    int status, http;
} old_codes[] = {{101, 400}, {102, 400}, {103, 400}, {105, 400}, {106, 400}, {107, 500}, {108, 400},
                 {109, 400}, {110, 500}, {119, 500}, {120, 500}, {121, 500}, {150, 500}, {132, 403},
                 {137, 501}, {138, 505}, {141, 449}, {140, 403}, {142, 449}, {143, 449}, {144, 449}};

const struct command *command_find(const char *name)
{
    for (size_t i = 0; name && i < G_N_ELEMENTS(commands); i++)
        if (g_ascii_strcasecmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

const char *command_list(void)
{
    static gsize once;
    static char list[512];

    if (g_once_init_enter(&once)) {
        for (size_t i = 0; i < G_N_ELEMENTS(commands) && commands[i].run; i++) {
            g_strlcat(list, *list ? "," : "", sizeof list);
            g_strlcat(list, commands[i].name, sizeof list);
        }
        g_once_init_leave(&once, 1);
    }
    return list;
}

void answer_begin(struct answer *answer, struct wbxml_writer *writer)
{
    g_byte_array_set_size(answer->bytes, 0);
    wbxml_writer_init(writer, answer->bytes);
}

void answer_status(struct answer *answer, eas_tag root, eas_tag status, int code)
{
    struct wbxml_writer writer;

    g_array_set_size(answer->splices, 0);
    answer_begin(answer, &writer);
    wbxml_open(&writer, root);
    wbxml_number(&writer, status, code);
    wbxml_close(&writer);
}

void answer_global_status(struct request *request, struct answer *answer, int code)
{
    if (request->version >= 140) {
        answer_status(answer, request->command->root, request->command->status, code);
        return;
    }
    answer->http = 400;
    for (size_t i = 0; i < G_N_ELEMENTS(old_codes); i++)
        if (old_codes[i].status == code)
            answer->http = old_codes[i].http;
}

/* A device's id and type are 1 to 32 letters and digits (MS-ASHTTP 2.2.1.1.1.2.5). */
static bool is_device_name(const char *text)
{
    size_t length = text ? strlen(text) : 0;

    for (size_t i = 0; i < length; i++)
        if (!g_ascii_isalnum(text[i]))
            return false;
    return length >= 1 && length <= 32;
}

static int check_policy(const struct request *request)
{
    if (wipe_asked(request) && request->command->run != run_provision)
        return 140;
    if (!request->server->policy || request->command->unprovisioned)
        return 1;
    if (request->policy_key == 0)
        return 142;
    return request->policy_key == request->device->policy_key ? 1 : 144;
}

/* No text with a character that XML has none of (XML 1.0, 2.2). */
static bool is_xml(const struct eas_node *node)
{
    for (size_t i = 0; !node->opaque && i < node->length; i++)
        if ((unsigned char)node->text[i] < ' ' && !strchr("\t\r\n", node->text[i]))
            return false;
    for (const struct eas_node *child = node->first; child; child = child->next)
        if (!is_xml(child))
            return false;
    return true;
}

/* Builds the request's tree. 1, or 101 to 103. */
static int read_body(struct request *request, const void *body, size_t length)
{
    struct wbxml_builder builder = {0};
    struct wbxml_reader *reader;
    enum wbxml_error error;

    if (length == 0)
        return request->command->empty_allowed ? 1 : 101;
    if (request->command->mail && request->version < 140) {
        request->body = body;
        request->body_length = length;
        return 1;
    }
    reader = wbxml_reader_new(&wbxml_builder_handler, &builder);
    error = wbxml_reader_feed(reader, body, length);
    if (!error)
        error = wbxml_reader_finish(reader);
    /* A tag that no version knows is a wrong element, which a server refuses and a client passes over. */
    int status = error ? 102 : wbxml_reader_skipped(reader) ? 103 : 1;

    wbxml_reader_free(reader);
    if (status == 1 && (builder.root->tag != request->command->root || !is_xml(builder.root)))
        status = 103;
    if (status == 1)
        request->root = g_steal_pointer(&builder.root);
    wbxml_builder_clear(&builder);
    return status;
}

static int check_request(struct request *request, const void *body, size_t length)
{
    int status;

    if (!is_device_name(request->device_id))
        return 108;
    if (!is_device_name(request->device_type))
        return 109;
    if (!request->command->run)
        return 137;
    request->device = device_find(request->mailbox, request->device_id);
    status = check_policy(request);
    return status == 1 ? read_body(request, body, length) : status;
}

static void run_command(struct request *request, struct answer *answer)
{
    request->command->run(request, answer);
    if (request->fault.kind == FAULT_TWICE) {
        answer_clear(answer);
        request->command->run(request, answer);
    }
    fault_keep(request, answer);
}

void command_answer(struct request *request, const void *body, size_t length, struct answer *answer)
{
    int status;

    g_mutex_lock(&request->mailbox->lock);
    mailbox_refresh(request->mailbox);
    status = check_request(request, body, length);
    if (status != 1)
        answer_global_status(request, answer, status);
    else if (!fault_answer(request, answer))
        run_command(request, answer);
    g_mutex_unlock(&request->mailbox->lock);
}
