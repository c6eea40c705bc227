/* Logging a person in: getting what an account logs in with, trying it, keeping it. For the verbs that do so. */
#ifndef FS_LOGIN_H
#define FS_LOGIN_H

#include "fs/account.h"

/* Logs in by OAuth: tells the person on stderr where to go, waits, keeps the log-in where the options say. 0, or an
 * exit code after saying that what is not possible. */
int login_oauth(const struct account_options *options, const char *name, const char *what);

/* The password to log in with from now on: from where the options have it, from given (file or command of this command
 * line alone), or asked for; without a terminal, what the keyring holds. As password_get. */
int login_password(const struct account_options *options, const struct password_source *given, const char *what,
                   char **password);

/* Asks the server once, without a mount, whether it takes the password; makes no device of this one. SERVED where there
 * is none to try. Options that cannot be used: REFUSED without a text, all said. */
struct eas_result login_try(const struct account_options *options, const char *password, const char *what);

/* Says why not and returns the exit code; 0 for SERVED. */
int login_say(const struct eas_result *result, const char *what);

/* Whether the password is kept by nothing but the keyring. */
bool login_is_kept_by_keyring(const struct account_options *options);

#endif
