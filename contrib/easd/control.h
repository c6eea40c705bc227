/* What tests set while the server runs, from the loopback address: /easd/faults, /easd/wipe. */
#ifndef EASD_CONTROL_H
#define EASD_CONTROL_H

#include "contrib/easd/reply.h"
#include "contrib/easd/request.h"

/* Whether a path is such a one, asked for from the loopback address. */
bool control_path(const char *path, struct MHD_Connection *connection);

/* Answers it; mailbox is who asks. */
enum MHD_Result control_reply(struct server *server, struct MHD_Connection *connection, struct mailbox *mailbox,
                              const char *path, const char *method, const GByteArray *body);

#endif
