/* What the daemon does for the verbs that concern edits: what waits, and what a person decides about it. */
#ifndef FS_CONTROL_EDITS_H
#define FS_CONTROL_EDITS_H

#include "fs/control_verbs.h"

/* Answers of retry and discard: the request's "path" is an item below the mount ("": all). */
json_t *control_retry(struct control_client *client, const json_t *request);
json_t *control_discard(struct control_client *client, const json_t *request);

/* The account's own address, "" while it is not known: {"address": ...}. */
json_t *control_address(struct control_client *client, const json_t *request);

/* What waits, in a state or (NULL) in any, as an array of {path, kind, state, why}; the caller decrefs. */
json_t *control_waiting(struct replica *replica, const char *state);

#endif
