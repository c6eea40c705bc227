#include "codec/wire/oof.h"

#include <string.h>

#include "codec/files/html_text.h"
#include "codec/limits.h"
#include "codec/wire/settings.h"

static const eas_tag audiences[OOF_AUDIENCES] = {
    [OOF_INTERNAL] = TAG_Settings_AppliesToInternal,
    [OOF_EXTERNAL_KNOWN] = TAG_Settings_AppliesToExternalKnown,
    [OOF_EXTERNAL_UNKNOWN] = TAG_Settings_AppliesToExternalUnknown,
};

void oof_clear(struct oof *oof)
{
    g_free(oof->start);
    g_free(oof->end);
    for (int i = 0; i < OOF_AUDIENCES; i++)
        g_free(oof->messages[i].text);
    memset(oof, 0, sizeof *oof);
}

static void oof_open(struct wbxml_writer *writer, GByteArray *out)
{
    wbxml_writer_init(writer, out);
    wbxml_open(writer, TAG_Settings_Settings);
    wbxml_open(writer, TAG_Settings_Oof);
}

static void oof_close(struct wbxml_writer *writer)
{
    wbxml_close(writer);
    wbxml_close(writer);
}

/* Some servers answer 2 where BodyType is missing (NOTES section 10). */
void oof_get_request(GByteArray *out)
{
    struct wbxml_writer writer;

    oof_open(&writer, out);
    wbxml_open(&writer, TAG_Settings_Get);
    wbxml_text(&writer, TAG_Settings_BodyType, "Text");
    wbxml_close(&writer);
    oof_close(&writer);
}

static void write_message(struct wbxml_writer *writer, eas_tag audience, const struct oof_message *message)
{
    wbxml_open(writer, TAG_Settings_OofMessage);
    wbxml_empty(writer, audience);
    wbxml_number(writer, TAG_Settings_Enabled, message->enabled);
    wbxml_text(writer, TAG_Settings_ReplyMessage, message->text);
    wbxml_text(writer, TAG_Settings_BodyType, "Text");
    wbxml_close(writer);
}

void oof_set_request(GByteArray *out, const struct oof *oof)
{
    struct wbxml_writer writer;

    oof_open(&writer, out);
    wbxml_open(&writer, TAG_Settings_Set);
    wbxml_number(&writer, TAG_Settings_OofState, oof->state);
    if (oof->state == OOF_SCHEDULED && oof->start && oof->end) {
        wbxml_text(&writer, TAG_Settings_StartTime, oof->start);
        wbxml_text(&writer, TAG_Settings_EndTime, oof->end);
    }
    for (int i = 0; i < OOF_AUDIENCES; i++)
        if (oof->messages[i].given)
            write_message(&writer, audiences[i], &oof->messages[i]);
    wbxml_close(&writer);
    oof_close(&writer);
}

static char *take_text(const struct eas_node *node)
{
    const char *text = eas_node_text(node, TAG_Settings_ReplyMessage),
               *type = eas_node_text(node, TAG_Settings_BodyType);

    if (!text || strcmp(text, "(null)") == 0) /* so SOGo says that there is none */
        return NULL;
    return type && !g_ascii_strcasecmp(type, "HTML") ? html_text(text) : g_strndup(text, LIMIT_OOF_TEXT_BYTES);
}

static void read_message(const struct eas_node *node, struct oof *oof)
{
    for (int i = 0; i < OOF_AUDIENCES; i++) {
        struct oof_message *message = &oof->messages[i];

        if (!eas_node_child(node, audiences[i]) || message->given)
            continue;
        message->given = true;
        message->enabled = eas_node_number(node, TAG_Settings_Enabled, 0) == 1;
        message->text = take_text(node);
    }
}

static char *take_date(const struct eas_node *get, eas_tag tag)
{
    const char *text = eas_node_text(get, tag);

    return text && *text && strlen(text) <= LIMIT_KEY_BYTES ? g_strdup(text) : NULL;
}

void oof_read(const struct eas_node *root, struct oof *oof)
{
    const struct eas_node *get = eas_node_child(eas_node_child(root, TAG_Settings_Oof), TAG_Settings_Get);
    long long state = eas_node_number(get, TAG_Settings_OofState, OOF_OFF);

    *oof = (struct oof){.status = settings_status(root, TAG_Settings_Oof),
                        .state = state >= OOF_OFF && state <= OOF_SCHEDULED ? (enum oof_state)state : OOF_OFF};
    oof->start = take_date(get, TAG_Settings_StartTime);
    oof->end = take_date(get, TAG_Settings_EndTime);
    for (const struct eas_node *node = eas_node_child(get, TAG_Settings_OofMessage); node; node = eas_node_next(node))
        read_message(node, oof);
}
