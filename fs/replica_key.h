/* The key of a replica that is encrypted at rest: 64 hexadecimal digits that the keyring keeps under the replica's
 * directory, or that a command prints. */
#ifndef FS_REPLICA_KEY_H
#define FS_REPLICA_KEY_H

#include <glib.h>
#include <stdbool.h>

#define REPLICA_KEY_KIND "replica-key" /* in the keyring */

/* The key of the replica in state_dir (absolute), or NULL where it is not encrypted and encrypt is not set. One that is
 * to be encrypted from its beginning gets a key, kept in the keyring before anything is written. command: prints the
 * key; NULL: the keyring. 0, or an exit code after saying that what is not possible. The caller unrefs *key. After
 * daemon_begin. */
int replica_key_get(const char *state_dir, bool encrypt, const char *command, const char *what, GBytes **key);

/* The keyring's part of a wipe: false with *why (caller frees) when it could not be taken out. */
bool replica_key_forget(const char *state_dir, char **why);

#endif
