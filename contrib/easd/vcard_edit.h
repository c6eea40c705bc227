/* Writes vCards (RFC 2426), and changes those that are there line by line. */
#ifndef EASD_VCARD_EDIT_H
#define EASD_VCARD_EDIT_H

#include <glib.h>
#include <stdbool.h>

struct vcard_lines {
    GPtrArray *lines; /* of char *, each as it stands, its folds and its end in it */
    bool all;         /* a card of 2.1, or none: every group is to be written anew, as 3.0 */
};

/* The lines of a card, or of a new one with a UID where bytes is NULL. Clear it. */
void vcard_lines_open(struct vcard_lines *lines, const char *bytes, gsize length);
void vcard_lines_clear(struct vcard_lines *lines);

/* Takes all properties of a name away. */
void vcard_lines_drop(struct vcard_lines *lines, const char *name);

/* The card with further lines before its end. */
GString *vcard_lines_print(const struct vcard_lines *lines, const char *added);

/* A property as a line, folded: head is its name, with parameters. NULL or "": nothing. */
void vcard_put(GString *card, const char *head, const char *text);

/* A structured value; nothing where all its parts are missing. And a list. */
void vcard_put_parts(GString *card, const char *head, const char *const *parts, gsize count);
void vcard_put_list(GString *card, const char *head, const GPtrArray *texts);

/* A picture, its kind told by its first bytes. */
void vcard_put_bytes(GString *card, const char *name, const guchar *bytes, gsize length);

#endif
