#include "contrib/easd/options.h"

/* MIMETruncation (MS-ASCMD 2.2.3.102). */
static const gint64 mime_truncations[] = {0, 4096, 5120, 7168, 10240, 20480, 51200, 102400, -1};

/* How many days a FilterType covers, by class (MS-ASCMD 2.2.3.68.2); 0: not for that class. */
static const int filter_days[CLASS_COUNT][9] = {
    [CLASS_MAIL] = {-1, 1, 3, 7, 14, 31},
    [CLASS_CALENDAR] = {-1, 0, 0, 0, 14, 31, 92, 183},
    [CLASS_CONTACTS] = {-1},
    [CLASS_TASKS] = {-1, 0, 0, 0, 0, 0, 0, 0, -1},
    [CLASS_NOTES] = {-1},
};

void options_init(struct options *options)
{
    *options = (struct options){.mime_truncation = -1};
    for (int type = 0; type < BODY_TYPES; type++)
        options->bodies[type].truncation = -1;
}

static int read_preference(struct options *options, const struct eas_node *node)
{
    static const eas_tag order[] = {TAG_AirSyncBase_Type, TAG_AirSyncBase_TruncationSize, TAG_AirSyncBase_AllOrNone,
                                    TAG_AirSyncBase_Preview};
    long long type = eas_node_number(node, TAG_AirSyncBase_Type, 0);
    struct body_preference *body;
    size_t at = 0;

    for (const struct eas_node *child = node->first; child; child = child->next) {
        while (at < G_N_ELEMENTS(order) && order[at] != child->tag)
            at++;
        if (at++ == G_N_ELEMENTS(order))
            return 4;
    }
    if (type < BODY_PLAIN || type > BODY_MIME || options->bodies[type].wanted)
        return 4;
    body = &options->bodies[type];
    body->wanted = true;
    body->truncation = eas_node_number(node, TAG_AirSyncBase_TruncationSize, -1);
    body->all_or_none = eas_node_number(node, TAG_AirSyncBase_AllOrNone, 0) == 1;
    body->preview = (int)CLAMP(eas_node_number(node, TAG_AirSyncBase_Preview, 0), 0, 255);
    return 1;
}

static bool number_in(const struct eas_node *node, long long low, long long high, long long *number)
{
    char *end;

    *number = g_ascii_strtoll(node->text, &end, 10);
    return end != node->text && !*end && *number >= low && *number <= high;
}

int options_read(struct options *options, const struct eas_node *node, enum item_class class)
{
    long long number;
    int status;

    for (const struct eas_node *child = node->first; child; child = child->next) {
        switch (child->tag) {
        case TAG_AirSync_FilterType:
            if (!number_in(child, 0, 8, &number) || filter_days[class][number] == 0)
                return 4;
            options->filter = (int)number;
            break;
        case TAG_AirSync_Conflict:
            if (!number_in(child, 0, 1, &number))
                return 4;
            options->client_wins = number == 0;
            break;
        case TAG_AirSync_MIMESupport:
            if (!number_in(child, 0, 2, &number))
                return 4;
            options->mime_support = (int)number;
            break;
        case TAG_AirSync_MIMETruncation:
            if (!number_in(child, 0, 8, &number))
                return 4;
            options->mime_truncation = mime_truncations[number];
            break;
        case TAG_AirSyncBase_BodyPreference:
            if ((status = read_preference(options, child)) != 1)
                return status;
            break;
        default: /* Class, MaxItems, RightsManagementSupport, Range, Schema: nothing to keep */
            break;
        }
    }
    return 1;
}

enum { FILTER_INCOMPLETE = 8 };

gint64 options_since(int filter, gint64 now)
{
    int days = 0;

    if (filter == FILTER_INCOMPLETE)
        return 1;

    for (int class = 0; class < CLASS_COUNT; class ++)
        days = MAX(days, filter_days[class][filter]);
    return days > 0 ? now - (gint64)days * 86400 : INT64_MIN;
}
