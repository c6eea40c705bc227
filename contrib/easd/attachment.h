/* What hangs on an event: ATTACH with its bytes in the file, as the Attachments of 16.0 and later
 * (MS-ASCAL 2.2.2.8, MS-ASAIRS 2.2.2.8). A link to elsewhere is no attachment. */
#ifndef EASD_ATTACHMENT_H
#define EASD_ATTACHMENT_H

#include "contrib/easd/ical_file.h"
#include "contrib/easd/item.h"
#include "contrib/easd/translation.h"

/* Adds the element to an event's properties; each one's FileReference is the ServerId and its place. */
void attachments_write(icalcomponent *event, const struct translation *translation);

/* The bytes behind a FileReference and their media type; NULL for one that is none. */
GBytes *attachment_read(const struct mailbox *mailbox, const char *reference, char **type);

#endif
