/* Meetings by mail (RFC 5546, RFC 6047): what is sent to those invited, and to who organizes. */
#ifndef EASD_ITIP_H
#define EASD_ITIP_H

#include "contrib/easd/request.h"

/* Who takes part in the event of a file. Clear it. */
struct participants {
    char *organizer, *subject, *uid; /* organizer: an address; NULL: none */
    GPtrArray *attendees;            /* of char *, addresses but for the owner's */
    bool owner_organizes, owner_attends, cancelled;
};
void participants_read(struct participants *participants, const char *bytes, gsize length, const char *owner);
void participants_clear(struct participants *participants);

struct itip {
    const char *method; /* REQUEST, CANCEL, REPLY */
    const char *bytes;  /* the event's file */
    gsize length;
    const GPtrArray *to; /* of char * */
    const char *subject, *text;
    const char *why; /* for the mail log */
};

/* Mails it from the request's mailbox; a REPLY names its owner alone. */
void itip_send(const struct request *request, const struct itip *itip);

/* From 16.0 on the server mails what a change of an event means to those invited: an invitation, an update, a
 * cancellation. old, new: the file before and after, NULL where there is none; shown: whether they would see it. */
void itip_tell(const struct request *request, const GByteArray *old, const GString *new, bool shown);

#endif
