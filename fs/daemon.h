/* The process behind a mount: forked, so that the command can return when the mount is ready, and
 * ended by signals. */
#ifndef FS_DAEMON_H
#define FS_DAEMON_H

#include <stdbool.h>

/* Forks. The parent does not come back: it waits and exits with 0 when the child says daemon_ready,
 * else with the child's exit code, whose messages it shares the terminal for. Returns in the child; in
 * the foreground, too, where nothing is forked. Call it before any thread and any open store. */
void daemon_begin(bool foreground);

/* From here on SIGTERM, SIGINT and SIGHUP are taken by a thread of their own: it calls stop, or ends the
 * process at once while stop is NULL. Call it before any other thread; again to set stop. */
void daemon_on_signal(void (*stop)(void *ctx), void *ctx);

/* Leaves the terminal and tells the parent (unless in the foreground). Any thread may call it. */
void daemon_ready(void);

#endif
