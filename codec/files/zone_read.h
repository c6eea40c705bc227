/* The zone of a TZID in a file. */
#ifndef CODEC_FILES_ZONE_READ_H
#define CODEC_FILES_ZONE_READ_H

#include <libical/ical.h>

#include "codec/files/timezone.h"

/* By its own name, by the X-LIC-LOCATION or the rules of the calendar's VTIMEZONE, the first that is known for the
 * year: wall is a time of interest, home the zone preferred among equals (may be NULL). false: unknown. */
bool zone_read(icalcomponent *calendar, const char *tzid, const struct eas_date *wall, const char *home,
               struct zone *zone);

#endif
