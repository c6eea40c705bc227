/* Every kind of request that the client writes, for every test that looks at all of them. */
#ifndef TESTS_UNIT_REQUESTS_H
#define TESTS_UNIT_REQUESTS_H

#include <string.h>

#include "codec/wire/folder_change.h"
#include "codec/wire/folder_sync.h"
#include "codec/wire/get_item_estimate.h"
#include "codec/wire/item_operations.h"
#include "codec/wire/meeting_response.h"
#include "codec/wire/move_items.h"
#include "codec/wire/oof.h"
#include "codec/wire/ping.h"
#include "codec/wire/provision.h"
#include "codec/wire/send_mail.h"
#include "codec/wire/resolve_recipients.h"
#include "codec/wire/search.h"
#include "codec/wire/settings.h"
#include "codec/wire/sync.h"
#include "tests/unit/item_data.h"

static const enum eas_version versions[] = {EAS_12_1, EAS_14_0, EAS_14_1, EAS_16_0, EAS_16_1};

static const struct device_information device = {"easfs", "a laptop", "Linux", "easfs/0.1"};

static const struct sync_collection collections[] = {
    {"5", "k1", EAS_MAIL, 100, SYNC_FILTER_ALL, 524288, false},
    {"6", "k2", EAS_MAIL, 0, 5, 0, true},
    {"7", "k3", EAS_CALENDAR, 512, 7, 0, false},
    {"8", "k4", EAS_CONTACTS, 512, SYNC_FILTER_NONE, 0, false},
    {"9", "k5", EAS_TASKS, 512, SYNC_FILTER_ALL, 0, false},
    {"10", "k6", EAS_NOTES, 512, SYNC_FILTER_NONE, 0, false},
};

static void sync_one(GByteArray *out, enum eas_version version)
{
    sync_request(out, version, collections, 1, 0);
}

static void sync_all(GByteArray *out, enum eas_version version)
{
    sync_request(out, version, collections, version < EAS_14_0 ? 5 : 6, 100);
}

static void sync_prime(GByteArray *out, enum eas_version version)
{
    struct sync_collection primed[G_N_ELEMENTS(collections)];

    memcpy(primed, collections, sizeof primed);
    for (size_t i = 0; i < G_N_ELEMENTS(primed); i++)
        primed[i].sync_key = "0";
    sync_request(out, version, primed, version < EAS_14_0 ? 5 : 6, 0);
}

/* One collection with commands; frees what each of them says. */
static void sync_commands(GByteArray *out, enum eas_version version, enum eas_class class,
                          struct sync_command *commands, size_t count)
{
    struct sync_collection collection = {"7",
                                         "k3",
                                         class,
                                         100,
                                         SYNC_FILTER_NONE,
                                         0,
                                         .commands = commands,
                                         .command_count = count,
                                         .deletes_for_good = class == EAS_TASKS};

    sync_request(out, version, &collection, 1, 0);
    for (size_t i = 0; i < count; i++)
        eas_node_free((struct eas_node *)commands[i].data);
}

static void sync_contacts(GByteArray *out, enum eas_version version)
{
    struct sync_command commands[] = {
        {SYNC_ADD, .client_id = "c1",
         .data =
             ITEM({TAG_Contacts_FirstName, "Jane"}, {TAG_Contacts2_NickName, "J"}, {TAG_Contacts_Picture, "/9j/4AAQ"},
                  {TAG_Contacts_Categories, NULL}, {TAG_Contacts_Category, "Work"}, {EAS_TAG_NONE, NULL},
                  {TAG_AirSyncBase_Body, NULL}, {TAG_AirSyncBase_Type, "1"}, {TAG_AirSyncBase_Data, "a note"})},
        {SYNC_CHANGE, .server_id = "7:1", .data = ITEM({TAG_Contacts_LastName, "Doe"})},
        {SYNC_DELETE, .server_id = "7:2"},
        {SYNC_FETCH, .server_id = "7:3"},
    };

    sync_commands(out, version, EAS_CONTACTS, commands, G_N_ELEMENTS(commands));
}

static void sync_tasks(GByteArray *out, enum eas_version version)
{
    struct sync_command commands[] = {
        {SYNC_ADD, .client_id = "c1", .data = ITEM({TAG_Tasks_Subject, "a task"}, {TAG_Tasks_Complete, "0"})},
        {SYNC_DELETE, .server_id = "9:2"},
    };

    sync_commands(out, version, EAS_TASKS, commands, G_N_ELEMENTS(commands));
}

