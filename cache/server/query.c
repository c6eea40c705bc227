#include "cache/server/query.h"

#include <glib.h>

char *query_url(const char *url, enum eas_command command, const char *user, const char *device_id, const char *extra)
{
    g_autofree char *escaped = g_uri_escape_string(user, NULL, FALSE);

    return g_strdup_printf("%s?Cmd=%s&User=%s&DeviceId=%s&DeviceType=" QUERY_DEVICE_TYPE "%s", url,
                           eas_command_name(command), escaped, device_id, extra ? extra : "");
}
