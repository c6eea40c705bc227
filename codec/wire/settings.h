/* Settings (MS-ASCMD 2.2.1.18): who this device is, and who the user is. */
#ifndef CODEC_WIRE_SETTINGS_H
#define CODEC_WIRE_SETTINGS_H

#include "codec/item.h"
#include "codec/wire/wbxml_tree.h"

struct device_information {
    const char *model, *friendly_name, *os, *user_agent; /* none is NULL */
};

struct user_information {
    int status;           /* of the part, or of the whole where the part has none */
    char *display_name;   /* NULL where absent */
    char *primary;        /* the primary SMTP address, or the first given, or NULL */
    GPtrArray *addresses; /* of char *, all SMTP addresses; never NULL */
};

/* DeviceInformation Set, as a request of its own (12.1 and 14.0). */
void settings_device_request(GByteArray *out, const struct device_information *device);
/* The Set element inside an open element (Provision carries it from 14.1 on). */
void settings_device_write(struct wbxml_writer *writer, const struct device_information *device);
/* UserInformation Get. */
void settings_user_request(GByteArray *out);
/* The status of the named part (TAG_Settings_DeviceInformation ...), or of the whole. */
int settings_status(const struct eas_node *root, eas_tag part);
void settings_user_read(const struct eas_node *root, struct user_information *answer);
void settings_user_clear(struct user_information *answer);

#endif