static void sync_flags(GByteArray *out, enum eas_version version)
{
    struct sync_command commands[] = {
        {SYNC_CHANGE, .server_id = "5:1", .data = ITEM({TAG_Email_Read, "1"})},
        {SYNC_CHANGE, .server_id = "5:2", .data = ITEM({TAG_Email_Flag, ""})},
        {SYNC_CHANGE, .server_id = "5:3",
         .data = ITEM({TAG_Email_Flag, NULL}, {TAG_Email_Status, "2"}, {TAG_Email_FlagType, "Flag for follow up"})},
    };

    sync_commands(out, version, EAS_MAIL, commands, G_N_ELEMENTS(commands));
}

static void sync_occurrences(GByteArray *out, enum eas_version version)
{
    struct sync_command commands[] = {
        {SYNC_ADD, .client_id = "c1",
         .data = ITEM({TAG_Calendar_ClientUid, "u1"}, {TAG_Calendar_Subject, "standup"},
                      {TAG_Calendar_StartTime, "20260105T090000Z"}, {TAG_Calendar_EndTime, "20260105T091500Z"})},
        {SYNC_CHANGE, .server_id = "7:1", .instance_id = "20260106T090000Z",
         .data = ITEM({TAG_Calendar_Subject, "moved"})},
        {SYNC_DELETE, .server_id = "7:2", .instance_id = "20260107T090000Z"},
    };

    sync_commands(out, version, EAS_CALENDAR, commands, G_N_ELEMENTS(commands));
}

static const char message[] = "From: me@example.org\r\nTo: you@example.org\r\nSubject: s\r\n\r\nhello\r\n";

static void send_mail(GByteArray *out, enum eas_version version)
{
    static const struct mail_to_send mail = {EAS_SEND_MAIL, "id-1", .save = true};

    send_mail_request(out, version, &mail, message, strlen(message));
}

static void smart_reply(GByteArray *out, enum eas_version version)
{
    static const struct mail_to_send mail = {
        EAS_SMART_REPLY, "id-2", true, "5", "5:1", .instance_id = "2026-01-31T09:00:00.000Z", .replace_mime = true};

    send_mail_request(out, version, &mail, message, strlen(message));
}

static void smart_forward(GByteArray *out, enum eas_version version)
{
    static const struct mail_to_send mail = {EAS_SMART_FORWARD, "id-3", .long_id = "RgAAAA"};

    send_mail_request(out, version, &mail, message, strlen(message));
}

static void move_items(GByteArray *out, enum eas_version version)
{
    static const struct item_move moves[] = {{"5:1", "5", "6"}, {"5:2", "5", "4"}};

    (void)version;
    move_items_request(out, moves, G_N_ELEMENTS(moves));
}

static void folder_create(GByteArray *out, enum eas_version version)
{
    folder_create_request(out, "h1", "0", "Päckchen/2026", version < EAS_14_0 ? EAS_MAIL : EAS_NOTES);
}

static void folder_update(GByteArray *out, enum eas_version version)
{
    (void)version;
    folder_update_request(out, "h1", "12", "4", "Projects");
}

static void folder_delete(GByteArray *out, enum eas_version version)
{
    (void)version;
    folder_delete_request(out, "h1", "12");
}

static void meeting_response(GByteArray *out, enum eas_version version)
{
    static const struct meeting_reply replies[] = {
        {MEETING_ACCEPT, "5", "5:1", .send = true, .text = "with pleasure"},
        {MEETING_DECLINE, "7", "7:1", .instance_id = "2026-01-31T09:00:00.000Z", .send = true},
        {MEETING_TENTATIVE, .long_id = "RgAAAA"},
    };

    meeting_response_request(out, version, replies, G_N_ELEMENTS(replies));
}

static void folder_sync(GByteArray *out, enum eas_version version)
{
    (void)version;
    folder_sync_request(out, "0");
}

static void fetch_each(GByteArray *out, enum eas_version version)
{
    static const struct fetch fetches[] = {
        {.collection_id = "5", .server_id = "5:1", .mime = true},
        {.collection_id = "7", .server_id = "7:1"},
        {.file_reference = "5:1:0"},
        {.long_id = "RgAAAA", .mime = true},
    };

    item_operations_request(out, version, fetches, G_N_ELEMENTS(fetches));
}

static void provision_one(GByteArray *out, enum eas_version version)
{
    provision_request(out, version, &device);
}

static void provision_two(GByteArray *out, enum eas_version version)
{
    provision_acknowledge(out, version, "3378841480", 1);
}

static void provision_wipe_done(GByteArray *out, enum eas_version version)
{
    provision_wiped(out, version < EAS_16_1 ? PROVISION_WIPE : PROVISION_WIPE_ACCOUNT, 1);
}

