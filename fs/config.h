/* easfs.conf: the accounts of a person, one section each: "[NAME]" or "[account NAME]". A key is a long option of mount
 * without its dashes, or one of those that no command line has (password). What is no key is a mistake, told with
 * its line. */
#ifndef FS_CONFIG_H
#define FS_CONFIG_H

#include "fs/account.h"

/* $XDG_CONFIG_HOME/easfs/easfs.conf; the caller frees it. */
char *config_path(void);

/* Fills what options lack from the section of options->account; where that is NULL from the only section, whose name it
 * then is. 0, or an exit code after saying what is wrong with the file: 78, and 64 where it is not said which of
 * several is meant. A file that is not there has no sections. */
int config_fill(struct account_options *options, const char *what);

/* The names of the accounts, NULL-terminated, in the file's order; the caller frees them. Exit code as above. */
int config_names(const char *what, char ***names);

/* Whether text can name an account: it names a directory, too. */
bool config_is_name(const char *text);

/* Writes a section anew, and leaves the rest of the file as it is, comments, too: only the texts, lists and flags that
 * are set. The file is replaced at once, mode 0600. 0, or an exit code after saying why not. */
int config_write(const char *name, const struct account_options *options, const char *what);

/* Sets one list of a section that is there, and leaves everything else; an empty one goes. As above. */
int config_write_list(const char *name, const char *key, const GPtrArray *list, const char *what);

/* One line a key, for people. */
void config_print_keys(GString *out);

#endif
