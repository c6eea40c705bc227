/* What each platform does in its own way. One fs/port_*.c a platform. */
#ifndef FS_PORT_H
#define FS_PORT_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* The mount points of easfs that this process sees, as a GPtrArray of char * with its free function. Asks no mount. */
GPtrArray *port_mounts(void);
/* Whether a mount point (or any directory) is a dead mount: its daemon is gone. */
bool port_mount_is_dead(const char *mountpoint);
/* Unmounts; lazily: also while it is in use. 0 or a negative errno, -EBUSY when in use. */
int port_unmount(const char *mountpoint, bool lazily);
/* Who holds a mount: "vim (1234)", the first found, or NULL; the caller frees it. Looks at no file in the mount. */
char *port_mount_holder(const char *mountpoint);
/* Binds or connects a socket to a path of any length. A descriptor, close-on-exec, or a negative errno. */
int port_socket_bind(const char *path);
int port_socket_connect(const char *path);
/* Whether the process at the other end of a local socket is this user's (or root's). */
bool port_socket_is_own(int fd);
/* The process a thread belongs to; the thread itself where that cannot be known. */
pid_t port_process_of(pid_t thread);
/* A directory below another, as a descriptor for openat and the like alone: no symlink is followed and no other mount
 * entered. A descriptor, close-on-exec, or a negative errno. */
int port_open_below(int dir, const char *path);

/* This process holds secrets: no core file is written of it, and no other process of the user may look into it. */
void port_keep_secrets(void);
/* Tells whoever started this service, by its protocol ("READY=1", sd_notify(3)); without one nothing. Any thread. */
void port_notify(const char *state);

#endif
