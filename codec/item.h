/* The words both sides of the house speak: protocol versions, commands, classes, folder types. */
#ifndef CODEC_ITEM_H
#define CODEC_ITEM_H

#include <stdbool.h>

/* Protocol versions, as MS-ASProtocolVersion times ten. */
enum eas_version {
    EAS_NO_VERSION = 0,
    EAS_2_5 = 25,
    EAS_12_0 = 120,
    EAS_12_1 = 121,
    EAS_14_0 = 140,
    EAS_14_1 = 141,
    EAS_16_0 = 160,
    EAS_16_1 = 161,
};

/* "14.1" to EAS_14_1 and back; EAS_NO_VERSION and "" for what is none. The text is static. */
enum eas_version eas_version_parse(const char *text);
const char *eas_version_text(enum eas_version version);

/* Commands, by the numbers of the base64 query (MS-ASHTTP 2.2.1.1.1.1.2). */
enum eas_command {
    EAS_SYNC = 0,
    EAS_SEND_MAIL = 1,
    EAS_SMART_FORWARD = 2,
    EAS_SMART_REPLY = 3,
    EAS_GET_ATTACHMENT = 4,
    EAS_FOLDER_SYNC = 9,
    EAS_FOLDER_CREATE = 10,
    EAS_FOLDER_DELETE = 11,
    EAS_FOLDER_UPDATE = 12,
    EAS_MOVE_ITEMS = 13,
    EAS_GET_ITEM_ESTIMATE = 14,
    EAS_MEETING_RESPONSE = 15,
    EAS_SEARCH = 16,
    EAS_SETTINGS = 17,
    EAS_PING = 18,
    EAS_ITEM_OPERATIONS = 19,
    EAS_PROVISION = 20,
    EAS_RESOLVE_RECIPIENTS = 21,
    EAS_VALIDATE_CERT = 22,
    EAS_FIND = 23,
};

/* "Sync" for EAS_SYNC, as it stands in the query; NULL for a gap. Static. */
const char *eas_command_name(enum eas_command command);

/* What a folder holds. The order is the order of a first sync. */
enum eas_class { EAS_MAIL, EAS_CALENDAR, EAS_CONTACTS, EAS_TASKS, EAS_NOTES, EAS_CLASSES, EAS_NO_CLASS = EAS_CLASSES };

/* One row a class: the protocol's word ("Email"), the option's word ("mail"), the directory
 * ("Mail"), the ending of its files (".eml"). */
struct eas_class_row {
    const char *wire, *option, *directory, *ending;
};
extern const struct eas_class_row eas_classes[EAS_CLASSES];

/* Folder types (MS-ASCMD 2.2.3.186.3): what each holds and whether it is the default of its class.
 * Types that cannot be synced (Journal, the recipient cache, unknown ones) have EAS_NO_CLASS. */
enum {
    EAS_FOLDER_INBOX = 2,
    EAS_FOLDER_DRAFTS = 3,
    EAS_FOLDER_DELETED = 4,
    EAS_FOLDER_SENT = 5,
    EAS_FOLDER_OUTBOX = 6
};
enum eas_class eas_folder_class(int type);
bool eas_folder_is_default(int type);

#endif