static void settings_device(GByteArray *out, enum eas_version version)
{
    (void)version;
    settings_device_request(out, &device);
}

static void settings_user(GByteArray *out, enum eas_version version)
{
    (void)version;
    settings_user_request(out);
}

static void estimate(GByteArray *out, enum eas_version version)
{
    get_item_estimate_request(out, version, collections, version < EAS_14_0 ? 5 : 6);
}

static void ping(GByteArray *out, enum eas_version version)
{
    static const struct ping_folder folders[] = {{"5", EAS_MAIL}, {"7", EAS_CALENDAR}, {"8", EAS_CONTACTS}};

    (void)version;
    ping_request(out, 600, folders, G_N_ELEMENTS(folders));
}

static void search_gal(GByteArray *out, enum eas_version version)
{
    static const struct search_question question = {.text = "jane", .count = 20, .pictures = true};

    search_gal_request(out, version, &question);
}

static void find_gal(GByteArray *out, enum eas_version version)
{
    static const struct search_question question = {
        .text = "jane", .search_id = "81ee1c8d-9d1e-4ba8-a5a3-fcaab4e5eb30", .count = 20, .pictures = true, .find = true};

    search_gal_request(out, version, &question);
}

static void search_mailbox(GByteArray *out, enum eas_version version)
{
    static const struct search_question question = {.text = "budget", .collection_id = "5", .count = 100};

    search_mailbox_request(out, version, &question);
}

static void find_mailbox(GByteArray *out, enum eas_version version)
{
    static const struct search_question question = {
        .text = "budget", .collection_id = "5", .search_id = "81ee1c8d-9d1e-4ba8-a5a3-fcaab4e5eb30", .count = 100, .find = true};

    search_mailbox_request(out, version, &question);
}

static void resolve(GByteArray *out, enum eas_version version)
{
    static const char *const addresses[] = {"bob@example.org", "eve@example.org"};

    resolve_recipients_request(out, version, addresses, G_N_ELEMENTS(addresses), "2026-11-02T08:00:00.000Z",
                               "2026-11-02T18:00:00.000Z");
}

static void oof_get(GByteArray *out, enum eas_version version)
{
    (void)version;
    oof_get_request(out);
}

static void oof_set(GByteArray *out, enum eas_version version)
{
    static const struct oof oof = {.state = OOF_SCHEDULED,
                                   .start = (char *)"2026-12-24T00:00:00.000Z",
                                   .end = (char *)"2027-01-02T00:00:00.000Z",
                                   .messages = {{true, true, (char *)"away"}, {true, false, NULL}, {false, false, NULL}}};

    (void)version;
    oof_set_request(out, &oof);
}

static const struct {
    const char *name;
    enum eas_version since; /* below, the command is none, or no document */
    void (*write)(GByteArray *out, enum eas_version version);
} requests[] = {
    {"sync-one", EAS_12_1, sync_one},
    {"sync-all", EAS_12_1, sync_all},
    {"sync-prime", EAS_12_1, sync_prime},
    {"folder-sync", EAS_12_1, folder_sync},
    {"fetch-each", EAS_12_1, fetch_each},
    {"provision-one", EAS_12_1, provision_one},
    {"provision-two", EAS_12_1, provision_two},
    {"provision-wiped", EAS_12_1, provision_wipe_done},
    {"settings-device", EAS_12_1, settings_device},
    {"settings-user", EAS_12_1, settings_user},
    {"estimate", EAS_12_1, estimate},
    {"search-gal", EAS_12_1, search_gal},
    {"search-mailbox", EAS_12_1, search_mailbox},
    {"find-gal", EAS_16_1, find_gal},
    {"find-mailbox", EAS_16_1, find_mailbox},
    {"resolve", EAS_12_1, resolve},
    {"oof-get", EAS_12_1, oof_get},
    {"oof-set", EAS_12_1, oof_set},
    {"sync-contacts", EAS_12_1, sync_contacts},
    {"sync-tasks", EAS_12_1, sync_tasks},
    {"sync-flags", EAS_12_1, sync_flags},
    {"sync-occurrences", EAS_16_0, sync_occurrences},
    {"send-mail", EAS_14_0, send_mail},
    {"smart-reply", EAS_14_0, smart_reply},
    {"smart-forward", EAS_14_0, smart_forward},
    {"move-items", EAS_12_1, move_items},
    {"folder-create", EAS_12_1, folder_create},
    {"folder-update", EAS_12_1, folder_update},
    {"folder-delete", EAS_12_1, folder_delete},
    {"meeting-response", EAS_12_1, meeting_response},
    {"ping", EAS_12_1, ping},
};

#endif
