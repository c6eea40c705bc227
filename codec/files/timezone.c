#include "codec/files/timezone.h"

#include <string.h>

#include "codec/files/zone_blob.h"
#include "codec/files/zone_table.h"

enum { MINUTES_OF_DAY = 1440, AGREEING_YEARS = 6 };

/* The year of the tz data that zones.def was made from: what "today's rules" are. */
enum { TABLE_YEAR = 2025 };

struct zone zone_utc(void)
{
    return (struct zone){.name = "UTC"};
}

bool zone_is_utc(const struct zone *zone)
{
    return g_str_equal(zone->name, "UTC");
}

static gint32 read_long(const guint8 *blob, size_t at)
{
    return (gint32)((guint32)blob[at] | (guint32)blob[at + 1] << 8 | (guint32)blob[at + 2] << 16 |
                    (guint32)blob[at + 3] << 24);
}

/* A SYSTEMTIME: eight words, of which a yearly rule (year 0) has weekday and week of the month. */
static bool read_turn(const guint8 *blob, size_t at, struct zone_turn *turn)
{
    int word[8];
    for (size_t i = 0; i < 8; i++)
        word[i] = blob[at + 2 * i] | blob[at + 2 * i + 1] << 8;
    bool yearly = word[0] == 0;
    int day = word[3];
    if (word[1] < 1 || word[1] > 12 || word[2] > 6 || day < 1 || day > (yearly ? 5 : 28) || word[4] > 23 ||
        word[5] > 59 || word[6] > 59)
        return false;
    turn->month = word[1];
    turn->weekday = yearly ? word[2] : ZONE_ANY_WEEKDAY;
    turn->day = !yearly ? day : day == 5 ? ZONE_LAST : (day - 1) * 7 + 1;
    turn->minute = word[4] * 60 + word[5];
    /* The last second of a day stands for the midnight after it. */
    if (turn->minute == MINUTES_OF_DAY - 1 && word[6] == 59)
        turn->minute = MINUTES_OF_DAY;
    return true;
}

static void append_offset(GString *name, int minutes)
{
    g_string_append_printf(name, "%c%02d%02d", minutes < 0 ? '-' : '+', ABS(minutes) / 60, ABS(minutes) % 60);
}

static void append_turn(GString *name, const struct zone_turn *turn)
{
    g_string_append_printf(name, "_%02d", turn->month);
    if (turn->weekday != ZONE_ANY_WEEKDAY)
        g_string_append_printf(name, "W%dD%d", turn->day == ZONE_LAST ? 5 : turn->day / 7 + 1, turn->weekday);
    else
        g_string_append_printf(name, "-%02d", turn->day);
    g_string_append_printf(name, "T%02d%02d", turn->minute / 60, turn->minute % 60);
}

/* "UTC+0520", "UTC-0330-0230_03W2D0T0001_11W1D0T0001": the same rules always have the same name. */
void zone_name_by_rules(struct zone *zone)
{
    g_autoptr(GString) name = g_string_new("UTC");
    if (zone->offset || zone->era_count)
        append_offset(name, zone->offset);
    if (zone->era_count) {
        append_offset(name, zone->offset + zone->own.saving);
        append_turn(name, &zone->own.start);
        append_turn(name, &zone->own.end);
    }
    g_strlcpy(zone->name, name->str, sizeof zone->name);
}

struct zone zone_from_blob(const char *base64)
{
    guint8 blob[BLOB_SIZE] = {0};
    gsize length = 0;
    g_autofree guchar *bytes = base64 && *base64 ? g_base64_decode(base64, &length) : NULL;
    if (bytes)
        memcpy(blob, bytes, MIN(length, sizeof blob));

    gint64 bias = read_long(blob, BLOB_BIAS);
    gint64 standard = -(bias + read_long(blob, BLOB_STANDARD_BIAS));
    gint64 summer = -(bias + read_long(blob, BLOB_DAYLIGHT_BIAS));
    if (ABS(bias) >= MINUTES_OF_DAY)
        return zone_utc();
    struct zone zone = {.offset = (int)-bias};
    struct zone_turn to_standard, to_daylight;
    if (ABS(standard) < MINUTES_OF_DAY && ABS(summer) < MINUTES_OF_DAY && standard != summer &&
        read_turn(blob, BLOB_STANDARD_DATE, &to_standard) && read_turn(blob, BLOB_DAYLIGHT_DATE, &to_daylight)) {
        bool ahead = summer > standard;
        zone.offset = (int)MIN(standard, summer);
        zone.own.saving = (int)ABS(summer - standard);
        zone.own.start = ahead ? to_daylight : to_standard;
        zone.own.end = ahead ? to_standard : to_daylight;
        zone.era_count = 1;
    }
    zone_name_by_rules(&zone);
    return zone;
}

