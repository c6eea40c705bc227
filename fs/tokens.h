/* Where an account's refresh token lives: in a private file where one is named, else in the keyring. */
#ifndef FS_TOKENS_H
#define FS_TOKENS_H

#include "cache/server/oauth.h"
#include "fs/account.h"

#define TOKEN_KIND "refresh-token" /* in the keyring */

/* The OAuth configuration of an account's options, with this home for the token; oauth_config_free. */
struct oauth_config *tokens_config(const struct account_options *options, const char *account);

/* The file that holds the token of an account without a keyring, beside easfs.conf; the caller frees it. */
char *tokens_usual_file(const char *account);

#endif
