/* What a user wrote as iCalendar, read with libical, whose complaints become one sentence. Everything that can
 * fail returns false, or NULL, with *reason, which the caller frees. */
#ifndef CODEC_FILES_ICAL_READ_H
#define CODEC_FILES_ICAL_READ_H

#include <libical/ical.h>

#include "codec/files/files.h"
#include "codec/files/timezone.h"

typedef struct ical_file {
    icalcomponent *calendar;
    const struct file_context *context;
} ical_file;
void ical_file_clear(struct ical_file *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ical_file, ical_file_clear)

/* Reads one VCALENDAR that holds components of kind with one UID, and VTIMEZONEs. context is kept. */
bool ical_file_read(const char *bytes, size_t length, icalcomponent_kind kind, const struct file_context *context,
                    struct ical_file *file, char **reason);

/* The same where only the calendar's own properties matter: NULL for what is no calendar at all. */
icalcomponent *ical_parse(const char *bytes, size_t length, char **reason);

/* The UID of the first component of kind, NULL for none. The caller frees it. */
char *ical_uid(const struct ical_file *file, icalcomponent_kind kind);

/* The first property of the kind that has a value; NULL for none. */
icalproperty *ical_property(icalcomponent *component, icalproperty_kind kind);
/* The first property called X-..., or any other name that libical knows none of. */
icalproperty *ical_x_property(icalcomponent *component, const char *name);

/* Its value as text, escapes undone; NULL where there is none. The caller frees it. */
char *ical_text(icalcomponent *component, icalproperty_kind kind);
char *ical_x_text(icalcomponent *component, const char *name);

/* A parameter of any name, RFC 6868 undone; NULL for none. The caller frees it. */
char *ical_parameter(icalproperty *property, const char *name);

/* The number of value in words, -1 where it is none of them; letters of any case. */
int ical_word(const char *value, const char *const *words, size_t count);

/* A point in time as the file has it. */
struct ical_moment {
    bool is_day;          /* a DATE */
    bool is_floating;     /* neither UTC nor a TZID: in the home zone */
    struct eas_date wall; /* as it is written */
    struct zone zone;     /* what it is written in */
    gint64 instant;       /* seconds since 1970; of a day: of its beginning in UTC */
};

/* Reads a property that holds a DATE or DATE-TIME. */
bool ical_moment_read(const struct ical_file *file, icalproperty *property, struct ical_moment *moment, char **reason);

/* Seconds of a DURATION or of a TRIGGER's. */
gint64 ical_duration(struct icaldurationtype duration);

/* ---- into ApplicationData ---- */

/* "20260131T134500Z", and "2026-01-31T13:45:00.000Z" as tasks have it (MS-ASDTYPE 2.7.1, 2.7.2). */
void ical_put_compact(struct eas_node *data, eas_tag tag, gint64 instant);
void ical_put_dashed(struct eas_node *data, eas_tag tag, gint64 instant);
void ical_put_number(struct eas_node *data, eas_tag tag, long long number);
/* Nothing where text is NULL. */
void ical_put_text(struct eas_node *data, eas_tag tag, const char *text);

/* DESCRIPTION as a plain Body; several are parted by an empty line. */
void ical_put_body(struct eas_node *data, icalcomponent *component);
/* CATEGORIES, each once. false for more than the protocol takes. */
bool ical_put_categories(struct eas_node *data, icalcomponent *component, eas_tag categories, eas_tag category,
                         char **reason);
/* CLASS; what is unknown is private (RFC 5545 3.8.1.3). */
void ical_put_class(struct eas_node *data, icalcomponent *component, eas_tag tag);

#endif
