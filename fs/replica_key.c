#include "fs/replica_key.h"

#include <openssl/rand.h>
#include <string.h>

#include "cache/store/cipher.h"
#include "cache/store/store.h"
#include "fs/keyring.h"
#include "fs/message.h"
#include "fs/password.h"
#include "fs/secret_file.h"

enum { KEY_DIGITS = 2 * CIPHER_KEY_BYTES };

static void key_wipe(gpointer key)
{
    explicit_bzero(key, CIPHER_KEY_BYTES);
    g_free(key);
}

/* NULL for what is no key. */
static GBytes *key_of(const char *digits)
{
    guint8 *key;

    if (strlen(digits) != KEY_DIGITS || strspn(digits, "0123456789abcdefABCDEF") != KEY_DIGITS)
        return NULL;
    key = g_malloc(CIPHER_KEY_BYTES);
    for (int i = 0; i < CIPHER_KEY_BYTES; i++)
        key[i] = (guint8)(g_ascii_xdigit_value(digits[2 * i]) << 4 | g_ascii_xdigit_value(digits[2 * i + 1]));
    return g_bytes_new_with_free_func(key, CIPHER_KEY_BYTES, key_wipe, key);
}

static char *new_digits(void)
{
    guint8 key[CIPHER_KEY_BYTES];
    GString *digits = g_string_sized_new(KEY_DIGITS);

    if (RAND_bytes(key, sizeof key) != 1) {
        g_string_free(digits, TRUE);
        return NULL;
    }
    for (int i = 0; i < CIPHER_KEY_BYTES; i++)
        g_string_append_printf(digits, "%02x", key[i]);
    explicit_bzero(key, sizeof key);
    return g_string_free(digits, FALSE);
}

static int take(char *digits, const char *what, GBytes **key)
{
    *key = key_of(digits);
    secret_free(digits);
    return *key ? 0 : unable_to(EXIT_CONFIG, what, NULL, "the replica's key is not 64 hexadecimal digits");
}

static int from_command(const char *command, const char *what, GBytes **key)
{
    const struct password_source source = {.command = command};
    char *digits = NULL;
    int code = password_get(&source, what, &digits);

    return code ? code : take(digits, what, key);
}

/* A new key is in the keyring before the replica exists: one that cannot be kept would lock the door for good. */
static int make(const char *state_dir, const char *what, GBytes **key)
{
    char *digits = new_digits();
    g_autofree char *why = NULL;

    if (!digits)
        return unable_to(EXIT_INTERNAL, what, NULL, "no random key can be made");
    if (keyring_store(state_dir, REPLICA_KEY_KIND, digits, &why) == KEYRING_DONE)
        return take(digits, what, key);
    secret_free(digits);
    return unable_to(EXIT_CONFIG, what, "or give --key-command", "the key of an encrypted replica has to be kept: %s",
                     why);
}

int replica_key_get(const char *state_dir, bool encrypt, const char *command, const char *what, GBytes **key)
{
    bool sealed = store_dir_is_sealed(state_dir);
    g_autofree char *why = NULL;
    char *digits = NULL;

    *key = NULL;
    if (!sealed && !encrypt)
        return 0;
    if (command)
        return from_command(command, what, key);
    switch (keyring_find(state_dir, REPLICA_KEY_KIND, &digits, &why)) {
    case KEYRING_DONE:
        return take(digits, what, key);
    case KEYRING_NOTHING:
        return sealed ? unable_to(EXIT_CONFIG, what, "easfs cache wipe makes room for a new one",
                                  "the replica %s is encrypted, and the keyring has no key for it", state_dir)
                      : make(state_dir, what, key);
    default:
        return unable_to(EXIT_CONFIG, what, "or give --key-command", "the replica's key: %s", why);
    }
}

bool replica_key_forget(const char *state_dir, char **why)
{
    enum keyring_end end = keyring_forget(state_dir, REPLICA_KEY_KIND, why);

    if (end == KEYRING_NOTHING)
        g_clear_pointer(why, g_free);
    return end == KEYRING_DONE || end == KEYRING_NOTHING;
}
