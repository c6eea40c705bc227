/* Remote wipe (MS-ASPROV 3.1.5.1.2): what an administrator asks of every device of a mailbox, and what they answered.
 */
#ifndef EASD_WIPE_H
#define EASD_WIPE_H

#include "contrib/easd/request.h"

/* Whether a device must wipe before anything else. Wants the mailbox's lock. */
bool wipe_asked(const struct request *request);

/* Answers a Provision in that state: says what is to be wiped, or takes the device's word that it was (an answer
 * without an order). False where nothing is asked. */
bool wipe_answer(struct request *request, struct answer *answer);

/* The control: order "device", "account" or "none" for a mailbox; false for another word. Takes the lock. */
bool wipe_order(struct mailbox *mailbox, const char *order);

/* {"order":...,"acknowledged":N}, N the Status a device gave, 0 before. Free with g_free. Takes the lock. */
char *wipe_tell(struct mailbox *mailbox);

#endif
