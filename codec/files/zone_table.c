#include "codec/files/zone_table.h"

enum set {
#define SET(name) SET_##name,
#define ERA(...)
#include "codec/files/zone_eras.def"
#undef SET
#undef ERA
};

enum { SUN = 0, THU = 4, FRI = 5, LAST = ZONE_LAST, WALL = false, UTC = true };
#define TURN(month, weekday, day, hours, minutes)                                                                      \
    {                                                                                                                  \
        month, weekday, day, (hours)*60 + (minutes)                                                                    \
    }

#define SET(name)
static const struct zone_era eras[] = {
#define ERA(set, since, saving, start, end, clock) {since, saving, start, end, clock},
#include "codec/files/zone_eras.def"
#undef ERA
};

/* Whose era each of them is. */
static const enum set sets[] = {
#define ERA(set, ...) SET_##set,
#include "codec/files/zone_eras.def"
#undef ERA
};
#undef SET

static const struct zone_row zones[] = {
#define ZONE(offset, set, since, name) {offset, SET_##set, since, name},
#include "codec/files/zones.def"
#undef ZONE
};

const struct zone_row *zone_table_first(void)
{
    return zones;
}

const struct zone_row *zone_table_next(const struct zone_row *row)
{
    return row + 1 < zones + G_N_ELEMENTS(zones) ? row + 1 : NULL;
}

struct zone zone_table_zone(const struct zone_row *row)
{
    struct zone zone = {.offset = row->offset};
    g_strlcpy(zone.name, row->name, sizeof zone.name);
    for (size_t i = 0; i < G_N_ELEMENTS(eras); i++) {
        if ((int)sets[i] != row->set)
            continue;
        if (!zone.eras)
            zone.eras = &eras[i];
        zone.era_count++;
    }
    return zone;
}
