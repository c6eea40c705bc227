/* Pictures of contacts (MS-ASCNTC 2.2.2.58): base64 as text, or the bytes themselves as OPAQUE. */
#ifndef CODEC_FILES_PICTURE_H
#define CODEC_FILES_PICTURE_H

#include <stdbool.h>

#include "codec/wire/wbxml_tree.h"

struct picture {
    char *base64;      /* without line breaks */
    const char *type;  /* as vCard 3.0 names it: "JPEG"; "" where the bytes are of no known kind */
    const char *media; /* "image/jpeg"; "application/octet-stream" */
};

/* Reads the element; false, and nothing to clear, where it is absent, empty or no base64. */
bool picture_read(const struct eas_node *node, struct picture *picture);
void picture_clear(struct picture *picture);

#endif
