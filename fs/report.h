/* What a replica says about itself, for people and for programs (CONTRACT 6). All text is the
 * caller's to free. */
#ifndef FS_REPORT_H
#define FS_REPORT_H

#include <jansson.h>

#include "cache/replica.h"

/* status.json as a value; the caller decrefs. */
json_t *report_json(const struct replica_status *status);
/* For people. */
char *report_text(const struct replica_status *status);

/* What the files of .easfs hold: status, status.json, and queue, a JSON object a line. */
char *report_status(struct replica *replica);
char *report_status_json(struct replica *replica);
char *report_queue(struct replica *replica);

/* "online", "offline", ... */
const char *report_state(enum replica_state state);
/* "2026-11-22T09:15:33.120Z" of nanoseconds since 1970. */
char *report_time(int64_t ns);
/* "12 of 40 items here" while there is anything to do, else NULL. */
char *report_progress(const struct replica_status *status);

#endif
