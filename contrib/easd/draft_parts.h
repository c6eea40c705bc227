/* A message taken apart as MS-ASAIRS sees it: its text in one or two forms, and what hangs on it. */
#ifndef EASD_DRAFT_PARTS_H
#define EASD_DRAFT_PARTS_H

#include <gmime/gmime.h>

struct draft_parts {
    GMimeObject *plain, *html; /* borrowed from the message, or NULL */
    GPtrArray *attachments;    /* of GMimeObject, referenced; the caller's to free */
};

/* The message in a file, held in memory; NULL for none. Free with g_object_unref. */
GMimeMessage *draft_open(const char *path);

/* Its parts, in order. */
void draft_open_parts(struct draft_parts *parts, GMimeMessage *message);

/* A new part text/subtype in UTF-8. Free with g_object_unref. */
GMimeObject *draft_text_part(const char *subtype, const char *text, GMimeContentEncoding encoding);

#endif
