/* Addresses as the wire writes them: display name and address in one text, already decoded
 * ('"Jane Doe" <jane@example.org>', 'jane@example.org', 'Jane Doe'; MS-ASEMAIL 2.2.2.29). */
#ifndef CODEC_FILES_MAILBOX_H
#define CODEC_FILES_MAILBOX_H

/* The first address of text: its display name without quotes and escapes, and its address without
 * angle brackets. Either is "" where it is missing, never NULL; the caller frees both. Encoded words
 * (RFC 2047), which some servers leave in, are decoded in the name. text may be NULL. */
void mailbox_split(const char *text, char **name, char **address);

/* The text with its encoded words decoded, valid UTF-8. The caller frees it. */
char *mailbox_decode(const char *text);

#endif
