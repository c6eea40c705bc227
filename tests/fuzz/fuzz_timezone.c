/* Any bytes as a Timezone element, at any instant. Aborts where the zone it becomes has no name that
 * fits a TZID, an offset of a day or more, or a VTIMEZONE that libical does not read. */
#include <libical/ical.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/files/timezone.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void demand(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "fuzz_timezone: %s\n", what);
    abort();
}

static void check_zone(const struct zone *zone, gint64 instant)
{
    int year = eas_date_from_seconds(instant).year;
    g_autoptr(GString) out = g_string_new(NULL);

    demand(*zone->name && !strpbrk(zone->name, ":;,\"\r\n"), "a name that is no TZID");
    demand(ABS(zone_offset_at(zone, instant)) < 2 * 86400, "an offset of days");
    zone_is_second_pass(zone, instant);
    zone_add_vtimezone(out, zone, year);
    if (zone_is_utc(zone))
        return;
    icalcomponent *component = icalparser_parse_string(out->str);
    demand(component && icalcomponent_isa(component) == ICAL_VTIMEZONE_COMPONENT, "libical reads no zone");
    demand(icalcomponent_count_errors(component) == 0, "libical reads an error");
    icalcomponent_free(component);
}

/* Four bytes of time, from 1601 on, and the blob. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < 4)
        return 0;
    guint64 minutes = bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (guint64)bytes[3] << 24;
    gint64 instant = -11644473600 + (gint64)(minutes % (2900ULL * 525600)) * 60;
    g_autofree char *blob = g_base64_encode(bytes + 4, length - 4);
    struct zone rules = zone_from_blob(blob);
    struct zone zone = zone_match(&rules, "Europe/Vienna", eas_date_from_seconds(instant).year);
    check_zone(&rules, instant);
    check_zone(&zone, instant);
    return 0;
}
