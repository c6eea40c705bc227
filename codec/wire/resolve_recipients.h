/* ResolveRecipients (MS-ASCMD 2.2.1.15): who an address is, and when they are busy. */
#ifndef CODEC_WIRE_RESOLVE_RECIPIENTS_H
#define CODEC_WIRE_RESOLVE_RECIPIENTS_H

#include "codec/item.h"
#include "codec/wire/wbxml_tree.h"

/* Appends a request for addresses (count of them, 1 to LIMIT_RECIPIENTS). start, end: "2026-01-31T13:45:00.000Z", for
 * their free/busy between; NULL: not asked. Availability exists from 14.0 on. */
void resolve_recipients_request(GByteArray *out, enum eas_version version, const char *const *addresses, size_t count,
                                const char *start, const char *end);

struct recipient {
    char *asked;                /* the address it answers to */
    char *display_name, *email; /* NULL: not found */
    int status;                 /* of the look-up; 1 is success, 4 nobody, others several (MS-ASCMD 2.2.3.177.11) */
    int availability;           /* status of the free/busy part; 0: none was given */
    char *free_busy; /* a digit each 30 minutes: 0 free, 1 tentative, 2 busy, 3 out of office, 4 no data; NULL */
};
/* Reads an answer from its root into a GArray of struct recipient; *status: the document's own. */
GArray *resolve_recipients_read(const struct eas_node *root, int *status);

#endif
