/* The header of a message as its fields (RFC 5322 2.2), byte for byte: what is not touched goes on as it came. */
#ifndef CODEC_FILES_MESSAGE_FIELDS_H
#define CODEC_FILES_MESSAGE_FIELDS_H

#include <glib.h>
#include <stdbool.h>

struct message_field {
    const char *raw; /* name, colon, value, folds and the CRLF at its end; within the message */
    size_t length;
    size_t name; /* bytes of the name, at the front of raw */
};

struct message_fields {
    GArray *fields;   /* of struct message_field, in order */
    const char *body; /* after the empty line */
};

/* Reads the header of a message whose lines end with CRLF and which outlives *fields. false with a *reason (caller
 * frees), and nothing to clear: a line that is no field, no empty line at the end, more than LIMIT_FIELDS. */
bool message_fields_read(const char *message, size_t length, struct message_fields *fields, char **reason);
void message_fields_clear(struct message_fields *fields);

/* The first field of a name, or the next one after "after"; NULL where there is none. */
const struct message_field *message_field_find(const struct message_fields *fields, const char *name,
                                               const struct message_field *after);

/* A field's value in one line, blanks at its ends gone; encoded words as they are. The caller frees it. */
char *message_field_value(const struct message_field *field);

/* The value of the first field of a name, or NULL. The caller frees it. */
char *message_field_text(const struct message_fields *fields, const char *name);

/* All addresses of the fields of a name: adds each as "user@host", in lower case, to addresses. */
void message_field_addresses(const struct message_fields *fields, const char *name, GPtrArray *addresses);

/* A message with its line ends as CRLF, wherever a bare LF was; a line "From " in front of it, as mailboxes have it, is
 * gone. */
GString *message_with_crlf(const char *bytes, size_t length);

#endif
