/* What libical says of a file: it parses, nothing in it is an error or an unknown value, and what
 * RFC 5545 requires of its kind is there. */
#ifndef TESTS_UNIT_ICAL_CHECK_H
#define TESTS_UNIT_ICAL_CHECK_H

#include <libical/ical.h>

/* Parses an (unfolded) file that holds one component of kind; fails the test with the text of the
 * first fault. The caller frees the VCALENDAR. */
static inline icalcomponent *ical_check(const char *file, icalcomponent_kind kind)
{
    icalcomponent *calendar = icalparser_parse_string(file);

    assert_non_null(calendar);
    assert_int_equal(icalcomponent_isa(calendar), ICAL_VCALENDAR_COMPONENT);
    assert_int_equal(icalcomponent_count_components(calendar, kind), 1);
    if (icalcomponent_count_errors(calendar) > 0)
        fail_msg("libical finds errors: %s", icalcomponent_as_ical_string(calendar));
    icalrestriction_check(calendar);
    if (icalcomponent_count_errors(calendar) > 0)
        fail_msg("libical misses something: %s", icalcomponent_as_ical_string(calendar));
    return calendar;
}

#endif
