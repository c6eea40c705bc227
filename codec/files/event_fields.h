/* The properties of an event or of one changed occurrence: the table of MS-ASCAL's elements, for both directions. */
#ifndef CODEC_FILES_EVENT_FIELDS_H
#define CODEC_FILES_EVENT_FIELDS_H

#include "codec/files/files.h"
#include "codec/files/ical_common.h"
#include "codec/files/ical_read.h"

struct event {
    const struct eas_node *own;    /* ApplicationData, or an Exception */
    const struct eas_node *series; /* of an Exception: the ApplicationData around it; else NULL */
    const struct file_context *context;
};

/* The node that has the element: what an Exception leaves out is as in its series. NULL for neither. */
const struct eas_node *event_holder(const struct event *event, eas_tag tag);

/* The element's text or number, from wherever event_holder finds it. */
const char *event_text(const struct event *event, eas_tag tag);
long long event_number(const struct event *event, eas_tag tag, long long fallback);

/* What LOCATION says of an ApplicationData, from the container of 16.0 or the text before; NULL for neither. The caller
 * frees it. */
char *event_location(const struct eas_node *data);

/* Reminders are minutes up to here; others are none. */
enum { MAX_REMINDER_MINUTES = 10 * 366 * 1440 };

/* Appends everything but identity, times and recurrence, in the order of the table. */
void event_add_fields(GString *out, const struct event *event);

/* A VEVENT being read into an ApplicationData. */
struct event_reader {
    const struct ical_file *file;
    icalcomponent *component;
    struct eas_node *own;
    char **reason;
};

/* The same table the other way: appends what it says to own, in the neutral form. false with *reason. */
bool event_read_fields(const struct event_reader *reader);

#endif
