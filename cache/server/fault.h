/* What became of an exchange, as a result: one sentence for every way a transfer breaks and every
 * answer that is no ActiveSync. */
#ifndef CACHE_SERVER_FAULT_H
#define CACHE_SERVER_FAULT_H

#include "cache/server/http.h"
#include "codec/item.h"

/* The result of an exchange that ended as answer says, before the document's own status is looked
 * at: SERVED for a 200 that is empty or was taken by the sink. host is for the sentences. */
struct eas_result fault_result(struct http *http, const struct http_answer *answer, enum eas_command command,
                               const char *host);

/* Whether no byte of an answer came on a connection that had been made, or none is waited for any more: the request
 * may be sent once more if doing it twice does no harm. */
bool fault_is_lost(struct http *http, const struct http_answer *answer);

#endif
