/* Every kind of request that the client writes, for every test that looks at all of them. */
#ifndef TESTS_UNIT_REQUESTS_H
#define TESTS_UNIT_REQUESTS_H

#include <string.h>

#include "codec/wire/folder_sync.h"
#include "codec/wire/get_item_estimate.h"
#include "codec/wire/item_operations.h"
#include "codec/wire/ping.h"
#include "codec/wire/provision.h"
#include "codec/wire/settings.h"
#include "codec/wire/sync.h"

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

static const struct {
    const char *name;
    void (*write)(GByteArray *out, enum eas_version version);
} requests[] = {
    {"sync-one", sync_one},
    {"sync-all", sync_all},
    {"sync-prime", sync_prime},
    {"folder-sync", folder_sync},
    {"fetch-each", fetch_each},
    {"provision-one", provision_one},
    {"provision-two", provision_two},
    {"provision-wiped", provision_wipe_done},
    {"settings-device", settings_device},
    {"settings-user", settings_user},
    {"estimate", estimate},
    {"ping", ping},
};

#endif
