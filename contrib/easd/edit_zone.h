/* The time zone blob of MS-ASDTYPE 2.7.6 as a VTIMEZONE of its own rules: what was sent, neither more nor less. */
#ifndef EASD_EDIT_ZONE_H
#define EASD_EDIT_ZONE_H

#include <glib.h>
#include <libical/ical.h>
#include <stdbool.h>

/* The zone of a base64 blob, added to a calendar where it is not in it; UTC for one of zeros. NULL
 * for what is no blob. Belongs to the calendar. */
icaltimezone *zone_from_blob(icalcomponent *calendar, const char *blob);

/* A zone of one offset, seconds east of UTC. */
icaltimezone *zone_from_offset(icalcomponent *calendar, int offset);

/* Takes away the zones of a calendar that nothing in it names, but for keep (NULL: none). */
void zones_prune(icalcomponent *calendar, const char *keep);

#endif
