#include "codec/wire/meeting_response.h"

#include <string.h>

#include "codec/limits.h"
#include "codec/wire/wbxml_writer.h"

enum { BODY_PLAIN = 1 };

static void write_send(struct wbxml_writer *writer, const char *text)
{
    if (!text || !*text) {
        wbxml_empty(writer, TAG_MeetingResponse_SendResponse);
        return;
    }
    wbxml_open(writer, TAG_MeetingResponse_SendResponse);
    wbxml_open(writer, TAG_AirSyncBase_Body);
    wbxml_number(writer, TAG_AirSyncBase_Type, BODY_PLAIN);
    wbxml_text(writer, TAG_AirSyncBase_Data, text);
    wbxml_close(writer);
    wbxml_close(writer);
}

static void write_reply(struct wbxml_writer *writer, enum eas_version version, const struct meeting_reply *reply)
{
    wbxml_open(writer, TAG_MeetingResponse_Request);
    wbxml_number(writer, TAG_MeetingResponse_UserResponse, reply->answer);
    if (reply->long_id) {
        wbxml_text(writer, TAG_Search_LongId, reply->long_id);
    } else {
        wbxml_text(writer, TAG_MeetingResponse_CollectionId, reply->collection_id);
        wbxml_text(writer, TAG_MeetingResponse_RequestId, reply->request_id);
    }
    if (reply->instance_id && version >= EAS_14_1)
        wbxml_text(writer, TAG_MeetingResponse_InstanceId, reply->instance_id);
    if (reply->send && version >= EAS_16_0)
        write_send(writer, reply->text);
    wbxml_close(writer);
}

void meeting_response_request(GByteArray *out, enum eas_version version, const struct meeting_reply *replies,
                              size_t count)
{
    struct wbxml_writer writer;

    wbxml_writer_init(&writer, out);
    wbxml_open(&writer, TAG_MeetingResponse_MeetingResponse);
    for (size_t i = 0; i < count; i++)
        write_reply(&writer, version, &replies[i]);
    wbxml_close(&writer);
}

static void replied_clear(void *data)
{
    struct meeting_replied *replied = data;

    g_free(replied->request_id);
    g_free(replied->calendar_id);
}

static const char *key_of(const struct eas_node *result, eas_tag tag)
{
    const char *text = eas_node_text(result, tag);

    return text && *text && strlen(text) <= LIMIT_KEY_BYTES ? text : NULL;
}

GArray *meeting_response_read(const struct eas_node *root)
{
    GArray *all = g_array_new(FALSE, TRUE, sizeof(struct meeting_replied));

    g_array_set_clear_func(all, replied_clear);
    if (!root || root->tag != TAG_MeetingResponse_MeetingResponse)
        return all;
    for (const struct eas_node *result = eas_node_child(root, TAG_MeetingResponse_Result);
         result && all->len < LIMIT_REPLIES; result = eas_node_next(result)) {
        const char *request_id = key_of(result, TAG_MeetingResponse_RequestId);
        struct meeting_replied replied = {
            .request_id = g_strdup(request_id ? request_id : ""),
            .status = (int)eas_node_number(result, TAG_MeetingResponse_Status, 0),
            .calendar_id = g_strdup(key_of(result, TAG_MeetingResponse_CalendarId)),
        };

        g_array_append_val(all, replied);
    }
    return all;
}
