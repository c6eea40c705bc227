/* The header fields of a message that ActiveSync has properties for, found by one pass over the
 * raw bytes: 100,000 messages cannot wait for a MIME parser. */
#ifndef EASD_MAIL_HEADERS_H
#define EASD_MAIL_HEADERS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum mail_field {
    FIELD_FROM,
    FIELD_TO,
    FIELD_CC,
    FIELD_REPLY_TO,
    FIELD_SENDER,
    FIELD_SUBJECT,
    FIELD_DATE,
    FIELD_IMPORTANCE,
    FIELD_X_PRIORITY,
    FIELD_CONTENT_TYPE,
    FIELD_CONTENT_CLASS,
    FIELD_MESSAGE_ID,
    FIELD_REFERENCES,
    FIELD_THREAD_TOPIC,
    FIELD_COUNT
};

/* The raw value of the first field of each name, folded as it stands; length 0: none. */
struct mail_headers {
    struct {
        const char *at;
        size_t length;
    } fields[FIELD_COUNT];
    bool whole; /* the end of the header was seen */
};

/* Points into bytes. */
void mail_headers_scan(struct mail_headers *headers, const char *bytes, size_t length);

/* A field unfolded and decoded (RFC 2047), as valid UTF-8 without control characters, at most
 * EASD_HEADER_VALUE bytes; NULL where there is none. Free with g_free. */
char *mail_headers_text(const struct mail_headers *headers, enum mail_field field);

/* The Date, in seconds since 1970, or INT64_MIN. */
gint64 mail_headers_date(const struct mail_headers *headers);

/* 0 low, 1 normal, 2 high (MS-ASEMAIL 2.2.2.38). */
int mail_headers_importance(const struct mail_headers *headers);

/* MessageClass (MS-ASEMAIL 2.2.2.49). Static. */
const char *mail_headers_class(const struct mail_headers *headers);

/* Whether the message is signed or encrypted as a whole, so that MIMESupport 1 gives its MIME. */
bool mail_headers_smime(const struct mail_headers *headers);

#endif
