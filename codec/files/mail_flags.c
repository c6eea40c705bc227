#include "codec/files/mail_flags.h"

enum { FLAG_NONE, FLAG_COMPLETE, FLAG_ACTIVE };

struct eas_node *mail_read_data(bool read)
{
    struct eas_node *data = eas_node_new(TAG_AirSync_ApplicationData, NULL);

    eas_node_add(data, TAG_Email_Read, read ? "1" : "0");
    return data;
}

static char *instant(gint64 ns)
{
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(ns / G_GINT64_CONSTANT(1000000000));

    return g_date_time_format(at, "%Y-%m-%dT%H:%M:%S.000Z");
}

/* In the order of the older schema, which some servers insist on (NOTES section 6). A flag without dates is due some
 * day; a completed one says when. */
struct eas_node *mail_flag_data(int flag, gint64 when_ns)
{
    struct eas_node *data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    struct eas_node *node = eas_node_add(data, TAG_Email_Flag, NULL);
    g_autofree char *when = flag == FLAG_COMPLETE ? instant(when_ns) : NULL;

    if (flag == FLAG_NONE)
        return data;
    eas_node_add(node, TAG_Email_Status, flag == FLAG_ACTIVE ? "2" : "1");
    eas_node_add(node, TAG_Email_FlagType, "Flag for follow up");
    if (when) {
        eas_node_add(node, TAG_Tasks_DateCompleted, when);
        eas_node_add(node, TAG_Email_CompleteTime, when);
    }
    return data;
}

struct eas_node *mail_categories_data(const char *lines)
{
    struct eas_node *data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    struct eas_node *list = eas_node_add(data, TAG_Email_Categories, NULL);
    g_auto(GStrv) names = g_strsplit(lines, "\n", -1);

    for (char **name = names; *name; name++)
        if (**name)
            eas_node_add(list, TAG_Email_Category, *name);
    return data;
}
