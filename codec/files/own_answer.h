/* The own answer to a meeting, in the file of its event. No I/O, no clock, no globals. */
#ifndef CODEC_FILES_OWN_ANSWER_H
#define CODEC_FILES_OWN_ANSWER_H

#include <glib.h>

/* The bytes of a calendar file with the PARTSTAT (RFC 5545 3.2.12) of the attendee user, an address, set to "ACCEPTED",
 * "TENTATIVE" or "DECLINED" in each of its events; all else as it stands. The caller unrefs. NULL with *reason (one
 * sentence, caller frees): user is not among the attendees. */
GBytes *own_answer(const char *bytes, gsize length, const char *user, const char *partstat, char **reason);

#endif
