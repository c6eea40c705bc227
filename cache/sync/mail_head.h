/* What the first bytes of a message say of its identity. */
#ifndef CACHE_SYNC_MAIL_HEAD_H
#define CACHE_SYNC_MAIL_HEAD_H

#include <stddef.h>

/* The value of Message-ID with its angle brackets (RFC 5322 3.6.4), from the header block at the
 * start of bytes, folded or not; NULL where there is none. The caller frees it. */
char *mail_head_message_id(const char *bytes, size_t length);

#endif
