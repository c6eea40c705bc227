/* The commands the server knows, and what comes before each: is the version one it speaks, is the
 * device named and provisioned, is the document one at all. */
#ifndef EASD_COMMAND_H
#define EASD_COMMAND_H

#include "contrib/easd/request.h"

/* Fills answer, with the mailbox's lock held. */
typedef void command_run(struct request *request, struct answer *answer);

struct command {
    const char *name;
    command_run *run;     /* NULL: known, but not served */
    eas_tag root, status; /* of its answer, for statuses above 100 */
    bool unprovisioned;   /* is answered before provisioning */
    bool mail;            /* below 14.0 its body is a message, not a document */
    bool smart;           /* ... that answers or forwards an item */
    bool empty_allowed;   /* a request without a body means something */
};

/* Every command's name, comma-separated, as OPTIONS tells them: only those served. Static. */
const char *command_list(void);

/* NULL for a name that is none. */
const struct command *command_find(const char *name);

/* Runs the request's command on a body and fills answer, whatever happens. */
void command_answer(struct request *request, const void *body, size_t length, struct answer *answer);

/* Begins the answer's document. And a whole one: root with nothing but a Status. */
void answer_begin(struct answer *answer, struct wbxml_writer *writer);
void answer_status(struct answer *answer, eas_tag root, eas_tag status, int code);

/* Statuses above 100 are HTTP codes below 14.0 (MS-ASCMD 2.2.2). */
void answer_global_status(struct request *request, struct answer *answer, int code);

command_run run_folder_sync, run_sync, run_item_operations, run_get_item_estimate, run_provision, run_settings,
    run_ping, run_folder_create, run_folder_update, run_folder_delete, run_move_items, run_send_mail,
    run_meeting_response, run_search, run_find, run_resolve_recipients;

#endif
