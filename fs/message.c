#include "fs/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int unable_to(int code, const char *what, const char *advice, const char *reason, ...)
{
    char text[1024];
    va_list args;

    va_start(args, reason);
    vsnprintf(text, sizeof text, reason, args);
    va_end(args);
    fprintf(stderr, "easfs: unable to %s: %s%s%s\n", what, text, advice ? "; " : "", advice ? advice : "");
    return code;
}

const char *exit_advice(int code, const char *reason)
{
    static const struct {
        int code;
        const char *advice;
    } rows[] = {
        {EXIT_USAGE, "see easfs --help"},
        {EXIT_NAME, "check the name of the server"},
        {EXIT_REFUSED, "ask the server's administrator"},
        {EXIT_NO_FUSE, "load the fuse module and install fuse3"},
        {EXIT_STORE, "easfs cache verify says more"},
        {EXIT_UNREACHABLE, "try again later"},
        {EXIT_NOT_ACTIVESYNC, "check --server"},
        {EXIT_CREDENTIALS, "check user, password and certificate"},
        {EXIT_CONFIG, "correct the option"},
    };
    if (reason && strstr(reason, "; "))
        return NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].code == code)
            return rows[i].advice;
    return NULL;
}
