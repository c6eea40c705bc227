#include "contrib/easd/times.h"

#include <stdio.h>
#include <string.h>
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

bool times_read(const char *text, gint64 *seconds)
{
    static const char *const forms[] = {"%4d-%2d-%2dT%2d:%2d:%2d%n", "%4d%2d%2dT%2d%2d%2d%n"};
    struct tm parts = {0};
    int used;

    for (size_t i = 0; text && i < G_N_ELEMENTS(forms); i++) {
        used = 0;
        if (sscanf(text, forms[i], &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour, &parts.tm_min,
                   &parts.tm_sec, &used) != 6 ||
            used == 0)
            continue;
        if (text[used] == '.')
            used += 1 + (int)strspn(text + used + 1, "0123456789");
        if (strcmp(text + used, "Z") != 0 ||
            !g_date_valid_dmy((GDateDay)parts.tm_mday, (GDateMonth)parts.tm_mon, (GDateYear)parts.tm_year) ||
            parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 59)
            return false;
        parts.tm_year -= 1900;
        parts.tm_mon--;
        *seconds = timegm(&parts);
        return times_in_range(*seconds);
    }
    return false;
}
