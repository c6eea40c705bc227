/* Provision (MS-ASPROV 3.2.5.1): the policy in two phases. */
#include <stdlib.h>
#include <string.h>

#include "contrib/easd/command.h"
#include "contrib/easd/wipe.h"

enum { STATUS_OK = 1, STATUS_PROTOCOL = 2, STATUS_NOT_PROVISIONABLE = 139, STATUS_NO_DEVICE = 165 };
enum { POLICY_OK = 1, POLICY_UNKNOWN_TYPE = 3, POLICY_WRONG_KEY = 5 };
enum { APPLIED = 1, PARTLY_APPLIED = 2 };

static const char policy_type[] = "MS-EAS-Provisioning-WBXML";

/* Every setting in the order of the schema, with the value it has unless a policy file says otherwise: a
 * policy that asks for nothing a file system cannot give (MS-ASPROV 2.2.2.29). NULL: left out. */
static const struct {
    eas_tag tag;
    const char *value;
} policy_settings[] = {
    {TAG_Provision_DevicePasswordEnabled, "0"},
    {TAG_Provision_AlphanumericDevicePasswordRequired, "0"},
    {TAG_Provision_PasswordRecoveryEnabled, "0"},
    {TAG_Provision_RequireStorageCardEncryption, "0"},
    {TAG_Provision_AttachmentsEnabled, "1"},
    {TAG_Provision_MinDevicePasswordLength, NULL},
    {TAG_Provision_MaxInactivityTimeDeviceLock, NULL},
    {TAG_Provision_MaxDevicePasswordFailedAttempts, NULL},
    {TAG_Provision_MaxAttachmentSize, NULL},
    {TAG_Provision_AllowSimpleDevicePassword, "1"},
    {TAG_Provision_DevicePasswordExpiration, NULL},
    {TAG_Provision_DevicePasswordHistory, NULL},
    {TAG_Provision_AllowStorageCard, "1"},
    {TAG_Provision_AllowCamera, "1"},
    {TAG_Provision_RequireDeviceEncryption, "0"},
    {TAG_Provision_AllowUnsignedApplications, NULL},
    {TAG_Provision_AllowUnsignedInstallationPackages, NULL},
    {TAG_Provision_MinDevicePasswordComplexCharacters, NULL},
    {TAG_Provision_AllowWiFi, NULL},
    {TAG_Provision_AllowTextMessaging, NULL},
    {TAG_Provision_AllowPOPIMAPEmail, NULL},
    {TAG_Provision_AllowBluetooth, NULL},
    {TAG_Provision_AllowIrDA, NULL},
    {TAG_Provision_RequireManualSyncWhenRoaming, NULL},
    {TAG_Provision_AllowDesktopSync, NULL},
    {TAG_Provision_MaxCalendarAgeFilter, "0"},
    {TAG_Provision_AllowHTMLEmail, "1"},
    {TAG_Provision_MaxEmailAgeFilter, "0"},
    {TAG_Provision_MaxEmailBodyTruncationSize, "-1"},
    {TAG_Provision_MaxEmailHTMLBodyTruncationSize, "-1"},
    {TAG_Provision_RequireSignedSMIMEMessages, NULL},
    {TAG_Provision_RequireEncryptedSMIMEMessages, NULL},
    {TAG_Provision_RequireSignedSMIMEAlgorithm, NULL},
    {TAG_Provision_RequireEncryptionSMIMEAlgorithm, NULL},
    {TAG_Provision_AllowSMIMEEncryptionAlgorithmNegotiation, NULL},
    {TAG_Provision_AllowSMIMESoftCerts, NULL},
    {TAG_Provision_AllowBrowser, NULL},
    {TAG_Provision_AllowConsumerEmail, NULL},
    {TAG_Provision_AllowRemoteDesktop, NULL},
    {TAG_Provision_AllowInternetSharing, NULL},
};

struct provisioning {
    const struct eas_node *device;   /* settings:DeviceInformation, or NULL */
    const char *type, *key, *status; /* of the Policy; NULL where absent */
};

