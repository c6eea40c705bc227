/* What may be changed of received mail (MS-ASEMAIL 3.1.5.3): one ApplicationData each, for a Change of its own. */
#ifndef CODEC_FILES_MAIL_FLAGS_H
#define CODEC_FILES_MAIL_FLAGS_H

#include "codec/wire/wbxml_tree.h"

struct eas_node *mail_read_data(bool read);
/* flag: 0 none, 1 complete, 2 active (MS-ASEMAIL 2.2.2.69). when_ns: since 1970, for a completed one. */
struct eas_node *mail_flag_data(int flag, gint64 when_ns);
/* One a line, "" for none. From 14.0 on. */
struct eas_node *mail_categories_data(const char *lines);

#endif
