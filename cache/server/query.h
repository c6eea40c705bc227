/* The query of a request in its plain form (MS-ASHTTP 2.2.1.1.1.2), which every version takes. */
#ifndef CACHE_SERVER_QUERY_H
#define CACHE_SERVER_QUERY_H

#include "codec/item.h"

/* url with "?Cmd=...&User=...&DeviceId=...&DeviceType=..." and extra ("&SaveInSent=T", or NULL). user
 * goes percent-encoded whatever it holds. The caller frees it. */
char *query_url(const char *url, enum eas_command command, const char *user, const char *device_id, const char *extra);

/* The device type every request names; letters only, never changed: servers key their rules on it. */
#define QUERY_DEVICE_TYPE "easfs"

#endif
