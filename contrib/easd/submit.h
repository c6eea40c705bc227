/* Sending mail: into the mailboxes of this server that it is for, into Sent Items, and a line in the mail
 * log. What is for others goes no further: nobody in the world gets mail from here. */
#ifndef EASD_SUBMIT_H
#define EASD_SUBMIT_H

#include "contrib/easd/request.h"

/* Statuses of MS-ASCMD 2.2.2. */
enum { SUBMIT_OK = 1, SUBMIT_NO_MESSAGE = 107, SUBMIT_NO_RECIPIENT = 119, SUBMIT_REFUSED = 120 };

struct submission {
    struct server *server;
    struct mailbox *mailbox; /* whose it is, locked */
    const char *bytes;       /* MIME */
    gsize length;
    bool save;       /* in Sent Items */
    const char *why; /* sendmail, smartreply, smartforward, invitation, response, cancel */
};

/* Refuses a message without recipients or with a From that is another's; supplies Date, Message-ID and From;
 * Bcc stays in the saved copy alone. */
int submit(const struct submission *submission);

#endif
