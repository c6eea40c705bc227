/* The log of mail sent, for tests: a JSON object a line. */
#ifndef EASD_MAIL_LOG_H
#define EASD_MAIL_LOG_H

#include <glib.h>

struct mail_line {
    const char *user, *from, *subject, *message_id, *why;
    const GPtrArray *recipients; /* of char * */
};

/* Appends a line to the file at path, whole at once; path NULL: nothing. From any thread. */
void mail_log(const char *path, const struct mail_line *line);

#endif
