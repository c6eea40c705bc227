#include "codec/wire/tags.h"

#include <stddef.h>
#include <string.h>

enum { TOKENS = 0x40 };

static const char *const names[EAS_PAGES][TOKENS] = {
#define EAS_PAGE(number, space)
#define EAS_TAG(space, page, token, name) [page][token] = #name,
#include "tags.def"
#undef EAS_PAGE
#undef EAS_TAG
};

static const char *const pages[EAS_PAGES] = {
#define EAS_PAGE(number, space) [number] = #space,
#define EAS_TAG(space, page, token, name)
#include "tags.def"
#undef EAS_PAGE
#undef EAS_TAG
};

const char *eas_tag_name(eas_tag tag)
{
    unsigned page = eas_tag_page(tag), token = eas_tag_token(tag);

    return page < EAS_PAGES && token < TOKENS ? names[page][token] : NULL;
}

const char *eas_page_name(unsigned page)
{
    return page < EAS_PAGES ? pages[page] : NULL;
}

eas_tag eas_tag_find(unsigned page, const char *name)
{
    if (page >= EAS_PAGES)
        return EAS_TAG_NONE;
    for (unsigned token = 0; token < TOKENS; token++)
        if (names[page][token] && strcmp(names[page][token], name) == 0)
            return (eas_tag)(page << 8 | token);
    return EAS_TAG_NONE;
}
