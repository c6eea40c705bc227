#include "codec/wire/settings.h"

#include <string.h>

#include "codec/wire/answer.h"
#include "codec/wire/wbxml_writer.h"

void settings_device_write(struct wbxml_writer *writer, const struct device_information *device)
{
    const struct {
        eas_tag tag;
        const char *text;
    } rows[] = {
        {TAG_Settings_Model, device->model},
        {TAG_Settings_FriendlyName, device->friendly_name},
        {TAG_Settings_OS, device->os},
        {TAG_Settings_UserAgent, device->user_agent},
    };

    wbxml_open(writer, TAG_Settings_DeviceInformation);
    wbxml_open(writer, TAG_Settings_Set);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].text)
            wbxml_text(writer, rows[i].tag, rows[i].text);
    wbxml_close(writer);
    wbxml_close(writer);
}

void settings_device_request(GByteArray *out, const struct device_information *device)
{
    struct wbxml_writer writer;

    wbxml_writer_init(&writer, out);
    wbxml_open(&writer, TAG_Settings_Settings);
    settings_device_write(&writer, device);
    wbxml_close(&writer);
}

void settings_user_request(GByteArray *out)
{
    struct wbxml_writer writer;

    wbxml_writer_init(&writer, out);
    wbxml_open(&writer, TAG_Settings_Settings);
    wbxml_open(&writer, TAG_Settings_UserInformation);
    wbxml_empty(&writer, TAG_Settings_Get);
    wbxml_close(&writer);
    wbxml_close(&writer);
}

int settings_status(const struct eas_node *root, eas_tag part)
{
    return (int)eas_node_number(eas_node_child(root, part), TAG_Settings_Status, answer_status(root));
}

static void add_address(GPtrArray *addresses, const char *address)
{
    if (*address && !g_ptr_array_find_with_equal_func(addresses, address, g_str_equal, NULL))
        g_ptr_array_add(addresses, g_strdup(address));
}

static void read_addresses(const struct eas_node *list, struct user_information *answer)
{
    const char *primary = eas_node_text(list, TAG_Settings_PrimarySmtpAddress);

    for (const struct eas_node *node = list ? list->first : NULL; node; node = node->next)
        if (node->tag == TAG_Settings_SMTPAddress || node->tag == TAG_Settings_PrimarySmtpAddress)
            add_address(answer->addresses, node->text);
    if (!answer->primary && primary && *primary)
        answer->primary = g_strdup(primary);
}

/* Up to 14.0 the addresses stand in Get itself, later in Get/Accounts/Account (MS-ASCMD 2.2.3.51);
 * the first account is the user's own, others are connected ones. */
void settings_user_read(const struct eas_node *root, struct user_information *answer)
{
    *answer = (struct user_information){.status = settings_status(root, TAG_Settings_UserInformation),
                                        .addresses = g_ptr_array_new_with_free_func(g_free)};

    const struct eas_node *get = eas_node_child(eas_node_child(root, TAG_Settings_UserInformation), TAG_Settings_Get);
    const struct eas_node *account = eas_node_child(eas_node_child(get, TAG_Settings_Accounts), TAG_Settings_Account);
    const char *name = eas_node_text(account, TAG_Settings_UserDisplayName);

    answer->display_name = g_strdup(name && *name ? name : NULL);
    read_addresses(eas_node_child(account, TAG_Settings_EmailAddresses), answer);
    read_addresses(eas_node_child(get, TAG_Settings_EmailAddresses), answer);
    if (!answer->primary && answer->addresses->len > 0)
        answer->primary = g_strdup(answer->addresses->pdata[0]);
}

void settings_user_clear(struct user_information *answer)
{
    g_free(answer->display_name);
    g_free(answer->primary);
    if (answer->addresses)
        g_ptr_array_unref(answer->addresses);
    memset(answer, 0, sizeof *answer);
}
