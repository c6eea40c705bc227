/* The Body of an item (MS-ASAIRS 2.2.2.9), or the older element of its class that held it in protocol
 * 2.5. */
#ifndef CODEC_FILES_BODY_H
#define CODEC_FILES_BODY_H

#include "codec/wire/wbxml_tree.h"

enum { BODY_NONE = 0, BODY_PLAIN = 1, BODY_HTML = 2, BODY_RTF = 3, BODY_MIME = 4 };

/* The Body's Data and its *type; NULL and BODY_NONE where there is none or it is empty. legacy is the
 * older element (plain text), or EAS_TAG_NONE. Lives as long as data. */
const char *body_data(const struct eas_node *data, eas_tag legacy, int *type);

/* The Body as text: plain as it is, HTML by its text. NULL where there is none, and for RTF and MIME,
 * which no plain text stands for. The caller frees it. */
char *body_text(const struct eas_node *data, eas_tag legacy);

#endif
