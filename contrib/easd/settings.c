/* Settings (MS-ASCMD 2.2.1.18): the device's description is taken, the user's given. */
#include <string.h>

#include "contrib/easd/command.h"
#include "contrib/easd/oof.h"

enum { STATUS_OK = 1, STATUS_PROTOCOL = 2, STATUS_DENIED = 3, STATUS_INVALID = 5 };

static void write_address(struct wbxml_writer *wbxml, const struct request *request)
{
    const char *address = request->mailbox->address;

    wbxml_open(wbxml, TAG_Settings_EmailAddresses);
    wbxml_text(wbxml, TAG_Settings_SMTPAddress, address);
    if (request->version >= 141)
        wbxml_text(wbxml, TAG_Settings_PrimarySmtpAddress, address);
    wbxml_close(wbxml);
}

/* Accounts came with 14.1 (MS-ASCMD 2.2.3.5). */
static void write_user(struct wbxml_writer *wbxml, const struct request *request)
{
    wbxml_open(wbxml, TAG_Settings_UserInformation);
    wbxml_number(wbxml, TAG_Settings_Status, STATUS_OK);
    wbxml_open(wbxml, TAG_Settings_Get);
    if (request->version >= 141) {
        wbxml_open(wbxml, TAG_Settings_Accounts);
        wbxml_open(wbxml, TAG_Settings_Account);
        wbxml_text(wbxml, TAG_Settings_UserDisplayName, request->mailbox->user);
        write_address(wbxml, request);
        wbxml_close(wbxml);
        wbxml_close(wbxml);
    } else {
        write_address(wbxml, request);
    }
    wbxml_close(wbxml);
    wbxml_close(wbxml);
}

/* Which form of the texts is wanted must be said (MS-ASCMD 2.2.3.17.4). */
static void write_oof(struct wbxml_writer *wbxml, const struct request *request, const struct eas_node *get)
{
    const char *type = eas_node_text(get, TAG_Settings_BodyType);

    wbxml_open(wbxml, TAG_Settings_Oof);
    wbxml_number(wbxml, TAG_Settings_Status, type ? STATUS_OK : STATUS_PROTOCOL);
    if (type)
        oof_write(wbxml, request->mailbox);
    wbxml_close(wbxml);
}

static void write_part_status(struct wbxml_writer *wbxml, eas_tag part, int status)
{
    wbxml_open(wbxml, part);
    wbxml_number(wbxml, TAG_Settings_Status, status);
    wbxml_close(wbxml);
}

static void write_part(struct wbxml_writer *wbxml, const struct request *request, const struct eas_node *part)
{
    bool get = eas_node_child(part, TAG_Settings_Get), set = eas_node_child(part, TAG_Settings_Set);

    if (part->tag == TAG_Settings_UserInformation && get)
        write_user(wbxml, request);
    else if (part->tag == TAG_Settings_DeviceInformation && set)
        write_part_status(wbxml, part->tag, STATUS_OK);
    else if (part->tag == TAG_Settings_Oof && get)
        write_oof(wbxml, request, eas_node_child(part, TAG_Settings_Get));
    else if (part->tag == TAG_Settings_Oof && set)
        write_part_status(wbxml, part->tag, oof_set(request->mailbox, eas_node_child(part, TAG_Settings_Set)));
    else
        write_part_status(wbxml, part->tag, get || set ? STATUS_DENIED : STATUS_INVALID);
}

static bool request_valid(const struct eas_node *root)
{
    static const eas_tag parts[] = {TAG_Settings_Oof, TAG_Settings_DevicePassword, TAG_Settings_DeviceInformation,
                                    TAG_Settings_UserInformation, TAG_Settings_RightsManagementInformation};

    for (const struct eas_node *part = root->first; part; part = part->next) {
        bool known = false;

        for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
            known |= parts[i] == part->tag;
        if (!known)
            return false;
    }
    return root->first != NULL;
}

void run_settings(struct request *request, struct answer *answer)
{
    struct wbxml_writer wbxml;

    if (!request_valid(request->root)) {
        answer_status(answer, request->command->root, request->command->status, STATUS_PROTOCOL);
        return;
    }
    answer_begin(answer, &wbxml);
    wbxml_open(&wbxml, TAG_Settings_Settings);
    wbxml_number(&wbxml, TAG_Settings_Status, STATUS_OK);
    for (const struct eas_node *part = request->root->first; part; part = part->next)
        write_part(&wbxml, request, part);
    wbxml_close(&wbxml);
}
