/* SendMail, SmartReply, SmartForward (MS-ASCMD 2.2.1.17 to .19): a message on its way. Up to 12.1 the request is the
 * message itself (message/rfc822), what else there is to say stands in the query, and the answer is an HTTP code; from
 * 14.0 on all of it is a document. An empty answer means that the message was taken. */
#ifndef CODEC_WIRE_SEND_MAIL_H
#define CODEC_WIRE_SEND_MAIL_H

#include "codec/item.h"
#include "codec/wire/wbxml_tree.h"

struct mail_to_send {
    enum eas_command command;        /* EAS_SEND_MAIL, EAS_SMART_REPLY or EAS_SMART_FORWARD */
    const char *client_id;           /* 14.0 and up: 1 to 40 characters, of this message only */
    bool save;                       /* keep a copy in Sent Items */
    const char *folder_id, *item_id; /* smart ones: the message answered or passed on, or */
    const char *long_id;             /* ... a search hit */
    const char *instance_id;         /* 14.1 and up: one occurrence of it ("2026-01-31T09:00:00.000Z"), or NULL */
    bool replace_mime;               /* 14.0 and up: the message has all it should have, the server adds nothing */
};

/* Appends the request's body: the one copy that is made of the message. message: CRLF line ends, any bytes. */
void send_mail_request(GByteArray *out, enum eas_version version, const struct mail_to_send *mail, const char *message,
                       size_t length);

/* The parameters that go into the query besides ("&SaveInSent=T&CollectionId=..."), escaped; NULL where there are none,
 * and from 14.0 on. The caller frees it. */
char *send_mail_query(enum eas_version version, const struct mail_to_send *mail);

#endif
