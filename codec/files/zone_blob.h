/* Where the fields of a Timezone element stand (MS-ASDTYPE 2.7.6). */
#ifndef CODEC_FILES_ZONE_BLOB_H
#define CODEC_FILES_ZONE_BLOB_H

enum {
    BLOB_BIAS = 0,
    BLOB_STANDARD_DATE = 68,
    BLOB_STANDARD_BIAS = 84,
    BLOB_DAYLIGHT_DATE = 152,
    BLOB_DAYLIGHT_BIAS = 168,
    BLOB_SIZE = 172
};

#endif
