/* What other translations need to know of a contact. */
#ifndef CODEC_FILES_CONTACT_H
#define CODEC_FILES_CONTACT_H

#include "codec/wire/wbxml_tree.h"

/* How a person is called: by FileAs where a person thought of it (file_as.h); else given, middle and family name with
 * suffix; else the nickname, the company, the first e-mail address or phone number; "" where there is nothing. The
 * caller frees it. */
char *contact_full_name(const struct eas_node *data);

/* The FN of a contact that is called nothing. */
#define CONTACT_UNTITLED "untitled"

#endif
