#include "codec/files/date.h"

#include "codec/files/files.h"

#define NANO G_GINT64_CONSTANT(1000000000)

/* Takes exactly count digits from *p as a number. */
static bool take_digits(const char **p, int count, int *number)
{
    *number = 0;
    for (; count > 0; count--, (*p)++) {
        if (!g_ascii_isdigit(**p))
            return false;
        *number = *number * 10 + (**p - '0');
    }
    return true;
}

static void take(const char **p, char c)
{
    if (**p == c)
        (*p)++;
}

static bool take_time(const char **p, struct eas_date *date)
{
    if (!take_digits(p, 2, &date->hour))
        return false;
    take(p, ':');
    if (!take_digits(p, 2, &date->minute))
        return false;
    take(p, ':');
    if (!take_digits(p, 2, &date->second))
        return false;
    if (**p == '.') {
        (*p)++;
        for (int unit = NANO / 10; g_ascii_isdigit(**p); (*p)++, unit /= 10)
            date->nanosecond += (**p - '0') * unit;
    }
    take(p, 'Z');
    /* A leap second is the last second of its minute: nothing here can count it. */
    if (date->second == 60)
        date->second = 59;
    return date->hour < 24 && date->minute < 60 && date->second < 60;
}

bool eas_date_read(const char *text, struct eas_date *date)
{
    struct eas_date read = {0};

    if (!text)
        return false;
    while (g_ascii_isspace(*text))
        text++;
    if (!take_digits(&text, 4, &read.year))
        return false;
    take(&text, '-');
    if (!take_digits(&text, 2, &read.month))
        return false;
    take(&text, '-');
    if (!take_digits(&text, 2, &read.day) || read.year == 0)
        return false;
    if (!g_date_valid_dmy(read.day, read.month, read.year))
        return false;
    if (*text == 'T') {
        text++;
        if (!take_time(&text, &read))
            return false;
    }
    while (g_ascii_isspace(*text))
        text++;
    if (*text)
        return false;
    *date = read;
    return true;
}

/* Days from 1970 by eras of 400 years that begin in March, so that the leap day comes last. */
gint64 eas_date_seconds(const struct eas_date *date)
{
    gint64 year = date->year - (date->month <= 2);
    gint64 era = year / 400;
    gint64 year_of_era = year - era * 400;
    gint64 day_of_year = (153 * (date->month + (date->month > 2 ? -3 : 9)) + 2) / 5 + date->day - 1;
    gint64 days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;

    return days * 86400 + date->hour * 3600 + date->minute * 60 + date->second;
}

struct eas_date eas_date_from_seconds(gint64 seconds)
{
    gint64 day = seconds / 86400 - (seconds % 86400 < 0);
    int rest = (int)(seconds - day * 86400);
    gint64 shifted = day + 719468, era = shifted / 146097, day_of_era = shifted - era * 146097;
    gint64 year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = (int)(day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100));
    int month = (5 * day_of_year + 2) / 153;

    return (struct eas_date){
        .year = (int)(year_of_era + era * 400) + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
        .hour = rest / 3600,
        .minute = rest / 60 % 60,
        .second = rest % 60,
    };
}

bool eas_date_is_none(const struct eas_date *date)
{
    return date->year >= 4501 || (date->year == 1601 && date->month == 1 && date->day == 1);
}

bool eas_date_parse(const char *text, gint64 *ns)
{
    struct eas_date date;
    gint64 seconds;

    if (!eas_date_read(text, &date))
        return false;
    seconds = eas_date_seconds(&date);
    if (seconds >= G_MAXINT64 / NANO)
        *ns = G_MAXINT64;
    else if (seconds <= G_MININT64 / NANO)
        *ns = G_MININT64;
    else
        *ns = seconds * NANO + date.nanosecond;
    return true;
}
