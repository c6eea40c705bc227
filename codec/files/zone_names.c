/* Zones by their names: zones.def's own, and the others that zone_names.def has for them. */
#include <string.h>

#include "codec/files/timezone.h"
#include "codec/files/zone_table.h"

static const struct {
    const char *name, *zone;
} others[] = {
#define NAME(name, zone) {name, zone},
#include "codec/files/zone_names.def"
#undef NAME
};

static const char *const utc_names[] = {"UTC",           "Etc/UTC",  "Etc/GMT",   "GMT",      "Etc/UCT",
                                        "Etc/Universal", "Etc/Zulu", "UCT",       "Zulu",     "Z",
                                        "Etc/GMT0",      "GMT0",     "Universal", "Greenwich"};

static bool find_row(const char *name, struct zone *zone)
{
    for (const struct zone_row *row = zone_table_first(); row; row = zone_table_next(row)) {
        if (g_ascii_strcasecmp(row->name, name) != 0)
            continue;
        *zone = zone_table_zone(row);
        return true;
    }
    return false;
}

/* "Etc/GMT+5" is five hours west of Greenwich, "UTC-02" two as well. */
static bool find_fixed(const char *name, struct zone *zone)
{
    static const struct {
        const char *prefix;
        int east;
    } kinds[] = {{"Etc/GMT", -1}, {"UTC", 1}};

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        size_t length = strlen(kinds[i].prefix);
        if (g_ascii_strncasecmp(name, kinds[i].prefix, length) != 0 || !strchr("+-", name[length]) || !name[length])
            continue;
        char *end;
        gint64 hours = g_ascii_strtoll(name + length + 1, &end, 10);
        if (end == name + length + 1 || *end || hours < 0 || hours > 14)
            continue;
        *zone = zone_fixed((int)hours * 60 * kinds[i].east * (name[length] == '-' ? -1 : 1));
        return true;
    }
    return false;
}

static bool find_name(const char *name, struct zone *zone)
{
    for (size_t i = 0; i < G_N_ELEMENTS(utc_names); i++)
        if (!g_ascii_strcasecmp(utc_names[i], name)) {
            *zone = zone_utc();
            return true;
        }
    if (find_row(name, zone) || find_fixed(name, zone))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        if (!g_ascii_strcasecmp(others[i].name, name))
            return find_row(others[i].zone, zone);
    return false;
}

int zone_known_since(const struct zone *zone)
{
    for (const struct zone_row *row = zone_table_first(); row; row = zone_table_next(row))
        if (g_str_equal(row->name, zone->name))
            return row->since;
    return 0;
}

bool zone_by_name(const char *name, struct zone *zone)
{
    /* A path of its vendor's before a name ("/citadel.org/20250101_1/Europe/Berlin"): the longest tail that is one. */
    for (; name; name = strchr(name, '/')) {
        name += *name == '/';
        if (find_name(name, zone))
            return true;
    }
    return false;
}
