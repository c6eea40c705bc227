#include "codec/wire/resolve_recipients.h"

#include <string.h>

#include "codec/limits.h"
#include "codec/wire/answer.h"

void resolve_recipients_request(GByteArray *out, enum eas_version version, const char *const *addresses, size_t count,
                                const char *start, const char *end)
{
    struct wbxml_writer writer;

    wbxml_writer_init(&writer, out);
    wbxml_open(&writer, TAG_ResolveRecipients_ResolveRecipients);
    for (size_t i = 0; i < count && i < LIMIT_RECIPIENTS; i++)
        wbxml_text(&writer, TAG_ResolveRecipients_To, addresses[i]);
    if (start && end && version >= EAS_14_0) {
        wbxml_open(&writer, TAG_ResolveRecipients_Options);
        wbxml_open(&writer, TAG_ResolveRecipients_Availability);
        wbxml_text(&writer, TAG_ResolveRecipients_StartTime, start);
        wbxml_text(&writer, TAG_ResolveRecipients_EndTime, end);
        wbxml_close(&writer);
        wbxml_close(&writer);
    }
    wbxml_close(&writer);
}

static void recipient_clear(void *data)
{
    struct recipient *recipient = data;

    g_free(recipient->asked);
    g_free(recipient->display_name);
    g_free(recipient->email);
    g_free(recipient->free_busy);
}

static char *take(const struct eas_node *node, eas_tag tag)
{
    const char *text = eas_node_text(node, tag);

    return text && *text ? g_strndup(text, LIMIT_GAL_TEXT_BYTES) : NULL;
}

static char *take_free_busy(const struct eas_node *availability)
{
    const char *text = eas_node_text(availability, TAG_ResolveRecipients_MergedFreeBusy);
    size_t length = text ? strspn(text, "01234") : 0;

    return length && !text[length] && length <= LIMIT_FREE_BUSY_SLOTS ? g_strdup(text) : NULL;
}

static void read_response(const struct eas_node *response, GArray *all)
{
    const struct eas_node *recipient = eas_node_child(response, TAG_ResolveRecipients_Recipient);
    struct recipient one = {.asked = take(response, TAG_ResolveRecipients_To),
                            .status = (int)eas_node_number(response, TAG_ResolveRecipients_Status, 0)};

    do {
        const struct eas_node *availability = eas_node_child(recipient, TAG_ResolveRecipients_Availability);
        struct recipient each = one;

        each.asked = g_strdup(one.asked ? one.asked : "");
        each.display_name = take(recipient, TAG_ResolveRecipients_DisplayName);
        each.email = take(recipient, TAG_ResolveRecipients_EmailAddress);
        each.availability = (int)eas_node_number(availability, TAG_ResolveRecipients_Status, 0);
        each.free_busy = take_free_busy(availability);
        g_array_append_val(all, each);
        recipient = recipient ? eas_node_next(recipient) : NULL;
    } while (recipient && all->len < LIMIT_RECIPIENT_ANSWERS);
    g_free(one.asked);
}

GArray *resolve_recipients_read(const struct eas_node *root, int *status)
{
    GArray *all = g_array_new(FALSE, TRUE, sizeof(struct recipient));

    g_array_set_clear_func(all, recipient_clear);
    *status = answer_status(root);
    if (!root || root->tag != TAG_ResolveRecipients_ResolveRecipients)
        return all;
    for (const struct eas_node *response = eas_node_child(root, TAG_ResolveRecipients_Response);
         response && all->len < LIMIT_RECIPIENT_ANSWERS; response = eas_node_next(response))
        read_response(response, all);
    return all;
}
