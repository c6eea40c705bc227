#include "contrib/easd/attachment.h"

#include <stdlib.h>
#include <string.h>

#include "contrib/easd/limits.h"

/* The bytes of an inline ATTACH; NULL for a link. */
static guchar *inline_bytes(icalproperty *property, gsize *length)
{
    icalattach *attach = icalproperty_get_attach(property);
    const char *text = attach && !icalattach_get_is_url(attach) ? (const char *)icalattach_get_data(attach) : NULL;

    return text ? g_base64_decode(text, length) : NULL;
}

/* FILENAME is what everyone writes and no document names (RFC 8607 made it one). */
static char *display_name(icalproperty *property, guint place)
{
    static const char *const names[] = {"FILENAME", "X-FILENAME", "X-LABEL"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *text = icalproperty_get_parameter_as_string_r(property, names[i]);

        if (text && *text)
            return g_utf8_make_valid(text, -1);
    }
    return g_strdup_printf("attachment %u", place + 1);
}

static icalproperty *nth_attachment(icalcomponent *event, guint place)
{
    icalproperty *property = icalcomponent_get_first_property(event, ICAL_ATTACH_PROPERTY);

    while (property && place-- > 0)
        property = icalcomponent_get_next_property(event, ICAL_ATTACH_PROPERTY);
    return property;
}

void attachments_write(icalcomponent *event, const struct translation *translation)
{
    struct eas_node *attachments = NULL;
    icalproperty *property;

    for (guint place = 0; (property = nth_attachment(event, place)); place++) {
        gsize length;
        g_autofree guchar *bytes = inline_bytes(property, &length);
        g_autofree char *name = display_name(property, place);
        g_autofree char *reference = g_strdup_printf("%s:%u", translation->server_id, place);
        struct eas_node *attachment;

        if (!bytes)
            continue;
        if (!attachments)
            attachments = eas_node_add(translation->properties, TAG_AirSyncBase_Attachments, NULL);
        attachment = eas_node_add(attachments, TAG_AirSyncBase_Attachment, NULL);
        eas_node_add(attachment, TAG_AirSyncBase_DisplayName, name);
        eas_node_add(attachment, TAG_AirSyncBase_FileReference, reference);
        translation_number(attachment, TAG_AirSyncBase_Method, 1);
        translation_number(attachment, TAG_AirSyncBase_EstimatedDataSize, (gint64)length);
    }
}

static GBytes *read_nth(const struct ical_file *file, guint place, char **type)
{
    icalproperty *property = nth_attachment(file->master, place);
    icalparameter *format = property ? icalproperty_get_first_parameter(property, ICAL_FMTTYPE_PARAMETER) : NULL;
    gsize length;
    guchar *bytes = property ? inline_bytes(property, &length) : NULL;

    *type = g_strdup(format ? icalparameter_get_fmttype(format) : "application/octet-stream");
    return bytes ? g_bytes_new_take(bytes, length) : NULL;
}

GBytes *attachment_read(const struct mailbox *mailbox, const char *reference, char **type)
{
    const char *end = strrchr(reference, ':');
    g_autofree char *server_id = g_strndup(reference, end ? (gsize)(end - reference) : 0);
    g_autofree char *collection = g_strndup(server_id, strcspn(server_id, ":"));
    struct folder *folder = mailbox_folder(mailbox, collection);
    struct entry *entry = folder && folder->class == CLASS_CALENDAR ? folder_entry(folder, server_id) : NULL;
    g_autofree char *path =
        entry && entry->present && entry->size <= EASD_FILE_BYTES ? folder_path(folder, entry) : NULL;
    g_autofree char *text = NULL, *refusal = NULL;
    struct ical_file file;
    GBytes *bytes = NULL;
    gsize length;

    *type = NULL;
    if (!path || !g_file_get_contents(path, &text, &length, NULL))
        return NULL;
    if (ical_file_open(&file, text, length, ICAL_VEVENT_COMPONENT, &refusal))
        bytes = read_nth(&file, (guint)strtoul(end + 1, NULL, 10), type);
    ical_file_close(&file);
    return bytes;
}
