/* zones.def and zone_eras.def as arrays. */
#ifndef CODEC_FILES_ZONE_TABLE_H
#define CODEC_FILES_ZONE_TABLE_H

#include "codec/files/timezone.h"

struct zone_row {
    int offset; /* minutes east of UTC */
    int set;
    int since; /* first year the row is right for */
    const char *name;
};

/* Every zone in order of rank; next is NULL after the last. Static. */
const struct zone_row *zone_table_first(void);
const struct zone_row *zone_table_next(const struct zone_row *row);

/* The row as a zone. */
struct zone zone_table_zone(const struct zone_row *row);

#endif
