/* Messages that a user wrote: what is missing is supplied, what must not be sent is refused. No I/O, no clock, no
 * globals. */
#ifndef CODEC_FILES_COMPOSE_H
#define CODEC_FILES_COMPOSE_H

#include <glib.h>

#include <stdbool.h>

#include "codec/wire/wbxml_tree.h"

struct compose_context {
    const char *user;           /* the account's own address; From must be it (or one of aliases) */
    const char *const *aliases; /* further own addresses, NULL-terminated; NULL: none */
    const char *name;           /* display name for a supplied From, or NULL */
    const char *date;           /* RFC 5322 date for a supplied Date */
    const char *message_id;     /* without brackets, for a supplied Message-ID */
    bool recipients_from_argv;  /* sendmail without -t: recipients[] are added as Bcc where To/Cc/Bcc lack them */
    const char *const *recipients;
};

struct composed {
    GBytes *message;  /* CRLF, with Date, Message-ID, From, MIME-Version; Bcc kept (the server takes it out, MS-ASCMD
                         SendMail) */
    char *message_id; /* without brackets */
    char *subject;
    GPtrArray *references; /* of char *, no brackets: In-Reply-To, then References from the last to the first */
    bool forward; /* it carries the referenced message as message/rfc822, or its subject begins as a forward's does */
};
void composed_clear(struct composed *composed);

/* CONTRACT 5, Outbox: false with *reason (one sentence, caller frees) for no recipient, no blank line after the
 * headers, a multipart without its closing boundary, a From that is not the account's. */
bool compose(const char *bytes, size_t length, const struct compose_context *context, struct composed *composed,
             char **reason);

/* ---- drafts, 16.x: a message as the fields of Sync Add and Change (MS-ASEMAIL, drafts) ---- */

/* ApplicationData of an Add (To, Cc, Bcc, Subject, Importance, Body, Attachments/Add with ClientId, Content ...). NULL
 * with *reason: fields cannot carry it (signed, encrypted, related parts, attached messages ...); it stays local. */
struct eas_node *draft_fields(const char *bytes, size_t length, char **reason);

/* Makes of such fields those of a Change of a draft that the server holds so (its properties, as it gives them):
 * attachments that it has by name and size are not sent again, those that the message lacks are Deletes by
 * FileReference, fields that it lacks are cleared by an empty element. */
void draft_change(struct eas_node *fields, const struct eas_node *held);

/* Whether a draft that the server holds so, with this plain text, says what the fields, made those of a Change of it,
 * say: blanks apart, and nothing is to be done about its attachments. False as well where the fields have no plain
 * text. */
bool draft_is(const struct eas_node *fields, const struct eas_node *held, const char *text);

#endif
