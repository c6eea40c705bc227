/* Notes from VJOURNAL: note.c's mapping, the other way. */
#include "codec/files/edit_class.h"
#include "codec/files/ical_read.h"
#include "codec/files/ical_refresh.h"

static bool read_note(const char *bytes, size_t length, const struct file_context *context, struct written *written,
                      char **reason)
{
    g_auto(ical_file) file = {0};

    if (!ical_file_read(bytes, length, ICAL_VJOURNAL_COMPONENT, context, &file, reason))
        return false;
    icalcomponent *journal = icalcomponent_get_first_component(file.calendar, ICAL_VJOURNAL_COMPONENT);
    if (icalcomponent_get_next_component(file.calendar, ICAL_VJOURNAL_COMPONENT) ||
        ical_property(journal, ICAL_RRULE_PROPERTY) || ical_property(journal, ICAL_RECURRENCEID_PROPERTY)) {
        *reason = g_strdup("a note cannot recur in ActiveSync");
        return false;
    }
    g_autofree char *subject = ical_text(journal, ICAL_SUMMARY_PROPERTY);
    g_autofree char *kind = ical_x_text(journal, "X-EAS-MESSAGE-CLASS");
    written->data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    written->uid = ical_uid(&file, ICAL_VJOURNAL_COMPONENT);
    ical_put_text(written->data, TAG_Notes_Subject, subject);
    ical_put_body(written->data, journal);
    ical_put_text(written->data, TAG_Notes_MessageClass, kind ? kind : "IPM.StickyNote");
    return ical_put_categories(written->data, journal, TAG_Notes_Categories, TAG_Notes_Category, reason);
}

static const struct edit_property properties[] = {
    {"Subject", {TAG_Notes_Subject}, edit_text, .by_empty = true},
    {"Body", {TAG_AirSyncBase_Body}, edit_body, .by_empty = true},
    {"Categories", {TAG_Notes_Categories}, edit_list, .child = TAG_Notes_Category, .by_empty = true},
};

static const eas_tag server_only[] = {TAG_Notes_LastModifiedDate, TAG_AirSyncBase_NativeBodyType, EAS_TAG_NONE};

const struct edit_class edit_notes = {
    .read = read_note,
    .properties = properties,
    .property_count = G_N_ELEMENTS(properties),
    .server_only = server_only,
    .refresh = ical_refresh,
};
