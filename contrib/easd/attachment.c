#include "contrib/easd/attachment.h"

#include <stdlib.h>
#include <string.h>

#include "contrib/easd/draft.h"
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

GBytes *attachment_content(const struct eas_node *add)
{
    const struct eas_node *content = eas_node_child(add, TAG_AirSyncBase_Content);
    gsize length;
    guchar *bytes;

    if (!content || content->length == 0)
        return NULL;
    if (content->opaque)
        return g_bytes_new(content->text, content->length);
    bytes = g_base64_decode(content->text, &length);
    return g_bytes_new_take(bytes, length);
}

static void set_parameter_x(icalproperty *property, const char *name, const char *value)
{
    g_autofree char *clean = g_strdelimit(g_strdup(value), "\r\n\"", ' ');
    icalparameter *parameter = icalparameter_new_x(clean);

    icalparameter_set_xname(parameter, name);
    icalproperty_add_parameter(property, parameter);
}

static bool add_attachment(icalcomponent *event, struct edit *edit, const struct eas_node *add)
{
    const char *name = edit_text(add, TAG_AirSyncBase_DisplayName), *client = edit_text(add, TAG_AirSyncBase_ClientId);
    const char *type = edit_text(add, TAG_AirSyncBase_ContentType);
    g_autoptr(GBytes) content = attachment_content(add);
    icalproperty *property;
    icalattach *attach;

    if (!name || !client || !content || eas_node_number(add, TAG_AirSyncBase_Method, 0) != 1)
        return edit_refuse(edit, "an attachment of it is not whole");
    g_autofree char *text = g_base64_encode(g_bytes_get_data(content, NULL), g_bytes_get_size(content));

    attach = icalattach_new_from_data(text, NULL, NULL);
    property = icalproperty_new_attach(attach);
    icalattach_unref(attach);
    icalproperty_add_parameter(property, icalparameter_new_encoding(ICAL_ENCODING_BASE64));
    icalproperty_add_parameter(property, icalparameter_new_value(ICAL_VALUE_BINARY));
    if (type)
        icalproperty_add_parameter(property, icalparameter_new_fmttype(type));
    set_parameter_x(property, "FILENAME", name);
    icalcomponent_add_property(event, property);
    g_ptr_array_add(edit->attached, g_strdup(client));
    return true;
}

/* The attachment of a FileReference, whose last part is its place. */
static icalproperty *named_attachment(icalcomponent *event, const char *reference)
{
    const char *end = reference ? strrchr(reference, ':') : NULL;

    return end ? nth_attachment(event, (guint)strtoul(end + 1, NULL, 10)) : NULL;
}

bool attachments_edit(icalcomponent *event, struct edit *edit)
{
    const struct eas_node *asked = eas_node_child(edit->after, TAG_AirSyncBase_Attachments);
    g_autoptr(GPtrArray) gone = g_ptr_array_new();

    edit->attached = g_ptr_array_new_with_free_func(g_free);
    for (const struct eas_node *one = asked ? asked->first : NULL; one; one = one->next) {
        icalproperty *property = named_attachment(event, edit_text(one, TAG_AirSyncBase_FileReference));

        if (one->tag == TAG_AirSyncBase_Delete && !property)
            return edit_refuse(edit, "it has no such attachment");
        if (one->tag == TAG_AirSyncBase_Delete)
            g_ptr_array_add(gone, property);
    }
    for (guint i = 0; i < gone->len; i++) {
        icalcomponent_remove_property(event, gone->pdata[i]);
        icalproperty_free(gone->pdata[i]);
    }
    for (guint place = 0; nth_attachment(event, place); place++)
        g_ptr_array_add(edit->attached, NULL);
    for (const struct eas_node *one = asked ? asked->first : NULL; one; one = one->next)
        if (one->tag == TAG_AirSyncBase_Add && !add_attachment(event, edit, one))
            return false;
    return true;
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

static GBytes *read_event(const char *path, guint place, char **type)
{
    g_autofree char *text = NULL, *refusal = NULL;
    struct ical_file file;
    GBytes *bytes = NULL;
    gsize length;

    if (!g_file_get_contents(path, &text, &length, NULL))
        return NULL;
    if (ical_file_open(&file, text, length, ICAL_VEVENT_COMPONENT, &refusal))
        bytes = read_nth(&file, place, type);
    ical_file_close(&file);
    return bytes;
}

GBytes *attachment_read(const struct mailbox *mailbox, const char *reference, char **type)
{
    const char *end = strrchr(reference, ':');
    g_autofree char *server_id = g_strndup(reference, end ? (gsize)(end - reference) : 0);
    g_autofree char *collection = g_strndup(server_id, strcspn(server_id, ":"));
    struct folder *folder = mailbox_folder(mailbox, collection);
    struct entry *entry = folder ? folder_entry(folder, server_id) : NULL;
    g_autofree char *path =
        entry && entry->present && entry->size <= EASD_FILE_BYTES ? folder_path(folder, entry) : NULL;
    guint place = end ? (guint)strtoul(end + 1, NULL, 10) : 0;

    *type = NULL;
    if (!path || (folder->class != CLASS_CALENDAR && folder->class != CLASS_MAIL))
        return NULL;
    return folder->class == CLASS_MAIL ? draft_attachment(path, place, type) : read_event(path, place, type);
}
