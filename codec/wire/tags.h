/* The names of the ActiveSync tokens. A tag is a number, page << 8 | token, written
 * TAG_<Namespace>_<Name> in code: TAG_AirSync_SyncKey is 0x000b. */
#ifndef CODEC_WIRE_TAGS_H
#define CODEC_WIRE_TAGS_H

#include <stdint.h>

typedef uint16_t eas_tag;

enum {
#define EAS_PAGE(number, space)
#define EAS_TAG(space, page, token, name) TAG_##space##_##name = (page) << 8 | (token),
#include "tags.def"
#undef EAS_PAGE
#undef EAS_TAG
};

enum { EAS_PAGES = 26, EAS_TAG_NONE = 0 };

static inline unsigned eas_tag_page(eas_tag tag)
{
    return tag >> 8;
}
static inline unsigned eas_tag_token(eas_tag tag)
{
    return tag & 0xff;
}

/* The tag's own name ("SyncKey"), or NULL for a number that is no known token. Static. */
const char *eas_tag_name(eas_tag tag);

/* The namespace of a page ("AirSync"), or NULL for a page above 25. Static. */
const char *eas_page_name(unsigned page);

/* The tag named "name" on "page", or EAS_TAG_NONE. Exact spelling. */
eas_tag eas_tag_find(unsigned page, const char *name);

#endif