/* False for anything but the elements in their order. */
static bool read_request(struct provisioning *provisioning, const struct eas_node *root)
{
    const struct eas_node *node = root->first, *policy;

    memset(provisioning, 0, sizeof *provisioning);
    if (node && node->tag == TAG_Settings_DeviceInformation) {
        provisioning->device = node;
        if (!eas_node_child(node, TAG_Settings_Set))
            return false;
        node = node->next;
    }
    policy = node ? eas_node_child(node, TAG_Provision_Policy) : NULL;
    if (!policy || node->tag != TAG_Provision_Policies || node->next || !policy->first ||
        policy->first->tag != TAG_Provision_PolicyType)
        return false;
    provisioning->type = policy->first->text;
    provisioning->key = eas_node_text(policy, TAG_Provision_PolicyKey);
    provisioning->status = eas_node_text(policy, TAG_Provision_Status);
    return !provisioning->key == !provisioning->status;
}

static guint32 random_key(void)
{
    guint32 key = g_random_int();

    return key ? key : 1;
}

/* The value of a setting as the policy file has it, or as it is here. */
static const char *setting_value(const struct server *server, size_t i)
{
    const char *value = server->policy_settings
                            ? g_hash_table_lookup(server->policy_settings, GUINT_TO_POINTER(policy_settings[i].tag))
                            : NULL;

    return value ? value : policy_settings[i].value;
}

static void write_policy(struct wbxml_writer *wbxml, const struct server *server)
{
    wbxml_open(wbxml, TAG_Provision_Data);
    wbxml_open(wbxml, TAG_Provision_EASProvisionDoc);
    for (size_t i = 0; i < G_N_ELEMENTS(policy_settings); i++)
        if (setting_value(server, i))
            wbxml_text(wbxml, policy_settings[i].tag, setting_value(server, i));
    wbxml_close(wbxml);
    wbxml_close(wbxml);
}

static void write_answer(struct answer *answer, const struct provisioning *asked, int status, guint32 key,
                         const struct server *policy)
{
    struct wbxml_writer wbxml;

    answer_begin(answer, &wbxml);
    wbxml_open(&wbxml, TAG_Provision_Provision);
    if (asked->device) {
        wbxml_open(&wbxml, TAG_Settings_DeviceInformation);
        wbxml_number(&wbxml, TAG_Settings_Status, STATUS_OK);
        wbxml_close(&wbxml);
    }
    wbxml_number(&wbxml, TAG_Provision_Status, STATUS_OK);
    wbxml_open(&wbxml, TAG_Provision_Policies);
    wbxml_open(&wbxml, TAG_Provision_Policy);
    wbxml_text(&wbxml, TAG_Provision_PolicyType, asked->type);
    wbxml_number(&wbxml, TAG_Provision_Status, status);
    if (key)
        wbxml_number(&wbxml, TAG_Provision_PolicyKey, key);
    if (policy)
        write_policy(&wbxml, policy);
    wbxml_close(&wbxml);
    wbxml_close(&wbxml);
    wbxml_close(&wbxml);
}

static void first_phase(struct request *request, struct answer *answer, const struct provisioning *asked)
{
    if (request->version >= 141 && !asked->device) {
        answer_global_status(request, answer, STATUS_NO_DEVICE);
        return;
    }
    request->device->temporary_key = random_key();
    write_answer(answer, asked, POLICY_OK, request->device->temporary_key, request->server);
}

static void second_phase(struct request *request, struct answer *answer, const struct provisioning *asked)
{
    struct device *device = request->device;
    int status = atoi(asked->status);

    if (device->temporary_key == 0 || g_ascii_strtoull(asked->key, NULL, 10) != device->temporary_key) {
        write_answer(answer, asked, POLICY_WRONG_KEY, 0, NULL);
        return;
    }
    device->temporary_key = 0;
    if (status != APPLIED && (status != PARTLY_APPLIED || request->server->policy_whole)) {
        answer_global_status(request, answer, STATUS_NOT_PROVISIONABLE);
        return;
    }
    device->policy_key = random_key();
    write_answer(answer, asked, POLICY_OK, device->policy_key, NULL);
}

void run_provision(struct request *request, struct answer *answer)
{
    struct provisioning asked;

    if (wipe_answer(request, answer))
        return;
    if (!read_request(&asked, request->root))
        answer_status(answer, request->command->root, request->command->status, STATUS_PROTOCOL);
    else if (strcmp(asked.type, policy_type) != 0)
        write_answer(answer, &asked, POLICY_UNKNOWN_TYPE, 0, NULL);
    else if (asked.key)
        second_phase(request, answer, &asked);
    else
        first_phase(request, answer, &asked);
}
