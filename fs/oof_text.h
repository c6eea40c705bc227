/* Out of office as text, as .easfs/oof and easfs oof show it, and as it can be written there:
 *
 *   state scheduled
 *   from 2026-12-24T00:00:00Z
 *   until 2027-01-02T00:00:00Z
 *   [internal]
 *   I am away until January.
 *   [external]
 *   ...
 *
 * Before the first section, a line that begins with # is passed over. state is off, on or
 * scheduled. A section that is left out is left as it is; "[external off]" answers nobody. */
#ifndef FS_OOF_TEXT_H
#define FS_OOF_TEXT_H

#include <stdbool.h>

#include "codec/wire/oof.h"

char *oof_print(const struct oof *oof);
/* false with *why (caller frees), one sentence. */
bool oof_parse(const char *text, struct oof *oof, char **why);

/* An instant as a person writes it (a date, or date and time, with or without a zone; none: the local one) as the
 * protocol does ("2026-01-31T13:45:00.000Z"); NULL for what is none. The caller frees it. */
char *instant_parse(const char *text);
/* The same shorter, without fractions; text as it is where it is no instant. */
char *instant_print(const char *wire);

#endif
