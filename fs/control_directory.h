/* What the daemon asks the server for a verb: people, messages, who is busy, out of office. Each gives the last line of
 * an answer, which the caller decrefs; request is what the verb sent. */
#ifndef FS_CONTROL_DIRECTORY_H
#define FS_CONTROL_DIRECTORY_H

#include "fs/control_verbs.h"

json_t *control_people(struct control_client *client, const json_t *request);   /* {query} → {cards: [text]} */
json_t *control_messages(struct control_client *client, const json_t *request); /* {query} → {paths: [text]} */
/* {addresses, from, until} → {people: [{asked, name, email, status, slots}]} */
json_t *control_free_busy(struct control_client *client, const json_t *request);
json_t *control_oof(struct control_client *client, const json_t *request); /* {text}, or nothing → {text} */

#endif
