#include "contrib/easd/mail_log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

/* A text that JSON takes. */
static json_t *text_of(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);

    return json_string(valid);
}

void mail_log(const char *path, const struct mail_line *line)
{
    json_t *recipients, *object;
    g_autoptr(GString) text = NULL;
    char *dumped;
    int file;

    if (!path)
        return;
    recipients = json_array();
    for (guint i = 0; i < line->recipients->len; i++)
        json_array_append_new(recipients, text_of(line->recipients->pdata[i]));
    object = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "user", text_of(line->user), "from", text_of(line->from),
                       "recipients", recipients, "subject", text_of(line->subject), "message-id",
                       text_of(line->message_id), "why", text_of(line->why));
    dumped = json_dumps(object, JSON_COMPACT);
    text = g_string_new(dumped);
    g_string_append_c(text, '\n');
    free(dumped);
    json_decref(object);
    file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0 || write(file, text->str, text->len) != (ssize_t)text->len)
        g_printerr("easd: unable to write %s: %s\n", path, g_strerror(errno));
    if (file >= 0)
        close(file);
}