struct zone zone_fixed(int offset)
{
    struct zone zone = {.offset = offset};
    zone_name_by_rules(&zone);
    return zone;
}

const struct zone_era *zone_era_of(const struct zone *zone, int year)
{
    const struct zone_era *eras = zone->eras ? zone->eras : &zone->own;
    const struct zone_era *found = zone->era_count ? eras : NULL;
    for (int i = 1; i < zone->era_count && eras[i].since <= year; i++)
        found = &eras[i];
    return found;
}

/* In days since 1970. */
static gint64 turn_day(const struct zone_turn *turn, int year)
{
    year = MAX(year, 1);
    struct eas_date date = {.year = year, .month = turn->month, .day = turn->day};
    if (turn->day == ZONE_LAST)
        date.day = g_date_get_days_in_month((GDateMonth)turn->month, (GDateYear)year) - 6;
    gint64 day = eas_date_seconds(&date) / 86400;
    if (turn->weekday == ZONE_ANY_WEEKDAY)
        return day;
    /* 1970 began on a Thursday, day 4; years before it count backwards. */
    gint64 weekday = ((day + 4) % 7 + 7) % 7;
    return day + (turn->weekday - weekday + 7) % 7;
}

bool zone_turns(const struct zone *zone, int year, gint64 *start, gint64 *end)
{
    const struct zone_era *era = zone_era_of(zone, year);
    if (!era || !era->saving)
        return false;
    gint64 before_start = era->in_utc ? 0 : zone->offset;
    gint64 before_end = era->in_utc ? 0 : zone->offset + era->saving;
    *start = turn_day(&era->start, year) * 86400 + (era->start.minute - before_start) * 60;
    *end = turn_day(&era->end, year) * 86400 + (era->end.minute - before_end) * 60;
    return true;
}

int zone_offset_at(const struct zone *zone, gint64 instant)
{
    gint64 start, end;
    int year = eas_date_from_seconds(instant + zone->offset * 60).year;
    if (!zone_turns(zone, year, &start, &end))
        return zone->offset * 60;
    bool saving = start < end ? instant >= start && instant < end : instant >= start || instant < end;
    return (zone->offset + (saving ? zone_era_of(zone, year)->saving : 0)) * 60;
}

struct eas_date zone_wall(const struct zone *zone, gint64 instant)
{
    return eas_date_from_seconds(instant + zone_offset_at(zone, instant));
}

gint64 zone_instant(const struct zone *zone, const struct eas_date *wall)
{
    const struct zone_era *era = zone_era_of(zone, wall->year);
    gint64 standard = eas_date_seconds(wall) - zone->offset * 60;
    gint64 saving = standard - (era ? era->saving * 60 : 0);
    if (saving + zone_offset_at(zone, saving) == eas_date_seconds(wall))
        return saving;
    return standard;
}

bool zone_is_second_pass(const struct zone *zone, gint64 instant)
{
    const struct zone_era *era = zone_era_of(zone, zone_wall(zone, instant).year);
    int saving = era ? era->saving * 60 : 0;
    return saving && zone_offset_at(zone, instant - saving) == zone_offset_at(zone, instant) + saving;
}

static bool agree(const struct zone *one, const struct zone *other, int year)
{
    gint64 starts[2], ends[2];
    bool turns = zone_turns(one, year, &starts[0], &ends[0]);
    if (turns != zone_turns(other, year, &starts[1], &ends[1]))
        return false;
    return !turns || (starts[0] == starts[1] && ends[0] == ends[1] &&
                      zone_era_of(one, year)->saving == zone_era_of(other, year)->saving);
}

/* How many years in a row from year on the two agree. */
static int count_agreeing(const struct zone *rules, const struct zone *zone, int year)
{
    int count = 0;
    while (count < AGREEING_YEARS && agree(rules, zone, year + count))
        count++;
    return count;
}

/* The best zone that is known for the year "known" and keeps the rules from "year" on. */
static const struct zone_row *find_zone(const struct zone *rules, const char *home, int known, int year)
{
    const struct zone_row *best = NULL;
    int most = 0;
    for (const struct zone_row *row = zone_table_first(); row; row = zone_table_next(row)) {
        if (row->offset != rules->offset || row->since > known)
            continue;
        struct zone zone = zone_table_zone(row);
        int count = count_agreeing(rules, &zone, year);
        if (count > most || (count == most && count > 0 && home && g_str_equal(row->name, home))) {
            best = row;
            most = count;
        }
    }
    return best;
}

struct zone zone_match(const struct zone *rules, const char *home, int year)
{
    if (zone_is_utc(rules))
        return *rules;
    const struct zone_row *row = find_zone(rules, home, year, year);
    if (!row && year < TABLE_YEAR)
        row = find_zone(rules, home, year, TABLE_YEAR);
    return row ? zone_table_zone(row) : *rules;
}
