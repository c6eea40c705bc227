/* Causes: the fixed words for what is wrong, whose side it is on, and what to do (cause.def, CONTRACT 6). A result
 * carries one where it is known. */
#ifndef CODEC_CAUSE_H
#define CODEC_CAUSE_H

#include <stdbool.h>

enum eas_cause {
    EAS_NO_CAUSE,
#define CAUSE(name, word, side, exit, text, advice) EAS_CAUSE_##name,
#include "codec/cause.def"
#undef CAUSE
    EAS_CAUSES
};

enum eas_side { EAS_SIDE_YOU, EAS_SIDE_NETWORK, EAS_SIDE_SERVER, EAS_SIDE_ADMIN };

/* One row a cause; all static. */
struct eas_cause_row {
    const char *word; /* "tls-expired" */
    enum eas_side side;
    int exit_code;      /* what a command ends with for it */
    const char *text;   /* what it means, a clause without a full stop */
    const char *advice; /* what to do, likewise */
};

/* NULL for EAS_NO_CAUSE. */
const struct eas_cause_row *eas_cause_row(enum eas_cause cause);

/* EAS_NO_CAUSE for what is no such word. */
enum eas_cause eas_cause_parse(const char *word);

/* Whether a cause is about encryption: its word begins with "tls-". */
bool eas_cause_is_tls(enum eas_cause cause);

/* "you", "network", "server" or "admin". */
const char *eas_side_word(enum eas_side side);

#endif
