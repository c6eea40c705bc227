#include "contrib/easd/device.h"

#include <string.h>

#include "contrib/easd/answer.h"
#include "contrib/easd/item.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/sync_commands.h"

struct devices {
    GHashTable *by_id;
    guint32 run; /* tells this run's keys from any other's */
    uint64_t keys;
};

static void free_told_folder(void *data)
{
    struct told_folder *told = data;

    g_free(told->id);
    g_free(told->parent);
    g_free(told->name);
    g_free(told);
}

GHashTable *told_folders_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_told_folder);
}

static void free_collection(void *data)
{
    struct collection *collection = data;

    g_free(collection->key);
    g_free(collection->previous);
    g_array_unref(collection->known);
    g_array_unref(collection->pending);
    g_hash_table_unref(collection->applied);
    g_hash_table_unref(collection->fates);
    eas_node_free(collection->supported);
    g_free(collection);
}

static void free_kept(void *answer)
{
    answer_free(answer);
}

static void free_device(void *data)
{
    struct device *device = data;

    g_free(device->id);
    g_free(device->hierarchy_key);
    g_free(device->hierarchy_previous);
    g_clear_pointer(&device->hierarchy, g_hash_table_unref);
    g_clear_pointer(&device->hierarchy_before, g_hash_table_unref);
    g_hash_table_unref(device->collections);
    g_clear_pointer(&device->ping_folders, g_ptr_array_unref);
    g_hash_table_unref(device->kept);
    g_free(device->search_id);
    g_queue_free_full(device->sent_ids, g_free);
    g_free(device);
}

struct devices *devices_new(void)
{
    struct devices *devices = g_new0(struct devices, 1);

    devices->by_id = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_device);
    devices->run = g_random_int();
    return devices;
}

void devices_free(struct devices *devices)
{
    g_hash_table_unref(devices->by_id);
    g_free(devices);
}

static void forget_oldest(GHashTable *by_id)
{
    struct device *device, *oldest = NULL;
    GHashTableIter iter;

    g_hash_table_iter_init(&iter, by_id);
    while (g_hash_table_iter_next(&iter, NULL, (void **)&device))
        if (!oldest || device->used < oldest->used)
            oldest = device;
    if (oldest)
        g_hash_table_remove(by_id, oldest->id);
}

struct device *device_find(struct mailbox *mailbox, const char *id)
{
    GHashTable *by_id = mailbox->devices->by_id;
    struct device *device = g_hash_table_lookup(by_id, id);

    if (!device) {
        if (g_hash_table_size(by_id) >= EASD_DEVICES)
            forget_oldest(by_id);
        device = g_new0(struct device, 1);
        device->id = g_strdup(id);
        device->collections = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_collection);
        device->sent_ids = g_queue_new();
        device->kept = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_kept);
        g_hash_table_insert(by_id, device->id, device);
    }
    device->used = g_get_monotonic_time();
    return device;
}

void device_forget_hierarchy(struct device *device)
{
    g_clear_pointer(&device->hierarchy_key, g_free);
    g_clear_pointer(&device->hierarchy_previous, g_free);
}

void devices_forget_keys(struct devices *devices)
{
    struct device *device;
    GHashTableIter iter;

    g_hash_table_iter_init(&iter, devices->by_id);
    while (g_hash_table_iter_next(&iter, NULL, (void **)&device)) {
        device_forget_hierarchy(device);
        g_hash_table_remove_all(device->collections);
        g_hash_table_remove_all(device->kept);
    }
}

char *device_new_key(struct mailbox *mailbox)
{
    return g_strdup_printf("%08x-%" G_GUINT64_FORMAT, mailbox->devices->run, ++mailbox->devices->keys);
}

struct collection *device_collection(const struct device *device, const struct folder *folder)
{
    return g_hash_table_lookup(device->collections, folder->id);
}

struct collection *device_prime(struct device *device, struct folder *folder, int version, char *key)
{
    struct collection *collection = g_new0(struct collection, 1);

