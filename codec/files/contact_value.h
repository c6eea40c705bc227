/* What a contact's property says, in one spelling: two properties say the same where these texts are equal. */
#ifndef CODEC_FILES_CONTACT_VALUE_H
#define CODEC_FILES_CONTACT_VALUE_H

#include <stdbool.h>

#include "codec/files/contact_table.h"
#include "codec/files/date.h"
#include "codec/wire/wbxml_tree.h"

enum { CONTACT_NO_YEAR = 1604 }; /* how address books say that they do not know a birthday's year */

/* What data says of a property: line ends and control characters, the time of a birthday, the name beside an address,
 * the order of categories, empty places apart. NULL where it says nothing. The caller frees it. */
char *contact_value(const struct eas_node *data, const struct contact_property *row);

/* A day of the wire. The time is to be ignored, but servers that mean midnight of a zone east of Greenwich write the
 * evening before: twelve hours later the day is right for both (MS-ASCNTC 2.2.2.6). false for what is no day. */
bool contact_day(const char *text, struct eas_date *date);

/* An instant messenger's address as a URI, as RFC 4770 wants it; what has no scheme gets the one of RFC 3860. NULL for
 * a blank one. The caller frees it. */
char *contact_im_uri(const char *text);

/* The address as people write it: without "im:" and its escapes; other schemes stay. The caller frees it. */
char *contact_im_text(const char *text);

/* What one element of a contact says, by the form of its property: of an e-mail address the address alone; "" where it
 * says nothing. The caller frees it. */
char *contact_element(const struct eas_node *data, eas_tag tag);

/* The same of one place, for what is written in one piece and is no picture; NULL or "" where it says nothing. */
char *contact_piece(enum contact_form form, const char *text);

/* Of a value that is written in one piece (TEXT, PHONE, EMAIL, URI ...): line ends as LF, no other control characters,
 * no blanks around it, no "tel:" or "mailto:" in front. The caller frees it. */
char *contact_plain(enum contact_form form, const char *text);

#endif
