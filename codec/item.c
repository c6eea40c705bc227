#include "codec/item.h"

#include <stddef.h>
#include <string.h>

static const struct {
    enum eas_version version;
    const char *text;
} versions[] = {
    {EAS_2_5, "2.5"},   {EAS_12_0, "12.0"}, {EAS_12_1, "12.1"}, {EAS_14_0, "14.0"},
    {EAS_14_1, "14.1"}, {EAS_16_0, "16.0"}, {EAS_16_1, "16.1"},
};

enum { VERSIONS = sizeof versions / sizeof *versions };

enum eas_version eas_version_parse(const char *text)
{
    for (size_t i = 0; text && i < VERSIONS; i++)
        if (strcmp(versions[i].text, text) == 0)
            return versions[i].version;
    return EAS_NO_VERSION;
}

const char *eas_version_text(enum eas_version version)
{
    for (size_t i = 0; i < VERSIONS; i++)
        if (versions[i].version == version)
            return versions[i].text;
    return "";
}

const char *eas_command_name(enum eas_command command)
{
    static const char *const names[] = {
        [EAS_SYNC] = "Sync",
        [EAS_SEND_MAIL] = "SendMail",
        [EAS_SMART_FORWARD] = "SmartForward",
        [EAS_SMART_REPLY] = "SmartReply",
        [EAS_GET_ATTACHMENT] = "GetAttachment",
        [EAS_FOLDER_SYNC] = "FolderSync",
        [EAS_FOLDER_CREATE] = "FolderCreate",
        [EAS_FOLDER_DELETE] = "FolderDelete",
        [EAS_FOLDER_UPDATE] = "FolderUpdate",
        [EAS_MOVE_ITEMS] = "MoveItems",
        [EAS_GET_ITEM_ESTIMATE] = "GetItemEstimate",
        [EAS_MEETING_RESPONSE] = "MeetingResponse",
        [EAS_SEARCH] = "Search",
        [EAS_SETTINGS] = "Settings",
        [EAS_PING] = "Ping",
        [EAS_ITEM_OPERATIONS] = "ItemOperations",
        [EAS_PROVISION] = "Provision",
        [EAS_RESOLVE_RECIPIENTS] = "ResolveRecipients",
        [EAS_VALIDATE_CERT] = "ValidateCert",
        [EAS_FIND] = "Find",
    };

    return (size_t)command < sizeof names / sizeof *names ? names[command] : NULL;
}

const struct eas_class_row eas_classes[EAS_CLASSES] = {
    [EAS_MAIL] = {"Email", "mail", "Mail", ".eml"},
    [EAS_CALENDAR] = {"Calendar", "calendar", "Calendar", ".ics"},
    [EAS_CONTACTS] = {"Contacts", "contacts", "Contacts", ".vcf"},
    [EAS_TASKS] = {"Tasks", "tasks", "Tasks", ".ics"},
    [EAS_NOTES] = {"Notes", "notes", "Notes", ".ics"},
};

/* MS-ASCMD 2.2.3.186.3, by type. Generic folders (1) hold what arrives as mail: RSS, sync issues. */
static const struct {
    enum eas_class class;
    bool is_default;
} folder_types[] = {
    [0] = {EAS_NO_CLASS, false},
    [1] = {EAS_MAIL, false},
    [EAS_FOLDER_INBOX] = {EAS_MAIL, true},
    [EAS_FOLDER_DRAFTS] = {EAS_MAIL, true},
    [EAS_FOLDER_DELETED] = {EAS_MAIL, true},
    [EAS_FOLDER_SENT] = {EAS_MAIL, true},
    [EAS_FOLDER_OUTBOX] = {EAS_MAIL, true},
    [7] = {EAS_TASKS, true},
    [8] = {EAS_CALENDAR, true},
    [9] = {EAS_CONTACTS, true},
    [10] = {EAS_NOTES, true},
    [11] = {EAS_NO_CLASS, true}, /* the journal */
    [12] = {EAS_MAIL, false},
    [13] = {EAS_CALENDAR, false},
    [14] = {EAS_CONTACTS, false},
    [15] = {EAS_TASKS, false},
    [16] = {EAS_NO_CLASS, false}, /* a journal of the user's */
    [17] = {EAS_NOTES, false},
    [18] = {EAS_NO_CLASS, false}, /* unknown */
    [19] = {EAS_NO_CLASS, false}, /* the recipient cache */
};

enum { FOLDER_TYPES = sizeof folder_types / sizeof *folder_types };

enum eas_class eas_folder_class(int type)
{
    return type > 0 && type < FOLDER_TYPES ? folder_types[type].class : EAS_NO_CLASS;
}

bool eas_folder_is_default(int type)
{
    return type > 0 && type < FOLDER_TYPES && folder_types[type].is_default;
}
