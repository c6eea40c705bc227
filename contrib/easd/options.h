/* The Options of Sync, ItemOperations and GetItemEstimate (MS-ASCMD 2.2.3.125): what of a body the
 * client wants, and how far back. */
#ifndef EASD_OPTIONS_H
#define EASD_OPTIONS_H

#include "codec/wire/wbxml_tree.h"
#include "contrib/easd/mailbox.h"

enum body_type { BODY_NONE, BODY_PLAIN, BODY_HTML, BODY_RTF, BODY_MIME, BODY_TYPES };

struct body_preference {
    bool wanted, all_or_none;
    gint64 truncation; /* bytes; -1: none */
    int preview;       /* characters; 0: none */
};

struct options {
    int filter;             /* FilterType; 0: everything */
    bool client_wins;       /* Conflict 0 (MS-ASCMD 2.2.3.34) */
    int mime_support;       /* 0 never, 1 S/MIME only, 2 all */
    gint64 mime_truncation; /* bytes; -1: none */
    struct body_preference bodies[BODY_TYPES];
};

void options_init(struct options *options);

/* Reads an Options element for a class. Returns the Status it deserves: 1, or 4 where a value is
 * out of its range or of another class (MS-ASCMD 2.2.3.68.2), 164 for a body type that is none. */
int options_read(struct options *options, const struct eas_node *node, enum item_class class);

/* The start of the time a FilterType covers, in seconds since 1970; INT64_MIN for all of it; 1 for
 * the tasks' "incomplete", whose items count as over at 0 once they are done. */
gint64 options_since(int filter, gint64 now);

#endif
