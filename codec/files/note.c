/* Notes as VJOURNAL. */
#include <string.h>

#include "codec/files/files.h"
#include "codec/files/ical_common.h"

/* The kind of note that every note is; another says something (MS-ASNOTE 2.2.2.5). */
#define STICKY_NOTE "IPM.StickyNote"

GBytes *file_from_note(const struct eas_node *data, const struct file_context *context, char **reason)
{
    const char *kind = eas_node_text(data, TAG_Notes_MessageClass);
    GString *out = ical_calendar_begin();
    struct eas_date changed;
    bool dated = eas_date_read(eas_node_text(data, TAG_Notes_LastModifiedDate), &changed);

    *reason = NULL;
    ical_begin(out, "VJOURNAL");
    content_line_text(out, "UID", context->uid);
    if (dated) {
        ical_add_time(out, "DTSTAMP", &changed, ICAL_UTC, NULL);       /* MS-ASNOTE 2.2.2.4 */
        ical_add_time(out, "LAST-MODIFIED", &changed, ICAL_UTC, NULL); /* the same */
    } else {
        content_line(out, "DTSTAMP", ICAL_NO_STAMP);
    }
    content_line_text(out, "SUMMARY", eas_node_text(data, TAG_Notes_Subject)); /* 2.2.2.6 */
    ical_add_body(out, data, EAS_TAG_NONE);                                    /* 2.2.2.1 */
    ical_add_categories(out, data, TAG_Notes_Categories, TAG_Notes_Category);  /* 2.2.2.2, 2.2.2.3 */
    if (kind && strcmp(kind, STICKY_NOTE) != 0)
        content_line_text(out, "X-EAS-MESSAGE-CLASS", kind); /* 2.2.2.5 */
    ical_end(out, "VJOURNAL");
    return ical_calendar_end(out);
}
