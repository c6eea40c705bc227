/* Whether a store is encrypted, and by which key: STATE/sealed holds a known text, sealed. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cache/store/store_state.h"

#define SEAL_FILE "sealed"
static const char known[] = "easfs: this replica is encrypted at rest";

struct seal {
    uint8_t nonce[CIPHER_NONCE_BYTES], tag[CIPHER_TAG_BYTES], text[sizeof known];
};

static int read_seal(const char *path, struct seal *seal)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t got;

    if (fd < 0)
        return -errno;
    got = read(fd, seal, sizeof *seal);
    close(fd);
    return got == sizeof *seal ? 0 : -EIO;
}

static int write_seal(const struct store *store, const char *path)
{
    struct seal seal;
    int fd, error = 0;

    memcpy(seal.text, known, sizeof known);
    if (!cipher_seal(store->cipher, 0, seal.text, sizeof seal.text, seal.nonce, seal.tag))
        return -EIO;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    if (write(fd, &seal, sizeof seal) != sizeof seal || fsync(fd))
        error = errno ? -errno : -EIO;
    close(fd);
    return error;
}

static int check_seal(const struct store *store, struct seal *seal)
{
    return cipher_open(store->cipher, 0, seal->text, sizeof seal->text, seal->nonce, seal->tag) &&
                   !memcmp(seal->text, known, sizeof known)
               ? 0
               : -EKEYREJECTED;
}

static const char *explain(int error)
{
    switch (error) {
    case -ENOKEY:
        return "it is encrypted, and the key is not there";
    case -EKEYREJECTED:
        return "it is encrypted with another key";
    case -EEXIST:
        return "it was begun without encryption; easfs cache wipe makes room for an encrypted one";
    default:
        return g_strerror(-error);
    }
}

int seal_ready(struct store *store, const uint8_t *key, char **why)
{
    g_autofree char *path = store_file(store, SEAL_FILE), *database = store_file(store, STORE_DATABASE);
    struct seal seal;
    int found = read_seal(path, &seal), error = 0;

    if (found && found != -ENOENT)
        error = found;
    else if (!key)
        error = found ? 0 : -ENOKEY;
    else if (!(store->cipher = cipher_new(key)) || !(store->vfs = cipher_vfs_new(store->cipher)))
        error = -ENOMEM;
    else if (!found)
        error = check_seal(store, &seal);
    else
        error = access(database, F_OK) == 0 ? -EEXIST : write_seal(store, path);
    if (error)
        *why = g_strdup_printf("%s: %s", store->dir, explain(error));
    return error;
}

bool store_dir_is_sealed(const char *state_dir)
{
    g_autofree char *path = g_build_filename(state_dir, SEAL_FILE, NULL);

    return access(path, F_OK) == 0;
}
