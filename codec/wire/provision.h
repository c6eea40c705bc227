/* Provision (MS-ASPROV 2.2.2, 3.1.5.1): the policy in two phases, and the order to wipe. */
#ifndef CODEC_WIRE_PROVISION_H
#define CODEC_WIRE_PROVISION_H

#include "codec/item.h"
#include "codec/wire/settings.h"

enum provision_wipe { PROVISION_NO_WIPE, PROVISION_WIPE, PROVISION_WIPE_ACCOUNT };

struct provision_answer {
    int status, policy_status; /* 0 where absent; some servers give no top-level Status */
    char *policy_key;          /* NULL where absent */
    struct eas_node *policy;   /* EASProvisionDoc, or NULL */
    enum provision_wipe wipe;
};

/* Phase one. device goes along for 14.1 and later (else status 165), NULL leaves it out. */
void provision_request(GByteArray *out, enum eas_version version, const struct device_information *device);
/* Phase two: policy_key is the temporary one; status 1 applied, 2 partly (MS-ASPROV 2.2.2.54). */
void provision_acknowledge(GByteArray *out, enum eas_version version, const char *policy_key, int status);
/* Answers an order to wipe: 1 done, 2 failed. */
void provision_wiped(GByteArray *out, enum provision_wipe wipe, int status);

void provision_read(const struct eas_node *root, struct provision_answer *answer);
void provision_clear(struct provision_answer *answer);

#endif
