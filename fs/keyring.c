#include "fs/keyring.h"

#include <libsecret/secret.h>
#include <stdbool.h>
#include <string.h>

static const SecretSchema schema = {
    "org.easfs.Secret",
    SECRET_SCHEMA_NONE,
    {{"account", SECRET_SCHEMA_ATTRIBUTE_STRING}, {"kind", SECRET_SCHEMA_ATTRIBUTE_STRING}, {NULL, 0}},
};

/* Only a desktop can ask for the keyring's own password; elsewhere the question would never be answered. */
static bool can_unlock(void)
{
    return g_getenv("DISPLAY") || g_getenv("WAYLAND_DISPLAY");
}

static enum keyring_end locked(char **why)
{
    *why = g_strdup("the keyring is locked");
    return KEYRING_LOCKED;
}

static enum keyring_end absent(GError *error, char **why)
{
    g_autofree char *words = g_strdup(error ? error->message : "no reason given");

    g_clear_error(&error);
    *why = g_strdup_printf("no keyring answers (%s)", g_strdelimit(words, "\n", ' '));
    return KEYRING_ABSENT;
}

/* Without a bus D-Bus would try to start one, which outlives everybody. */
static bool has_bus(void)
{
    g_autofree char *bus = g_build_filename(g_get_user_runtime_dir(), "bus", NULL);

    return g_getenv("DBUS_SESSION_BUS_ADDRESS") || g_file_test(bus, G_FILE_TEST_EXISTS);
}

static SecretService *service_open(char **why)
{
    GError *error = NULL;
    SecretService *service =
        has_bus() ? secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION, NULL, &error)
                  : (g_set_error_literal(&error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is no D-Bus session"), NULL);

    if (!service)
        absent(error, why);
    return service;
}

static char *secret_of(SecretItem *item)
{
    SecretValue *value = secret_item_get_secret(item);
    char *text = value ? g_strdup(secret_value_get_text(value)) : NULL;

    if (value)
        secret_value_unref(value);
    return text;
}

/* Whether the collection that new secrets go to is there and open, or somebody can be asked to open it. */
static enum keyring_end check_default(SecretService *service, char **why)
{
    GError *error = NULL;
    SecretCollection *collection =
        secret_collection_for_alias_sync(service, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, NULL, &error);
    bool is_locked = collection && secret_collection_get_locked(collection);
    bool missing = !collection;

    g_clear_object(&collection);
    if (error)
        return absent(error, why);
    if (can_unlock() || (!missing && !is_locked))
        return KEYRING_DONE;
    if (is_locked)
        return locked(why);
    *why = g_strdup("the keyring has no default collection to keep secrets in");
    return KEYRING_ABSENT;
}

/* A locked item is no missing one; what a locked keyring holds is not known at all. */
static enum keyring_end search(SecretService *service, GHashTable *attributes, char **secret, char **why)
{
    SecretSearchFlags flags = SECRET_SEARCH_LOAD_SECRETS | (can_unlock() ? SECRET_SEARCH_UNLOCK : SECRET_SEARCH_NONE);
    GError *error = NULL;
    GList *items = secret_service_search_sync(service, &schema, attributes, flags, NULL, &error);
    enum keyring_end end = KEYRING_DONE;

    if (error)
        return absent(error, why);
    if (!items) {
        end = check_default(service, why);
        if (end != KEYRING_DONE)
            return end;
        *why = g_strdup("the keyring holds nothing for this account");
        return KEYRING_NOTHING;
    }
    if (secret_item_get_locked(items->data) || !(*secret = secret_of(items->data)))
        end = locked(why);
    g_list_free_full(items, g_object_unref);
    return end;
}

enum keyring_end keyring_find(const char *account, const char *kind, char **secret, char **why)
{
    SecretService *service = service_open(why);
    GHashTable *attributes;
    enum keyring_end end = KEYRING_ABSENT;

    *secret = NULL;
    if (!service)
        return end;
    attributes = secret_attributes_build(&schema, "account", account, "kind", kind, NULL);
    end = search(service, attributes, secret, why);
    g_hash_table_unref(attributes);
    g_object_unref(service);
    return end;
}

enum keyring_end keyring_store(const char *account, const char *kind, const char *secret, char **why)
{
    SecretService *service = service_open(why);
    g_autofree char *label = g_strdup_printf("easfs: %s of %s", kind, account);
    enum keyring_end end = service ? check_default(service, why) : KEYRING_ABSENT;
    GError *error = NULL;

    g_clear_object(&service);
    if (end != KEYRING_DONE)
        return end;
    if (secret_password_store_sync(&schema, SECRET_COLLECTION_DEFAULT, label, secret, NULL, &error, "account", account,
                                   "kind", kind, NULL))
        return KEYRING_DONE;
    if (!error || g_error_matches(error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED)) {
        g_clear_error(&error);
        return locked(why);
    }
    return absent(error, why);
}

enum keyring_end keyring_forget(const char *account, const char *kind, char **why)
{
    SecretService *service = service_open(why);
    GError *error = NULL;

    if (!service)
        return KEYRING_ABSENT;
    g_object_unref(service);
    secret_password_clear_sync(&schema, NULL, &error, "account", account, "kind", kind, NULL);
    return error ? absent(error, why) : KEYRING_DONE;
}
