/* The Body element (MS-ASAIRS 2.2.2.9), inline or as a part of its own. */
#ifndef EASD_BODY_H
#define EASD_BODY_H

#include "contrib/easd/item.h"

struct body {
    enum body_type type;
    uint64_t size, length; /* all there is; what goes out */
    const void *bytes;     /* NULL: from the file, which is taken over */
    int file;
    bool opaque; /* inline as OPAQUE: any byte */
    const char *preview;
};

void body_write(struct item_writer *writer, const struct body *body);

/* A text in the form the options ask for; nothing where they ask for none. html may be NULL.
 * Texts are cut at a character's border. */
void body_write_text(struct item_writer *writer, const struct options *options, const char *text, const char *html);

#endif
