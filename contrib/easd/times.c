#include "contrib/easd/times.h"

#include <stdio.h>
#include <time.h>

bool times_in_range(gint64 seconds)
{
    return seconds >= -11644473600 && seconds < 79873430400;
}

static const char *print(gint64 seconds, const char *form, char *out)
{
    time_t time = (time_t)CLAMP(seconds, -11644473600, 79873430400);
    struct tm parts;

    gmtime_r(&time, &parts);
    snprintf(out, TIMES_TEXT, form, parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
             parts.tm_sec);
    return out;
}

const char *times_dashed(gint64 seconds, char out[TIMES_TEXT])
{
    return print(seconds, "%04d-%02d-%02dT%02d:%02d:%02d.000Z", out);
}

const char *times_compact(gint64 seconds, char out[TIMES_TEXT])
{
    return print(seconds, "%04d%02d%02dT%02d%02d%02dZ", out);
}
