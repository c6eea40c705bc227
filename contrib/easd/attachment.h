/* What hangs on an event: ATTACH with its bytes in the file, as the Attachments of 16.0 and later
 * (MS-ASCAL 2.2.2.8, MS-ASAIRS 2.2.2.8). A link to elsewhere is no attachment. */
#ifndef EASD_ATTACHMENT_H
#define EASD_ATTACHMENT_H

#include "contrib/easd/edit.h"
#include "contrib/easd/ical_file.h"
#include "contrib/easd/item.h"
#include "contrib/easd/translation.h"

/* Adds the element to an event's properties; each one's FileReference is the ServerId and its place. */
void attachments_write(icalcomponent *event, const struct translation *translation);

/* Does what an Attachments of a client says, Add and Delete, to an event (MS-ASAIRS 2.2.2.1, 2.2.2.16);
 * notes what was added in the edit. False with refusal. */
bool attachments_edit(icalcomponent *event, struct edit *edit);

/* The bytes of an Add's Content, which comes as base64 or as they are; NULL for none. Free with g_bytes_unref. */
GBytes *attachment_content(const struct eas_node *add);

/* The bytes behind a FileReference and their media type; NULL for one that is none. */
GBytes *attachment_read(const struct mailbox *mailbox, const char *reference, char **type);

#endif
