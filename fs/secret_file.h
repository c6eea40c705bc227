/* A secret as the first line of a file that nobody else may read. */
#ifndef FS_SECRET_FILE_H
#define FS_SECRET_FILE_H

#include <stdbool.h>

/* The caller wipes and frees it; NULL with *why (caller frees), a clause for a person, also where group or others may
 * read the file. */
char *secret_file_read(const char *path, char **why);
/* Replaces the file at once, mode 0600, durable; makes its directory, 0700. */
bool secret_file_write(const char *path, const char *secret, char **why);

/* The first line of a descriptor without its end; NULL when there is none. */
char *secret_line(int fd);

/* Wipes and frees; takes NULL. */
void secret_free(char *secret);

#endif
