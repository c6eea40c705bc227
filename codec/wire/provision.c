#include "codec/wire/provision.h"

#include <string.h>

#include "codec/limits.h"
#include "codec/wire/wbxml_writer.h"

static const char policy_type[] = "MS-EAS-Provisioning-WBXML"; /* of 12.0 and later (MS-ASPROV 2.2.2.43) */

void provision_request(GByteArray *out, enum eas_version version, const struct device_information *device)
{
    struct wbxml_writer writer;

    wbxml_writer_init(&writer, out);
    wbxml_open(&writer, TAG_Provision_Provision);
    if (device && version >= EAS_14_1)
        settings_device_write(&writer, device);
    wbxml_open(&writer, TAG_Provision_Policies);
    wbxml_open(&writer, TAG_Provision_Policy);
    wbxml_text(&writer, TAG_Provision_PolicyType, policy_type);
    wbxml_close(&writer);
    wbxml_close(&writer);
    wbxml_close(&writer);
}

void provision_acknowledge(GByteArray *out, enum eas_version version, const char *policy_key, int status)
{
    struct wbxml_writer writer;

    (void)version; /* one form from 12.0 on */
    wbxml_writer_init(&writer, out);
    wbxml_open(&writer, TAG_Provision_Provision);
    wbxml_open(&writer, TAG_Provision_Policies);
    wbxml_open(&writer, TAG_Provision_Policy);
    wbxml_text(&writer, TAG_Provision_PolicyType, policy_type);
    wbxml_text(&writer, TAG_Provision_PolicyKey, policy_key);
    wbxml_number(&writer, TAG_Provision_Status, status);
    wbxml_close(&writer);
    wbxml_close(&writer);
    wbxml_close(&writer);
}

void provision_wiped(GByteArray *out, enum provision_wipe wipe, int status)
{
    struct wbxml_writer writer;

    wbxml_writer_init(&writer, out);
    wbxml_open(&writer, TAG_Provision_Provision);
    wbxml_open(&writer,
               wipe == PROVISION_WIPE_ACCOUNT ? TAG_Provision_AccountOnlyRemoteWipe : TAG_Provision_RemoteWipe);
    wbxml_number(&writer, TAG_Provision_Status, status);
    wbxml_close(&writer);
    wbxml_close(&writer);
}

void provision_read(const struct eas_node *root, struct provision_answer *answer)
{
    memset(answer, 0, sizeof *answer);
    if (!root || root->tag != TAG_Provision_Provision)
        return;

    const struct eas_node *policy = eas_node_child(eas_node_child(root, TAG_Provision_Policies), TAG_Provision_Policy);
    const struct eas_node *document =
        eas_node_child(eas_node_child(policy, TAG_Provision_Data), TAG_Provision_EASProvisionDoc);
    const char *key = eas_node_text(policy, TAG_Provision_PolicyKey);

    answer->status = (int)eas_node_number(root, TAG_Provision_Status, 0);
    answer->policy_status = (int)eas_node_number(policy, TAG_Provision_Status, 0);
    if (key && *key && strlen(key) <= LIMIT_KEY_BYTES)
        answer->policy_key = g_strdup(key);
    answer->policy = document ? eas_node_copy(document) : NULL;
    if (eas_node_child(root, TAG_Provision_RemoteWipe))
        answer->wipe = PROVISION_WIPE;
    else if (eas_node_child(root, TAG_Provision_AccountOnlyRemoteWipe))
        answer->wipe = PROVISION_WIPE_ACCOUNT;
}

void provision_clear(struct provision_answer *answer)
{
    g_free(answer->policy_key);
    eas_node_free(answer->policy);
    memset(answer, 0, sizeof *answer);
}
