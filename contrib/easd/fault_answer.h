/* The faults that a command's document bears. Wants the mailbox's lock. */
#ifndef EASD_FAULT_ANSWER_H
#define EASD_FAULT_ANSWER_H

#include "contrib/easd/request.h"

/* Fills answer in place of the request's command, or leaves things so that the command itself goes wrong: false. */
bool fault_answer(struct request *request, struct answer *answer);

/* Keeps an answer for a later fault of the same device. */
void fault_keep(struct request *request, const struct answer *answer);

#endif
