/* A session and one link against a scripted server, with a memory that is a table. */
#ifndef TESTS_UNIT_LIB_RIG_H
#define TESTS_UNIT_LIB_RIG_H

#include "cache/server/session.h"
#include "tests/unit/lib/script_server.h"

struct rig {
    struct script_server *server;
    struct session *session;
    struct link *link;
    struct eas_result made; /* of session_new */
    GHashTable *memory;
    GMutex lock;
    struct answer_tree tree; /* of the last rig_call */
    bool empty;
    int status;
};

/* Starts the server; the session is made by rig_session, so that a test may change config and
 * memory in between. */
void rig_start(struct rig *rig, script_handler handler, void *ctx, SSL_CTX *tls);
void rig_stop(struct rig *rig);

/* A configuration for the server, with user "user" and password "secret". */
struct session_config *rig_config(struct rig *rig);
/* The memory of a session that knows the server: 14.1, introduced. */
void rig_warm(struct rig *rig);
/* Makes session and link; config NULL: rig_config's. */
void rig_session(struct rig *rig, struct session_config *config);

/* All of it: a server, and a session and a link that know it. */
void rig_start_warm(struct rig *rig, script_handler handler, void *ctx);

/* One call with a small document (a FolderSync of key 0, whatever the command) on the rig's link, or on
 * another; the latter keeps no answer. */
struct eas_result rig_call(struct rig *rig, enum eas_command command);
struct eas_result rig_call_on(struct link *link, enum eas_command command);

/* A value of the memory, to be freed, or NULL. */
char *rig_recall(struct rig *rig, const char *key);

/* The root of an answer: a FolderSync with Status. */
struct eas_node *rig_answer(int status);

#endif
