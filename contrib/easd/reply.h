/* What goes back over HTTP, whole or as a fault has it. */
#ifndef EASD_REPLY_H
#define EASD_REPLY_H

#include <microhttpd.h>

#include "contrib/easd/answer.h"
#include "contrib/easd/fault.h"

/* A short text; header NULL: no further one. */
enum MHD_Result reply_text(struct MHD_Connection *connection, int code, const char *header, const char *value,
                           const char *text);

/* A text of a media type. */
enum MHD_Result reply_typed(struct MHD_Connection *connection, int code, const char *type, const char *text);

/* What OPTIONS tells. */
enum MHD_Result reply_options(struct MHD_Connection *connection, const char *versions);

/* A command's answer, which it takes over; cut or slow where the fault says so. */
enum MHD_Result reply_answer(struct MHD_Connection *connection, struct answer *answer, bool gzip, struct faults *faults,
                             const struct fault *fault);

/* The code of a FAULT_HTTP; url is where 451 leads to. */
enum MHD_Result reply_fault(struct MHD_Connection *connection, const struct fault *fault, const char *url);

#endif
