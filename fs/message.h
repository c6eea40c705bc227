/* What the command says and how it ends (CONTRACT 6). */
#ifndef FS_MESSAGE_H
#define FS_MESSAGE_H

enum exit_code {
    EXIT_USAGE = 64,
    EXIT_DATA = 65,
    EXIT_NAME = 68,
    EXIT_REFUSED = 69,
    EXIT_INTERNAL = 70,
    EXIT_NO_FUSE = 71,
    EXIT_MOUNTPOINT = 73,
    EXIT_STORE = 74,
    EXIT_UNREACHABLE = 75, /* also: time-out, busy */
    EXIT_NOT_ACTIVESYNC = 76,
    EXIT_CREDENTIALS = 77,
    EXIT_CONFIG = 78,
};

/* Prints "easfs: unable to WHAT: REASON; ADVICE" to stderr (without the last part when advice is
 * NULL) and returns code, so that a verb can end with it. */
int unable_to(int code, const char *what, const char *advice, const char *reason, ...)
    __attribute__((format(printf, 4, 5)));

/* What to do about an exit code, as the advice of a message that has no better one; NULL: nothing, or the reason
 * says it already, behind a semicolon. */
const char *exit_advice(int code, const char *reason);

#endif
