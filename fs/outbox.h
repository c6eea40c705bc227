/* A message put into Outbox by a verb. */
#ifndef FS_OUTBOX_H
#define FS_OUTBOX_H

#include <glib.h>
#include <stdbool.h>

/* All of a descriptor, a message's size at most; NULL with errno. dots: a line of a single dot ends it. */
GString *outbox_read(int fd, bool dots);

/* Writes a message into Outbox of a mount, or (NULL) of the only one, where it waits to be sent: 0; or an exit code
 * after saying why it cannot be sent, and then nothing of it is left. */
int outbox_put(const char *mountpoint, const char *what, const char *message, gsize length);

#endif
