#include "contrib/easd/translation.h"

#include <stdio.h>
#include <string.h>

void translation_text(struct eas_node *parent, eas_tag tag, const char *text)
{
    if (text && *text)
        eas_node_add(parent, tag, text);
}

void translation_number(struct eas_node *parent, eas_tag tag, gint64 number)
{
    char text[24];

    snprintf(text, sizeof text, "%" G_GINT64_FORMAT, number);
    eas_node_add(parent, tag, text);
}

void translation_list(struct eas_node *parent, eas_tag list, eas_tag element, const GPtrArray *texts)
{
    if (texts->len == 0)
        return;
    struct eas_node *node = eas_node_add(parent, list, NULL);

    for (guint i = 0; i < texts->len; i++)
        eas_node_add(node, element, texts->pdata[i]);
}

struct eas_node *translation_body(const struct options *options, const char *text)
{
    const struct body_preference *wanted = &options->bodies[BODY_PLAIN];
    size_t length = strlen(text), cut = length;

    if (!wanted->wanted)
        return NULL;
    struct eas_node *body = eas_node_new(TAG_AirSyncBase_Body, NULL);

    if (wanted->truncation >= 0 && (size_t)wanted->truncation < length)
        cut = wanted->all_or_none ? 0 : (size_t)wanted->truncation;
    while (cut > 0 && cut < length && ((unsigned char)text[cut] & 0xc0) == 0x80)
        cut--;
    g_autofree char *given = g_strndup(text, cut);

    translation_number(body, TAG_AirSyncBase_Type, BODY_PLAIN);
    translation_number(body, TAG_AirSyncBase_EstimatedDataSize, (gint64)length);
    if (cut < length)
        translation_number(body, TAG_AirSyncBase_Truncated, 1);
    eas_node_add(body, TAG_AirSyncBase_Data, given);
    return body;
}

bool translation_refuse(struct translation *translation, const char *reason)
{
    if (!translation->refusal)
        translation->refusal = g_strdup(reason);
    return false;
}

bool translation_needs(struct translation *translation, int needs)
{
    char reason[64];

    if (translation->version >= needs || translation->refusal)
        return !translation->refusal;
    translation->needs = needs;
    snprintf(reason, sizeof reason, "it needs version %d.%d", needs / 10, needs % 10);
    return translation_refuse(translation, reason);
}
