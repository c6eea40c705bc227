/* A vCard as its lines (RFC 6350 3.2, RFC 2426, and 2.1 of the Internet Mail Consortium), whatever it means. Written by
 * people and by programs of thirty years, so much is tolerated; what comes out is in the syntax of 3.0, also of a 2.1:
 * UTF-8, unfolded, parameters with their names, quoted-printable decoded, texts escaped. */
#ifndef CODEC_FILES_CARD_LINES_H
#define CODEC_FILES_CARD_LINES_H

#include <glib.h>
#include <stdbool.h>

struct card_line {
    char *head;       /* all before the value, to be written again: "item1.TEL;TYPE=WORK" */
    char *group;      /* "item1", or "" */
    char *name;       /* upper case: "TEL" */
    GPtrArray *types; /* of char *: each TYPE, and the group's X-ABLabel; lower case, without "x-" in front */
    int preference;   /* PREF, 1 to 100; TYPE=pref is 1, nothing 101 */
    bool base64;      /* ENCODING=b: the value is base64 without white space */
    char *value;      /* its escapes still in it */
};

struct card {
    int version;      /* 21, 30 or 40 */
    GPtrArray *lines; /* of struct card_line, without BEGIN, VERSION and END, in the card's order */
};

/* Reads a file of one card. false with a *reason (one sentence, caller frees), and nothing to clear, for what is no
 * vCard, not the whole of one, or several; for bytes that are no text; past LIMIT_WRITTEN_BYTES and LIMIT_CARD_LINES.
 */
bool card_read(const char *bytes, size_t length, struct card *card, char **reason);
void card_clear(struct card *card);

bool card_has_type(const struct card_line *line, const char *type);

/* A parameter's value ("value" for VALUE=), RFC 6868 undone; NULL where the line has none. The caller frees it. */
char *card_parameter(const struct card_line *line, const char *name);

#endif
