/* What the daemon does when a verb asks it. */
#ifndef FS_CONTROL_VERBS_H
#define FS_CONTROL_VERBS_H

#include <jansson.h>

#include "fs/control_socket.h"

struct control_client {
    const struct control_socket_config *config;
    int fd;
    bool gone;   /* it does not listen any more */
    bool linger; /* its descriptor stays open until the process ends */
};

/* The last line of an answer; the caller decrefs. request may be NULL or anything. */
json_t *control_verb_answer(struct control_client *client, const json_t *request);
/* Sends a value as one line, and takes it. */
void control_client_send(struct control_client *client, json_t *value);

struct store;
/* {code, bodies, packs, database, items, files}, and {code, findings}; the caller decrefs. */
json_t *control_size(struct store *store);
json_t *control_verify(struct store *store);

/* The server's folders as an array of {path, class, selected, items}; the caller decrefs. */
json_t *control_folders(struct replica *replica);

#endif
