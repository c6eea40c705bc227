/* Drafts from 16.0 on (MS-ASCMD 2.2.3.11): a message told by its fields, and its attachments one by one. */
#ifndef EASD_DRAFT_H
#define EASD_DRAFT_H

#include "codec/wire/wbxml_tree.h"
#include "contrib/easd/item.h"

struct draft {
    /* in */
    const struct eas_node *data; /* what differs from the message at path; NULL: nothing */
    const char *path;            /* NULL: a new message */
    const char *address, *name;  /* whose it is */
    gint64 now;
    /* out */
    GString *message;    /* as MIME with CRLF */
    GPtrArray *attached; /* of char *, by place: the ClientId of what was added, or NULL */
    char *refusal;
};

/* Builds the message; false with refusal. Clear it in any case. */
bool draft_build(struct draft *draft);
void draft_clear(struct draft *draft);

/* What an answer says of attachments that were added; NULL: there are none. */
struct eas_node *draft_attached(const struct draft *draft, const char *server_id);

/* Writes what the message at path has that other messages are not served with: Bcc and Attachments. */
void draft_write_properties(struct item_writer *writer, const char *path, const char *server_id);

/* The bytes of a message's nth attachment and their media type; NULL for none. */
GBytes *draft_attachment(const char *path, guint place, char **type);

#endif
