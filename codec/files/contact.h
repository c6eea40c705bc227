/* What other translations need to know of a contact. */
#ifndef CODEC_FILES_CONTACT_H
#define CODEC_FILES_CONTACT_H

#include "codec/wire/wbxml_tree.h"

/* How a person is called: given, middle and family name with suffix; else FileAs, the company, the
 * first e-mail address or phone number; "" where there is nothing. The caller frees it. */
char *contact_full_name(const struct eas_node *data);

#endif
