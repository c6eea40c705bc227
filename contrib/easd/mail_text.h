/* A message's text for clients that do not ask for MIME. */
#ifndef EASD_MAIL_TEXT_H
#define EASD_MAIL_TEXT_H

#include "contrib/easd/item.h"

/* Writes the Body of the message at path as plain text or HTML; nothing if it has no text. */
void mail_text_write(struct item_writer *writer, const char *path, enum body_type type, const struct options *options);

#endif
