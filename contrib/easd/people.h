/* The address list: the users of the server, and the contacts of all its mailboxes. */
#ifndef EASD_PEOPLE_H
#define EASD_PEOPLE_H

#include "contrib/easd/request.h"

enum person_text {
    PERSON_DISPLAY_NAME,
    PERSON_PHONE,
    PERSON_OFFICE,
    PERSON_TITLE,
    PERSON_COMPANY,
    PERSON_ALIAS,
    PERSON_FIRST_NAME,
    PERSON_LAST_NAME,
    PERSON_HOME_PHONE,
    PERSON_MOBILE_PHONE,
    PERSON_EMAIL,
    PERSON_TEXTS
};

struct person {
    char *texts[PERSON_TEXTS];     /* NULL: not known */
    GBytes *picture;               /* NULL: none */
    const struct mailbox *mailbox; /* of a user; NULL: a contact */
};

/* Of whom every word of a query begins a word, or whose address it is; by name, each address once. Of struct
 * person; free with g_ptr_array_unref. Reads the contacts' files. */
GPtrArray *people_find(const struct server *server, const char *query);

/* Pictures as the Options/Picture of a request wants them (MS-ASCMD 2.2.3.130); zero: none at all. */
struct pictures {
    bool wanted;
    gint64 max_size, max_count; /* -1: no limit */
    gint64 given;
};

/* Writes the properties of GAL, and the picture. */
void person_write(struct wbxml_writer *wbxml, const struct person *person, struct pictures *pictures);

/* The Picture element alone: container with its Status and Data. */
void person_write_picture(struct wbxml_writer *wbxml, const struct person *person, struct pictures *pictures,
                          eas_tag picture, eas_tag status, eas_tag data);

#endif
