#include "codec/files/content_line.h"
#include "codec/files/timezone.h"

/* Dates of the wire begin in 1601; years from 2 on keep every computation within the calendar. */
enum { MINUTES_OF_DAY = 1440, UNIX_YEAR = 1970, OLDEST_YEAR = 2 };

static const char *const weekdays[7] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};

/* A turn of a UTC rule as the wall clock before it shows it; it may be the evening before. */
static struct zone_turn wall_turn(const struct zone_turn *turn, int year, int offset)
{
    struct zone_turn wall = *turn;
    wall.minute += offset;
    if (wall.minute >= 0)
        return wall;
    wall.minute += MINUTES_OF_DAY;
    wall.weekday = (wall.weekday + 6) % 7;
    if (wall.day == ZONE_LAST)
        wall.day = g_date_get_days_in_month((GDateMonth)wall.month, (GDateYear)year) - 6;
    wall.day--;
    return wall;
}

static void append_day(GString *rule, const struct zone_turn *turn)
{
    if (turn->weekday == ZONE_ANY_WEEKDAY) {
        g_string_append_printf(rule, ";BYMONTHDAY=%d", turn->day);
    } else if (turn->day == ZONE_LAST) {
        g_string_append_printf(rule, ";BYDAY=-1%s", weekdays[turn->weekday]);
    } else if (turn->day % 7 == 1 && turn->day <= 22) {
        g_string_append_printf(rule, ";BYDAY=%d%s", turn->day / 7 + 1, weekdays[turn->weekday]);
    } else {
        g_string_append_printf(rule, ";BYMONTHDAY=%d", turn->day);
        for (int day = turn->day + 1; day < turn->day + 7; day++)
            g_string_append_printf(rule, ",%d", day);
        g_string_append_printf(rule, ";BYDAY=%s", weekdays[turn->weekday]);
    }
}

static void add_offset(GString *out, const char *name, int minutes)
{
    content_line_printf(out, name, "%c%02d%02d", minutes < 0 ? '-' : '+', ABS(minutes) / 60, ABS(minutes) % 60);
}

/* instant is the first such turn; until the last one, or NULL where there is no last. */
static void add_observance(GString *out, const char *kind, const struct zone_turn *turn, int from, int to,
                           gint64 instant, const gint64 *until)
{
    content_line(out, "BEGIN", kind);
    /* Midnight at the end of a day has no other name in iCalendar than the second before it. */
    struct eas_date first = eas_date_from_seconds(instant + from * 60 - (turn->minute == MINUTES_OF_DAY));
    content_line_printf(out, "DTSTART", "%04d%02d%02dT%02d%02d%02d", first.year, first.month, first.day, first.hour,
                        first.minute, first.second);
    g_autoptr(GString) rule = g_string_new("FREQ=YEARLY");
    if (until) {
        struct eas_date last = eas_date_from_seconds(*until);
        g_string_append_printf(rule, ";UNTIL=%04d%02d%02dT%02d%02d%02dZ", last.year, last.month, last.day, last.hour,
                               last.minute, last.second);
    }
    g_string_append_printf(rule, ";BYMONTH=%d", turn->month);
    append_day(rule, turn);
    content_line(out, "RRULE", rule->str);
    add_offset(out, "TZOFFSETFROM", from);
    add_offset(out, "TZOFFSETTO", to);
    content_line(out, "END", kind);
}

/* Both observances of an era, from the year "first" to the year "last", 0 for ever. */
static void add_era(GString *out, const struct zone *zone, const struct zone_era *era, int first, int last)
{
    gint64 start, end, last_start = 0, last_end = 0;
    int standard = zone->offset, summer = zone->offset + era->saving;
    struct zone_turn to_daylight = era->start, to_standard = era->end;
    if (era->in_utc) {
        to_daylight = wall_turn(&era->start, first, standard);
        to_standard = wall_turn(&era->end, first, summer);
    }
    struct zone only = {.offset = zone->offset, .own = *era, .era_count = 1};
    zone_turns(&only, first, &start, &end);
    if (last)
        zone_turns(&only, last, &last_start, &last_end);
    add_observance(out, "STANDARD", &to_standard, summer, standard, end, last ? &last_end : NULL);
    add_observance(out, "DAYLIGHT", &to_daylight, standard, summer, start, last ? &last_start : NULL);
}

static void add_fixed(GString *out, const struct zone *zone, int year)
{
    content_line(out, "BEGIN", "STANDARD");
    content_line_printf(out, "DTSTART", "%04d0101T000000", MIN(UNIX_YEAR, year));
    add_offset(out, "TZOFFSETFROM", zone->offset);
    add_offset(out, "TZOFFSETTO", zone->offset);
    content_line(out, "END", "STANDARD");
}

void zone_add_vtimezone(GString *out, const struct zone *zone, int year)
{
    if (zone_is_utc(zone))
        return;
    year = MAX(year, OLDEST_YEAR);
    content_line(out, "BEGIN", "VTIMEZONE");
    content_line(out, "TZID", zone->name);
    /* What holds on 1 January began the year before. */
    const struct zone_era *eras = zone->eras ? zone->eras : &zone->own;
    const struct zone_era *oldest = zone_era_of(zone, year - 1), *past = eras + zone->era_count;
    bool turned = false;
    for (const struct zone_era *era = oldest; oldest && era < past; era++) {
        int first = era == oldest ? MIN(era->since ? era->since : UNIX_YEAR, year - 1) : era->since;
        if (!era->saving)
            continue;
        turned = true;
        add_era(out, zone, era, first, era + 1 < past ? era[1].since - 1 : 0);
    }
    if (!turned)
        add_fixed(out, zone, year - 1);
    content_line(out, "END", "VTIMEZONE");
}
