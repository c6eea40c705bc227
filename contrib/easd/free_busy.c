#include "contrib/easd/free_busy.h"

#include <string.h>

#include "contrib/easd/ical_edit.h"

enum { HALF_HOUR = 1800, FREE = 0, TENTATIVE = 1, BUSY = 2, OUT_OF_OFFICE = 3 };

struct slots {
    char *digits;
    gint64 start, end;
    int value; /* of the event that is looked at */
};

static int event_value(icalcomponent *event)
{
    g_autofree char *named = ical_x_text(event, "X-MICROSOFT-CDO-BUSYSTATUS");
    icalproperty *transparency = icalcomponent_get_first_property(event, ICAL_TRANSP_PROPERTY);
    enum icalproperty_status status = icalcomponent_get_status(event);

    if (status == ICAL_STATUS_CANCELLED ||
        (transparency && icalproperty_get_transp(transparency) == ICAL_TRANSP_TRANSPARENT))
        return FREE;
    if (g_strcmp0(named, "OOF") == 0)
        return OUT_OF_OFFICE;
    return g_strcmp0(named, "TENTATIVE") == 0 || status == ICAL_STATUS_TENTATIVE ? TENTATIVE : BUSY;
}

static void mark(icalcomponent *event, struct icaltime_span *span, void *data)
{
    struct slots *slots = data;

    (void)event;
    for (gint64 at = slots->start, i = 0; at < slots->end; at += HALF_HOUR, i++)
        if (span->start < at + HALF_HOUR && span->end > at && slots->digits[i] < '0' + slots->value)
            slots->digits[i] = (char)('0' + slots->value);
}

/* The occurrences that differ are events of their own: the series does not have them. */
static void exclude(const struct ical_file *file)
{
    for (guint i = 0; i < file->overrides->len; i++) {
        icalcomponent *override = file->overrides->pdata[i];
        icalproperty *id = icalcomponent_get_first_property(override, ICAL_RECURRENCEID_PROPERTY);
        icalproperty *gone = icalproperty_new_exdate(icalproperty_get_recurrenceid(id));
        icalparameter *tzid = icalproperty_get_first_parameter(id, ICAL_TZID_PARAMETER);

        if (tzid)
            icalproperty_add_parameter(gone, icalparameter_new_clone(tzid));
        icalcomponent_add_property(file->master, gone);
    }
}

static void mark_event(icalcomponent *event, struct slots *slots)
{
    icaltimezone *utc = icaltimezone_get_utc_timezone();

    slots->value = event_value(event);
    if (slots->value != FREE)
        icalcomponent_foreach_recurrence(event, icaltime_from_timet_with_zone((time_t)slots->start, 0, utc),
                                         icaltime_from_timet_with_zone((time_t)slots->end, 0, utc), mark, slots);
}

static void mark_file(const char *path, struct slots *slots)
{
    g_autofree char *bytes = NULL, *refusal = NULL;
    struct ical_file file;
    gsize length;

    if (!g_file_get_contents(path, &bytes, &length, NULL))
        return;
    if (ical_file_open(&file, bytes, length, ICAL_VEVENT_COMPONENT, &refusal)) {
        exclude(&file);
        mark_event(file.master, slots);
        for (guint i = 0; i < file.overrides->len; i++)
            mark_event(file.overrides->pdata[i], slots);
    }
    ical_file_close(&file);
}

char *free_busy(const char *root, gint64 start, gint64 end)
{
    g_autofree char *path = g_build_filename(root, "Calendar", NULL);
    struct slots slots = {.start = start, .end = end};
    gsize count = (gsize)((end - start + HALF_HOUR - 1) / HALF_HOUR);
    GDir *directory = g_dir_open(path, 0, NULL);

    slots.digits = g_strnfill(count, '0');
    for (const char *name; directory && (name = g_dir_read_name(directory));) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        if (name[0] != '.' && g_str_has_suffix(name, ".ics"))
            mark_file(file, &slots);
    }
    if (directory)
        g_dir_close(directory);
    return slots.digits;
}
