#include "fs/question.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

char *question_line(const char *text)
{
    FILE *tty = fopen("/dev/tty", "r+");
    char *line = NULL, *answer = NULL;
    size_t size = 0;

    if (!tty)
        return NULL;
    setvbuf(tty, NULL, _IONBF, 0);
    fprintf(tty, "%s", text);
    if (getline(&line, &size, tty) >= 0)
        answer = g_strdup(g_strstrip(line));
    free(line);
    fclose(tty);
    return answer;
}

bool question_yes(const char *text, bool by_default)
{
    g_autofree char *whole = g_strdup_printf("%s [%s] ", text, by_default ? "Y/n" : "y/N");
    g_autofree char *answer = question_line(whole);

    if (answer && g_ascii_tolower(*answer) == (by_default ? 'n' : 'y'))
        return !by_default;
    return by_default;
}
