/* Where a password comes from: a file, a command, or the terminal; never argv, never the environment. */
#ifndef FS_PASSWORD_H
#define FS_PASSWORD_H

struct password_source {
    const char *file, *command; /* NULL: not given; with neither the terminal is asked */
    const char *account;        /* for the prompt */
};

/* 0 with *password (caller wipes and frees), or an exit code after saying that what is not possible. */
int password_get(const struct password_source *source, const char *what, char **password);

#endif
