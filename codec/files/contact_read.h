/* A card that a user wrote as a contact. */
#ifndef CODEC_FILES_CONTACT_READ_H
#define CODEC_FILES_CONTACT_READ_H

#include "codec/files/edit.h"

/* As file_read. *written is all zeros and is cleared by the caller where this returns false. */
bool contact_read(const char *bytes, size_t length, const struct file_context *context, struct written *written,
                  char **reason);

#endif
