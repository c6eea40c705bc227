/* Content lines, the common ground of iCalendar and vCard (RFC 5545 3.1, RFC 6350 3.2): escaped,
 * folded at 75 octets between characters, ended by CRLF. Whatever a value holds, it stays within its
 * own line: control characters never come out. */
#ifndef CODEC_FILES_CONTENT_LINE_H
#define CODEC_FILES_CONTENT_LINE_H

#include <glib.h>

/* Appends "name:value". name brings its parameters along ("DTSTART;VALUE=DATE"); value is in its
 * final form. What is no UTF-8 is mended. */
void content_line(GString *out, const char *name, const char *value);

/* The same with value printed by format. */
void content_line_printf(GString *out, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for a TEXT value: escapes it; appends nothing where text is NULL or has no
 * character to show, for libical takes a blank value for an error. */
void content_line_text(GString *out, const char *name, const char *text);

/* A TEXT value: backslash, semicolon, comma and line ends escaped, every kind of line end as \n,
 * other control characters gone. The caller frees it. */
char *content_text(const char *text);

/* A parameter's value: quoted where it must be, quotes and line ends written as RFC 6868 has them.
 * The caller frees it. */
char *content_parameter(const char *text);

#endif
