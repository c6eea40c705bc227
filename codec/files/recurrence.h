/* The Recurrence element of events and tasks (MS-ASCAL 2.2.2.37, MS-ASTASK 2.2.2.20) as an RRULE
 * value (RFC 5545 3.3.10). The two namespaces have the same children under different tokens. */
#ifndef CODEC_FILES_RECURRENCE_H
#define CODEC_FILES_RECURRENCE_H

#include <stdbool.h>

#include "codec/files/date.h"
#include "codec/item.h"
#include "codec/wire/wbxml_tree.h"

struct icalrecurrencetype;

enum eas_recurrence_type {
    RECURRENCE_DAILY = 0,
    RECURRENCE_WEEKLY = 1,
    RECURRENCE_MONTHLY = 2,     /* on a day of the month */
    RECURRENCE_MONTHLY_NTH = 3, /* on the nth weekday */
    RECURRENCE_YEARLY = 5,
    RECURRENCE_YEARLY_NTH = 6,
};

/* What the element says, as numbers; RECURRENCE_UNSAID where it says nothing. */
enum { RECURRENCE_UNSAID = -1 };
struct eas_recurrence {
    long long type, interval, occurrences;
    long long day_of_week; /* a mask: Sunday 1, Monday 2 ... Saturday 64 */
    long long day_of_month, week_of_month, month_of_year;
    long long first_day_of_week; /* Sunday 0 ... Saturday 6 */
    long long calendar_type;
    const char *until; /* as on the wire, or NULL; lives as long as the node */
    const char *start; /* tasks: the first occurrence's date, or NULL */
    bool regenerate;   /* tasks: the next one is made when this one is completed: no RRULE can say so */
    bool dead_occur;   /* tasks: this is one completed occurrence of a series */
};

/* Reads a Recurrence element of the Calendar or the Tasks page into *recurrence. */
void recurrence_read(const struct eas_node *node, struct eas_recurrence *recurrence);

/* The RRULE value ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"), which the caller frees; NULL with *reason
 * (caller frees) for a type that is unknown, a number out of the protocol's range or a calendar that
 * iCalendar readers do not know. until is the value for UNTIL, in the type that goes with the item's
 * start, or NULL; it is left out where Occurrences counts (they exclude each other: MS-ASCAL 2.2.2.47).
 *
 * DayOfMonth 31 is the last day of every month, BYMONTHDAY=-1, as Exchange itself translates it
 * (MS-OXCICAL 2.1.3.2.2.3); with BYMONTHDAY=31 the short months would lose the meeting. */
char *recurrence_rrule(const struct eas_recurrence *recurrence, const char *until, char **reason);

/* The other way. start is the first occurrence on the wall clock, version the protocol's. *recurrence gets all but
 * until, start, regenerate and dead_occur. false with *reason (caller frees) for a rule that ActiveSync cannot express
 * without changing what it means. */
bool recurrence_from_rrule(const struct icalrecurrencetype *rule, const struct eas_date *start,
                           enum eas_version version, struct eas_recurrence *recurrence, char **reason);

/* Appends the element tag (Recurrence of the Calendar or the Tasks page) to parent. */
void recurrence_write(struct eas_node *parent, eas_tag tag, const struct eas_recurrence *recurrence);

/* The last day (seconds since 1970, at its midnight) on which a series of that start still happens: until counts with
 * its time of day. Both on the same wall clock. */
gint64 recurrence_last_day(const struct eas_date *until, const struct eas_date *start);

/* What a recurrence means, its end by date apart, in one spelling: what it leaves to its start is filled in, what makes
 * no difference left out. One text for all that no RRULE can say. The caller frees it. */
char *recurrence_meaning(const struct eas_recurrence *recurrence, const struct eas_date *start);

#endif
