/* Where a password comes from: a file, a command, the keyring or the terminal; never argv, never the environment. */
#ifndef FS_PASSWORD_H
#define FS_PASSWORD_H

#include <stdbool.h>

struct password_source {
    const char *text, *file, *command; /* NULL: not given; with none the keyring is asked, then the terminal */
    const char *account;               /* its name in the keyring and in the prompt */
    bool unasked;                      /* never ask at the terminal */
};

#define PASSWORD_KIND "password" /* in the keyring */

/* 0 with *password (caller wipes and frees), or an exit code after saying that what is not possible. */
int password_get(const struct password_source *source, const char *what, char **password);

/* Asks at the terminal; as above. why (or NULL) is said where there is none. */
int password_ask(const char *account, const char *why, const char *what, char **password);

/* The whole of what a private file holds, its first line that is; as password_get. Others must not be able to read it.
 * called is the option that named it. */
int password_read_file(const char *file, const char *called, const char *what, char **secret);

/* Wipes and frees; takes NULL. */
void password_free(char *password);

#endif
