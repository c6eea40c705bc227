/* Out of office (MS-ASCMD 2.2.3.118): what a mailbox's owner had told, kept in its directory. */
#ifndef EASD_OOF_H
#define EASD_OOF_H

#include "contrib/easd/request.h"

/* Writes the Get part of an answer. */
void oof_write(struct wbxml_writer *wbxml, const struct mailbox *mailbox);

/* Takes a Set: each audience that it names has its message replaced. Returns the Status of the part. */
int oof_set(const struct mailbox *mailbox, const struct eas_node *set);

#endif
