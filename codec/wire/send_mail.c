#include "codec/wire/send_mail.h"

#include "codec/wire/wbxml_writer.h"

static eas_tag root_of(enum eas_command command)
{
    switch (command) {
    case EAS_SMART_REPLY:
        return TAG_ComposeMail_SmartReply;
    case EAS_SMART_FORWARD:
        return TAG_ComposeMail_SmartForward;
    default:
        return TAG_ComposeMail_SendMail;
    }
}

static void write_source(struct wbxml_writer *writer, enum eas_version version, const struct mail_to_send *mail)
{
    wbxml_open(writer, TAG_ComposeMail_Source);
    if (mail->long_id) {
        wbxml_text(writer, TAG_ComposeMail_LongId, mail->long_id);
    } else {
        wbxml_text(writer, TAG_ComposeMail_FolderId, mail->folder_id);
        wbxml_text(writer, TAG_ComposeMail_ItemId, mail->item_id);
    }
    if (mail->instance_id && version >= EAS_14_1)
        wbxml_text(writer, TAG_ComposeMail_InstanceId, mail->instance_id);
    wbxml_close(writer);
}

/* Room for it all at once: a message of 30 MB is not to be copied whenever the array grows. */
static void reserve(GByteArray *out, size_t length)
{
    enum { REST = 4096 };
    guint before = out->len;

    g_byte_array_set_size(out, (guint)(before + length + REST));
    g_byte_array_set_size(out, before);
}

void send_mail_request(GByteArray *out, enum eas_version version, const struct mail_to_send *mail, const char *message,
                       size_t length)
{
    struct wbxml_writer writer;

    reserve(out, length);
    if (version < EAS_14_0) {
        g_byte_array_append(out, (const guint8 *)message, (guint)length);
        return;
    }
    wbxml_writer_init(&writer, out);
    wbxml_open(&writer, root_of(mail->command));
    wbxml_text(&writer, TAG_ComposeMail_ClientId, mail->client_id);
    if (mail->command != EAS_SEND_MAIL)
        write_source(&writer, version, mail);
    if (mail->save)
        wbxml_empty(&writer, TAG_ComposeMail_SaveInSentItems);
    if (mail->replace_mime && mail->command != EAS_SEND_MAIL)
        wbxml_empty(&writer, TAG_ComposeMail_ReplaceMime);
    wbxml_opaque(&writer, TAG_ComposeMail_Mime, message, length);
    wbxml_close(&writer);
}

static void add_parameter(GString *query, const char *name, const char *value)
{
    g_string_append_printf(query, "&%s=", name);
    g_string_append_uri_escaped(query, value, NULL, FALSE);
}

char *send_mail_query(enum eas_version version, const struct mail_to_send *mail)
{
    g_autoptr(GString) query = g_string_new(NULL);

    if (version >= EAS_14_0)
        return NULL;
    if (mail->command != EAS_SEND_MAIL && mail->long_id) {
        add_parameter(query, "LongId", mail->long_id);
    } else if (mail->command != EAS_SEND_MAIL) {
        add_parameter(query, "CollectionId", mail->folder_id);
        add_parameter(query, "ItemId", mail->item_id);
    }
    if (mail->save)
        add_parameter(query, "SaveInSent", "T");
    return query->len > 0 ? g_string_free(g_steal_pointer(&query), FALSE) : NULL;
}
