/* The properties of a contact, for both directions: the rows of contact.def. */
#ifndef CODEC_FILES_CONTACT_TABLE_H
#define CODEC_FILES_CONTACT_TABLE_H

#include <stddef.h>

#include "codec/wire/tags.h"

enum contact_form {
    /* in one piece: a property of its own for each element */
    CONTACT_TEXT,    /* the element's text */
    CONTACT_PHONE,   /* a number; "tel:" in front says nothing */
    CONTACT_FILE_AS, /* text that may be made of others (file_as.h) */
    CONTACT_TOLD,    /* text that no request may hold */
    CONTACT_EMAIL,   /* the address; a display name in a parameter */
    CONTACT_IM,      /* a URI of an instant messenger */
    CONTACT_URI,     /* as it is */
    CONTACT_DATE,    /* a day */
    CONTACT_PHOTO,   /* a picture in base64 */
    /* others */
    CONTACT_NAME,    /* components, written even when all are empty */
    CONTACT_ADDRESS, /* components, behind two that EAS lacks, left out when all are empty */
    CONTACT_ORG,     /* components, empty ones at the end left out */
    CONTACT_EACH,    /* a property for each child */
    CONTACT_LIST,    /* CATEGORIES, the children separated by commas */
    CONTACT_BODY,    /* the Body as text */
};

enum { CONTACT_ELEMENTS = 5 };

/* Whether each element of a row with this form is a place for a value of its own. */
#define CONTACT_IS_PIECE(form) ((form) <= CONTACT_PHOTO)

extern const struct contact_property {
    enum contact_form form;
    const char *v3, *v4; /* name and parameters */
    eas_tag elements[CONTACT_ELEMENTS];
    int count;
} contact_properties[];

enum {
#define PROPERTY(sections, form, v3, v4, ...) +1
    CONTACT_PROPERTIES =
#include "codec/files/contact.def"
#undef PROPERTY
};

#endif
