/* A verb asks the daemon of a mount over its socket (fs/control_socket.h says in what words). */
#ifndef FS_ASK_H
#define FS_ASK_H

#include <jansson.h>
#include <stdbool.h>

/* Finds the state directory of a mount, or, when mountpoint is NULL, of the one worked in or the only one there is. 0
 * with *mountpoint_found and *state_dir (caller frees both), or an exit code after saying that what is not possible. */
int ask_find(const char *mountpoint, const char *what, char **mountpoint_found, char **state_dir);

/* Whether a daemon listens for a state directory. */
bool ask_listens(const char *state_dir);

/* Finds the mount in which an item is, and its path below that (caller frees all three). It need not exist any more. 0,
 * or an exit code after saying that what is not possible. */
int ask_find_item(const char *item, const char *what, char **mountpoint, char **state_dir, char **path);

/* Asks the daemon to do what the verb says with one item; NULL: with all of the only mount, or of the mount that item
 * is. Returns 0, or an exit code after saying that what is not possible. */
int ask_item(const char *verb, const char *item, const char *what);

/* Sends request (taken) and waits for the answer (caller decrefs), which has code 0. progress is called for
 * each line of progress; NULL: none. Returns 0, or an exit code after saying that what is not possible. With linger it
 * then waits until the daemon is gone. */
int ask_daemon(const char *state_dir, const char *what, json_t *request, void (*progress)(const char *text),
               bool linger, json_t **answer);

#endif
