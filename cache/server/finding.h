/* One line of a diagnosis: what was tried, how it went, and where it went wrong the cause (CONTRACT 6). */
#ifndef CACHE_SERVER_FINDING_H
#define CACHE_SERVER_FINDING_H

#include <glib.h>

#include "codec/result.h"

enum finding_end { FINDING_OK, FINDING_FAULT, FINDING_SKIPPED };

struct finding {
    const char *step; /* static: "dns", "autodiscover-srv" */
    enum finding_end end;
    enum eas_cause cause; /* of a fault; of a skipped one it may say what was in the way */
    char *text;           /* what was seen, for a person; never a secret */
    char *advice;         /* of a fault, where there is better than the cause's own; else NULL */
};

/* Text is printed; the caller frees it with finding_free. */
struct finding *finding_new(const char *step, enum finding_end end, enum eas_cause cause, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void finding_free(void *finding);

/* A fault by a result that is not SERVED; otherwise is the cause where the result has none. */
struct finding *finding_of(const char *step, const struct eas_result *result, enum eas_cause otherwise);

/* "ok", "fault", "skipped"; static. */
const char *finding_end_word(enum finding_end end);
/* What to do about a fault: its own advice, else its cause's; "" where there is none. */
const char *finding_advice(const struct finding *finding);

#endif
