/* The content lines of an iCalendar object as a user wrote them (RFC 5545 3.1), for what needs the spelling:
 * its structure, and what is carried from one file into the next. */
#ifndef CODEC_FILES_ICAL_LINES_H
#define CODEC_FILES_ICAL_LINES_H

#include <glib.h>
#include <stdbool.h>

struct ical_line {
    const char *raw; /* as it stands, folds and line end included; within the text read */
    size_t raw_length;
    GString *text; /* unfolded, without its line end; reused by each call */
};

/* Where the first line begins: behind a byte order mark. */
const char *ical_lines_begin(const char *bytes, size_t length);

/* Takes the next line that is not empty; begin with *at from ical_lines_begin and text a new
 * GString, which the caller frees. false: there is none. Line ends may be CRLF, LF or CR. */
bool ical_line_next(const char **at, const char *end, struct ical_line *line);

/* Whether the line's property has the name, in any case; value, which may be NULL, gets its value. */
bool ical_line_is(const struct ical_line *line, const char *name, const char **value);

/* The property's name in capitals (without group and parameters); the caller frees it. */
char *ical_line_name(const struct ical_line *line);

/* The value of a line: what follows the first colon outside quotes; NULL where there is none. */
const char *ical_line_value(const struct ical_line *line);

#endif
