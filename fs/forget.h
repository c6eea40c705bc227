/* What is kept of an account's secrets outside its replica goes: for an order to wipe. */
#ifndef FS_FORGET_H
#define FS_FORGET_H

#include <stdbool.h>

#include "fs/account.h"

struct forget {
    const struct account_options *account;
    const char *title, *state_dir; /* account_title's, and absolute */
};

/* For replica_config: ctx is a struct forget. Takes the password, the OAuth log-in and the replica's key out of the
 * keyring, and the files that setup keeps them in where there is none. A file or command that a person named stays: it
 * is theirs. false: one of them could not be taken out. */
bool forget_secrets(void *ctx);

#endif
