/* Time zones: the 172 bytes of an event's Timezone element (MS-ASDTYPE 2.7.6) as rules, the IANA zone
 * that keeps the same rules, and a VTIMEZONE for it. The zones' facts are tables of our own
 * (zones.def, zone_eras.def): nothing is read from the system, so that a mailbox gives the same files
 * everywhere and after every update of the machine's tzdata. */
#ifndef CODEC_FILES_TIMEZONE_H
#define CODEC_FILES_TIMEZONE_H

#include <glib.h>
#include <stdbool.h>

#include "codec/files/date.h"

/* When clocks turn, every year: on the first such weekday on or after the day. */
enum { ZONE_LAST = 0, ZONE_ANY_WEEKDAY = -1 };
struct zone_turn {
    int month, weekday; /* Sunday 0; ZONE_ANY_WEEKDAY: on the day itself */
    int day;            /* ZONE_LAST: the month's last such weekday */
    int minute;         /* 0 to 1440, since midnight */
};

/* Rules in force from a year on, until the next era's. */
struct zone_era {
    int since;
    int saving; /* minutes added from start to end, 0 for none */
    struct zone_turn start, end;
    bool in_utc; /* minutes of the turns are UTC's; else of the wall clock before the turn */
};

/* A zone, by value. */
struct zone {
    char name[64];               /* the TZID: "UTC", an IANA name, or one made of the rules */
    int offset;                  /* minutes east of UTC, without saving */
    const struct zone_era *eras; /* of a table; NULL where own is all there is */
    int era_count;
    struct zone_era own;
};

struct zone zone_utc(void);
bool zone_is_utc(const struct zone *zone);

/* Reads a Timezone element's base64 into rules, under a name made of them. Short blobs are taken as
 * if filled up with zeros, names in them are not looked at, impossible dates mean no saving; an
 * impossible offset, all zeros, NULL or no base64 at all is UTC. */
struct zone zone_from_blob(const char *base64);

/* The IANA zone that turns its clocks at the same instants in that year; failing that, the one whose
 * rules of today are these (servers describe old events by today's rules). home is taken among
 * equals (may be NULL), else the best known. Where none agrees: the rules themselves. */
struct zone zone_match(const struct zone *rules, const char *home, int year);

/* A zone that never turns its clocks, minutes east of UTC; and the name that rules alone give a zone. */
struct zone zone_fixed(int offset);
void zone_name_by_rules(struct zone *zone);

/* The zone called so: an IANA name, an older one, a name of Windows, or "UTC"; whatever path stands before
 * it ("/vendor/Europe/Berlin"). false: none of them. */
bool zone_by_name(const char *name, struct zone *zone);

/* The first year of which a zone from zone_by_name tells the whole truth; 0 for all of them. */
int zone_known_since(const struct zone *zone);

/* The Timezone element that tells the rules of a year: zone_from_blob's other way. Base64, the caller frees it. */
char *zone_blob(const struct zone *zone, int year);

/* Seconds east of UTC at an instant (seconds since 1970); and what clocks and calendars there show. */
int zone_offset_at(const struct zone *zone, gint64 instant);
struct eas_date zone_wall(const struct zone *zone, gint64 instant);

/* Whether clocks show for the second time what they show at an instant, having been turned back. */
bool zone_is_second_pass(const struct zone *zone, gint64 instant);

/* The instant at which clocks there show a time (zone_wall's other way): the first where they show it twice; where
 * they leave it out, the one that the offset before the gap makes of it (RFC 5545 3.3.5). */
gint64 zone_instant(const struct zone *zone, const struct eas_date *wall);

/* Both turns of a year as instants; false if clocks are not turned in that year. */
bool zone_turns(const struct zone *zone, int year, gint64 *start, gint64 *end);

/* The rules for a year: the last era that had begun, or the first of all; NULL for none. */
const struct zone_era *zone_era_of(const struct zone *zone, int year);

/* Appends a VTIMEZONE (RFC 5545 3.6.5) that is right from that year on. Nothing for UTC. */
void zone_add_vtimezone(GString *out, const struct zone *zone, int year);

#endif
