/* Values of vCards: their escapes (RFC 6350 3.4), and how 2.1 writes them (quoted-printable, character sets). */
#ifndef CODEC_FILES_CARD_TEXT_H
#define CODEC_FILES_CARD_TEXT_H

#include <glib.h>
#include <stdbool.h>

#define CARD_NOT_UTF_8 "the card is not written in UTF-8; save it as UTF-8"

/* A value without its escapes, and split at separators that none hides ('\0': not at all). The caller frees both. */
char *card_text(const char *value);
char **card_split(const char *value, char separator);

/* What nobody can see: control characters but the tab. */
bool card_is_control(char c);

/* How a value is written, as its parameters say. */
struct card_coding {
    bool quoted_printable, base64;
    bool old;      /* by the rules of 2.1: line ends are bare, only a semicolon is ever escaped */
    bool list;     /* of 2.1: commas part it */
    char *charset; /* NULL: UTF-8 */
};

/* The value, which is not base64, as UTF-8 with the escapes of 3.0. NULL with a *reason. The caller frees both. */
char *card_decode(const struct card_coding *coding, const char *value, char **reason);

#endif
