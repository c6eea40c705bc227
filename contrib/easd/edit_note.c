/* An item of the Notes class as VJOURNAL (MS-ASNOTE). */
#include <string.h>

#include "contrib/easd/edit.h"
#include "contrib/easd/ical_edit.h"

bool edit_note(struct edit *edit)
{
    const char *class = edit_text(edit->after, TAG_Notes_MessageClass);
    const char *subject = edit_text(edit->after, TAG_Notes_Subject);
    struct ical_edit ical;
    bool made = false;

    if (class && g_ascii_strncasecmp(class, "IPM.StickyNote", strlen("IPM.StickyNote")) != 0)
        return edit_refuse(edit, "a note of this MessageClass is none");
    if (ical_edit_open(&ical, edit, ICAL_VJOURNAL_COMPONENT)) {
        icalcomponent *note = ical.master;

        if (edit_differs(edit, TAG_Notes_Subject))
            ical_set_text(note, ICAL_SUMMARY_PROPERTY, subject);
        if (edit_differs(edit, TAG_Notes_Categories))
            ical_set_categories(note, eas_node_child(edit->after, TAG_Notes_Categories));
        ical_set_time(note, ICAL_LASTMODIFIED_PROPERTY, edit->now);
        made = ical_set_body(note, edit, edit->before, edit->after);
        edit->wish = g_strdup(subject);
        made = made && ical_edit_print(&ical, edit);
    }
    ical_edit_close(&ical);
    return made;
}