    collection->folder = folder;
    collection->version = version;
    collection->key = key;
    collection->known = g_array_new(FALSE, TRUE, sizeof(uint64_t));
    collection->pending = g_array_new(FALSE, FALSE, sizeof(struct change));
    collection->applied = g_hash_table_new(NULL, NULL);
    collection->fates = fates_new();
    options_init(&collection->options);
    g_hash_table_replace(device->collections, folder->id, collection);
    return collection;
}

uint64_t collection_known(const struct collection *collection, guint place)
{
    void *own;

    if (g_hash_table_lookup_extended(collection->applied, GUINT_TO_POINTER(place + 1), NULL, &own))
        return GPOINTER_TO_SIZE(own);
    return place < collection->known->len ? g_array_index(collection->known, uint64_t, place) : 0;
}

void collection_note(struct collection *collection, const struct entry *entry)
{
    g_hash_table_insert(collection->applied, GUINT_TO_POINTER(entry->place + 1),
                        GSIZE_TO_POINTER(entry->present ? entry->version : 0));
}

static void know(struct collection *collection, guint place, uint64_t version)
{
    if (place >= collection->known->len)
        g_array_set_size(collection->known, collection->folder->entries->len);
    g_array_index(collection->known, uint64_t, place) = version;
}

static void confirm_pending(struct collection *collection)
{
    GHashTableIter iter;
    void *place, *version;

    g_hash_table_iter_init(&iter, collection->applied);
    while (g_hash_table_iter_next(&iter, &place, &version))
        know(collection, GPOINTER_TO_UINT(place) - 1, GPOINTER_TO_SIZE(version));
    g_hash_table_remove_all(collection->applied);
    g_hash_table_remove_all(collection->fates);
    for (guint i = 0; i < collection->pending->len; i++) {
        const struct change *change = &g_array_index(collection->pending, struct change, i);

        know(collection, change->place, change->version);
    }
    g_array_set_size(collection->pending, 0);
    g_clear_pointer(&collection->previous, g_free);
}

bool collection_accept(struct collection *collection, const char *key, bool *repeated)
{
    *repeated = g_strcmp0(collection->previous, key) == 0;
    if (*repeated)
        return true;
    if (strcmp(collection->key, key) != 0)
        return false;
    confirm_pending(collection);
    return true;
}

/* What the device must hear about an entry, or nothing. */
static bool entry_change(const struct collection *collection, struct entry *entry, gint64 since, struct change *change)
{
    uint64_t known = collection_known(collection, entry->place);

    if (!entry_served(entry, collection->version)) {
        *change = (struct change){entry->place, CHANGE_DELETE, 0};
        return known != 0;
    }
    if (known != entry->version || collection->options.filter) {
        if (collection->options.filter && !item_in_filter(collection->folder, entry, since)) {
            *change = (struct change){
                entry->place, !entry_served(entry, collection->version) ? CHANGE_DELETE : CHANGE_SOFT_DELETE, 0};
            return known != 0;
        }
    }
    *change = (struct change){entry->place, known ? CHANGE_CHANGE : CHANGE_ADD, entry->version};
    return known != entry->version;
}

/* From the last place down, so that the newest names and whatever just came go first. */
guint collection_changes(struct collection *collection, gint64 now, guint limit, GArray *changes)
{
    const struct folder *folder = collection->folder;
    gint64 since = options_since(collection->options.filter, now);
    guint count = 0;

    if (collection->settled == folder->version && !collection->options.filter)
        return 0;
    for (guint i = folder->entries->len; i-- > 0;) {
        struct change change;

        if (!entry_change(collection, folder->entries->pdata[i], since, &change))
            continue;
        if (++count > limit && limit > 0)
            return count;
        if (changes && limit > 0)
            g_array_append_val(changes, change);
    }
    if (count == 0)
        collection->settled = folder->version;
    return count;
}
