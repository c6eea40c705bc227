/* A series reckoned with: its times, its rule, its occurrences. */
#ifndef CODEC_FILES_EVENT_SERIES_H
#define CODEC_FILES_EVENT_SERIES_H

#include "codec/files/event_time.h"
#include "codec/files/recurrence.h"

/* When an item happens. */
struct event_times {
    gint64 start, end; /* seconds since 1970, the end never before the start; of days: their midnights in UTC, the end
                          past the last one */
    bool all_day;
};

/* Of an ApplicationData. false: it has no start. */
bool event_times_read(const struct eas_node *data, struct event_times *times);

/* Its Recurrence, if it has one; *start is its first occurrence on its wall clock. */
bool event_recurrence_read(const struct eas_node *data, struct eas_recurrence *recurrence, struct eas_date *start);

/* The Until of an ApplicationData's series, as an instant, on its wall clock; of days the last of them. */
struct eas_date event_until_wall(const struct eas_node *data, gint64 until);

/* Which of the instants are occurrences of a series that begins at start (on zone's wall clock; all_day: zone is UTC)
 * and ends by the rule's COUNT or with until (G_MAXINT64: never). until of rule is not looked at. found[i] is set for
 * instants[i]. Returns whether start itself is the rule's first occurrence. Looks through at most LIMIT_OCCURRENCES. */
bool event_occurrences(struct icalrecurrencetype rule, const struct zone *zone, const struct eas_date *start,
                       bool all_day, gint64 until, const gint64 *instants, bool *found, size_t count);

/* Whether an ApplicationData's series has an occurrence at the instant (of days: that day at midnight UTC). */
bool event_has_occurrence(const struct eas_node *data, gint64 instant);

/* What stands for one occurrence: the ApplicationData with the times of the occurrence at original (as
 * ExceptionStartTime has it) and with what exception, which may be NULL, says otherwise; without recurrence. Caller
 * frees. */
struct eas_node *event_occurrence(const struct eas_node *data, gint64 original, const struct eas_node *exception);

/* The original start as it compares: of days the midnight of the day in UTC. */
gint64 event_original_key(const struct eas_node *data, gint64 original);

/* The other way: as data's own clock tells it. */
gint64 event_original_of(const struct eas_node *data, gint64 key);

/* The Exception for an original start (as event_original_key), or NULL. */
const struct eas_node *event_exception(const struct eas_node *data, gint64 key);

#endif
