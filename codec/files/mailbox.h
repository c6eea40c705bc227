/* Addresses as the wire writes them: display name and address in one text, already decoded
 * ('"Jane Doe" <jane@example.org>', 'jane@example.org', 'Jane Doe'; MS-ASEMAIL 2.2.2.29). */
#ifndef CODEC_FILES_MAILBOX_H
#define CODEC_FILES_MAILBOX_H

/* Takes the first address of a list: its display name without quotes and escapes, and its address
 * without angle brackets. Either is "" where it is missing, never NULL; the caller frees both. Encoded
 * words (RFC 2047), which some servers leave in, are decoded in the name. Returns what follows, "" at
 * the end; NULL, and nothing to free, where no address is left. text may be NULL. */
const char *mailbox_next(const char *text, char **name, char **address);

/* The list written anew: what write makes of each name and address, which are as mailbox_next gives them, with between
 * in between. The caller frees it. */
char *mailbox_rewrite(const char *text, const char *between, char *(*write)(const char *name, const char *address));

/* mailbox_next of a text that holds one address, or of which only the first counts: "" for both where
 * there is none. */
void mailbox_split(const char *text, char **name, char **address);

/* The text with its encoded words decoded, valid UTF-8; above LIMIT_ENCODED_BYTES they stay. The caller
 * frees it. */
char *mailbox_decode(const char *text);

#endif
