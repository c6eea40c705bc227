/* VJOURNAL as an item of the Notes class (MS-ASNOTE). */
#include "contrib/easd/ical_file.h"
#include "contrib/easd/times.h"
#include "contrib/easd/translation.h"

static gint64 last_modified(icalcomponent *note, const struct translation *translation)
{
    static const icalproperty_kind kinds[] = {ICAL_LASTMODIFIED_PROPERTY, ICAL_DTSTAMP_PROPERTY};

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *ignored = NULL;
        struct ical_moment moment;

        if (ical_moment_read(&moment, note, kinds[i], &ignored) && moment.present)
            return moment.utc;
    }
    return translation->mtime;
}

void notes_translate(struct translation *translation)
{
    struct ical_file file;
    char when[TIMES_TEXT];

    if (ical_file_open(&file, translation->bytes, translation->length, ICAL_VJOURNAL_COMPONENT,
                       &translation->refusal)) {
        g_autofree char *subject = ical_text(file.master, ICAL_SUMMARY_PROPERTY);
        g_autoptr(GPtrArray) categories = ical_categories(file.master);

        translation_text(translation->properties, TAG_Notes_Subject, subject);
        eas_node_add(translation->properties, TAG_Notes_MessageClass, "IPM.StickyNote");
        eas_node_add(translation->properties, TAG_Notes_LastModifiedDate,
                     times_dashed(last_modified(file.master, translation), when));
        translation_list(translation->properties, TAG_Notes_Categories, TAG_Notes_Category, categories);
        translation->text = ical_text(file.master, ICAL_DESCRIPTION_PROPERTY);
        if (icalcomponent_get_first_property(file.master, ICAL_RRULE_PROPERTY) || file.overrides->len)
            translation_refuse(translation, "a note that recurs has no counterpart");
    }
    ical_file_close(&file);
}
