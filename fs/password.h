/* Where a password comes from: a file, a command, the keyring or the terminal; never argv, never the environment. */
#ifndef FS_PASSWORD_H
#define FS_PASSWORD_H

#include <stdbool.h>

struct password_source {
    const char *text, *file, *command; /* NULL: not given; with none the keyring is asked, then the terminal */
    const char *account;               /* its name in the keyring and in the prompt */
};

#define PASSWORD_KIND "password" /* in the keyring */

/* 0 with *password (secret_free), or an exit code after saying that what is not possible. */
int password_get(const struct password_source *source, const char *what, char **password);

/* Asks at the terminal; as above. why (or NULL) is said where there is none. */
int password_ask(const char *account, const char *why, const char *what, char **password);

/* Whether there is a terminal to ask at. */
bool password_can_ask(void);

#endif
