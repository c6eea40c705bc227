/* Reads vCard 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350) into properties; tolerant, as address books are. */
#ifndef EASD_VCARD_H
#define EASD_VCARD_H

#include <glib.h>
#include <stdbool.h>

struct vcard_property {
    char *name;       /* upper case, without its group */
    GPtrArray *types; /* of char *, lower case: TYPE's values, and 2.1's bare ones */
    char *value;      /* decoded UTF-8, its escapes still in it; for binary values the bytes */
    gsize length;     /* of value */
    bool binary;
    int preference; /* PREF, 1 to 100; 101 where absent, 1 for TYPE=PREF */
};

struct vcard {
    GPtrArray *properties; /* of struct vcard_property, in the file's order */
    int version;           /* 21, 30, 40 */
};

/* False with a reason in *refusal for what is not exactly one card. Clear it in any case. */
bool vcard_read(struct vcard *card, const char *bytes, gsize length, char **refusal);
void vcard_clear(struct vcard *card);

/* The first property of a name, or NULL. */
const struct vcard_property *vcard_find(const struct vcard *card, const char *name);

bool vcard_has_type(const struct vcard_property *property, const char *type);

/* The value split at unescaped separators, each part unescaped; at least one part. Free with
 * g_strfreev. And the whole unescaped, not split. */
char **vcard_split(const struct vcard_property *property, char separator);
char *vcard_text(const struct vcard_property *property);

#endif
