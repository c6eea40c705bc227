/* A zone as the Timezone element (MS-ASDTYPE 2.7.6). */
#include <string.h>

#include "codec/files/timezone.h"
#include "codec/files/zone_blob.h"

static void put_long(guint8 *blob, size_t at, int value)
{
    for (int i = 0; i < 4; i++)
        blob[at + (size_t)i] = (guint8)((guint32)value >> 8 * i);
}

static void put_words(guint8 *blob, size_t at, const int words[8])
{
    for (size_t i = 0; i < 8; i++) {
        blob[at + 2 * i] = (guint8)(words[i] & 0xff);
        blob[at + 2 * i + 1] = (guint8)(words[i] >> 8 & 0xff);
    }
}

/* instant is when clocks turn that year, offset what they keep before it (minutes). */
static void put_turn(guint8 *blob, size_t at, const struct zone_turn *turn, gint64 instant, int offset)
{
    /* Midnight at the end of a day is the last second of that day. */
    bool midnight = turn->minute == 1440;
    struct eas_date wall = eas_date_from_seconds(instant + offset * 60 - midnight);
    int weekday = (int)(((eas_date_seconds(&wall) / 86400 + 4) % 7 + 7) % 7);
    bool yearly = turn->weekday != ZONE_ANY_WEEKDAY;
    int week = turn->day == ZONE_LAST ? 5 : (wall.day - 1) / 7 + 1;

    put_words(blob, at,
              (const int[8]){yearly ? 0 : wall.year, wall.month, weekday, yearly ? week : wall.day, wall.hour,
                             wall.minute, wall.second, 0});
}

char *zone_blob(const struct zone *zone, int year)
{
    guint8 blob[BLOB_SIZE] = {0};
    gint64 start, end;

    put_long(blob, BLOB_BIAS, -zone->offset);
    if (zone_turns(zone, year, &start, &end)) {
        const struct zone_era *era = zone_era_of(zone, year);
        put_turn(blob, BLOB_STANDARD_DATE, &era->end, end, zone->offset + era->saving);
        put_turn(blob, BLOB_DAYLIGHT_DATE, &era->start, start, zone->offset);
        put_long(blob, BLOB_DAYLIGHT_BIAS, -era->saving);
    }
    return g_base64_encode(blob, sizeof blob);
}
