/* STATE/socket, by which the verbs speak to the daemon of a mount: one JSON object a line each way.
 * A request is {"verb": "...", ...}; its answers are any number of {"progress": "..."} and one last
 * {"code": EXIT, "error": "...", "advice": "..."} with what was asked for. Only this user (and root) is heard. */
#ifndef FS_CONTROL_SOCKET_H
#define FS_CONTROL_SOCKET_H

#include "cache/replica.h"

#define CONTROL_SOCKET_NAME "socket"

struct control_socket;

struct account_options;

struct control_socket_config {
    struct replica *replica;
    const struct account_options *account; /* settled; told to whoever logs in anew */
    const char *mountpoint;
    /* Unmounts. 0, or an exit code with *why (caller frees). */
    int (*unmount)(void *ctx, char **why);
    /* Returns when what the replica has is what the mount shows. */
    void (*settle)(void *ctx);
    void *ctx;
};

/* Binds the socket and starts its thread. NULL with *why (caller frees). config lives until the stop. */
struct control_socket *control_socket_start(const struct control_socket_config *config, char **why);
/* Hears nobody any more, and waits for those being served: after replica_stop, which ends what they wait for. */
void control_socket_stop(struct control_socket *socket);

#endif
