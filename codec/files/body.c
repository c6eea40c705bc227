#include "codec/files/body.h"

#include "codec/files/html_text.h"

const char *body_data(const struct eas_node *data, eas_tag legacy, int *type)
{
    const struct eas_node *body = eas_node_child(data, TAG_AirSyncBase_Body);
    const char *text = eas_node_text(body, TAG_AirSyncBase_Data);

    *type = (int)eas_node_number(body, TAG_AirSyncBase_Type, BODY_PLAIN);
    if (!text && legacy != EAS_TAG_NONE) {
        *type = BODY_PLAIN;
        text = eas_node_text(data, legacy);
    }
    if (text && *text)
        return text;
    *type = BODY_NONE;
    return NULL;
}

char *body_text(const struct eas_node *data, eas_tag legacy)
{
    int type;
    const char *text = body_data(data, legacy, &type);

    if (type == BODY_HTML)
        return html_text(text);
    return type == BODY_PLAIN ? g_strdup(text) : NULL;
}
