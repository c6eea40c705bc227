/* What SendMail, SmartReply and SmartForward have in common: a message, and how it came. */
#ifndef EASD_SEND_MAIL_H
#define EASD_SEND_MAIL_H

#include "contrib/easd/request.h"

/* The message that answers or forwards an item: the text of the client's own, with what it answers under or
 * behind it (MS-ASCMD 3.1.5.6, 3.1.5.7). NULL for what is no message. Free with g_string_free. */
GString *smart_compose(const char *bytes, gsize length, const char *original_path, bool event, bool forward);

#endif
