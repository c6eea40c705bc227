/* Which property of a contact a line of a card is: the heads of contact.def, read the other way round. */
#ifndef CODEC_FILES_CONTACT_MATCH_H
#define CODEC_FILES_CONTACT_MATCH_H

#include "codec/files/card_lines.h"
#include "codec/files/contact_table.h"

/* What a line is: the row of its property, NULL for one that EAS lacks, which stays in the user's file. place: the
 * element of the row that holds it; -1 where another line says the same already, so that nothing holds it. */
struct contact_match {
    const struct contact_property *row;
    int place;
};

/* What each line is; as many as the card has lines. A line may take a row that says less
 * of it than it does itself (a number at work that is no mobile one), never one that says something else; a number
 * without any kind takes the first place that is free. The preferred ones come first.
 *
 * NULL with a *reason where a property that EAS has is there more often than it has places for: which of three mobile
 * numbers the server got would be chance, and a replica that is made anew would have lost the others. The caller frees
 * both. */
struct contact_match *contact_match(const struct card *card, char **reason);

/* A line's property by another name, "RELATED" for X-SPOUSE and the like; the line's own name where it has no other. */
const char *contact_line_name(const struct card_line *line);

/* The value of a line of a form that is written in one piece, as the wire has it. The caller frees it. */
char *contact_line_text(const struct card_line *line, enum contact_form form);

#endif
