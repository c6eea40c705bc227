/* easfs respond: answers a meeting. It writes the own answer into the event's file, as any editor may; what follows
 * from that is the same. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "codec/files/own_answer.h"
#include "fs/ask.h"
#include "fs/message.h"
#include "fs/verbs/verbs.h"

enum { RESPOND_REASON = 1024 };

static const char what[] = "answer the meeting";
static const struct option_row respond_rows[] = {{0}};

static const struct {
    const char *word, *partstat;
} answers[] = {{"accept", "ACCEPTED"}, {"tentative", "TENTATIVE"}, {"decline", "DECLINED"}};

static const char *partstat_of(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++)
        if (strcmp(answers[i].word, word) == 0)
            return answers[i].partstat;
    return NULL;
}

/* The account's own address, as the daemon of the file's mount knows it. */
static int address_ask(const char *file, char **address)
{
    g_autofree char *mountpoint = NULL, *state_dir = NULL, *path = NULL;
    json_t *answer = NULL;
    int code = ask_find_item(file, what, &mountpoint, &state_dir, &path);

    if (!code)
        code = ask_daemon(state_dir, what, json_pack("{s:s}", "verb", "address"), NULL, false, &answer);
    if (!code)
        *address = g_strdup(json_string_value(json_object_get(answer, "address")));
    json_decref(answer);
    return code;
}

static int file_write(const char *file, GBytes *bytes)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    int fd = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC), error = fd < 0 ? errno : 0;

    if (!error && write(fd, data, length) != (ssize_t)length)
        error = errno ? errno : EIO;
    if (fd >= 0 && close(fd) != 0 && !error)
        error = errno;
    return error;
}

/* What is refused leaves the event as it was. */
static int refused(const char *file, int error)
{
    char reason[RESPOND_REASON];
    ssize_t length = getxattr(file, "user.eas.error", reason, sizeof reason - 1);

    reason[MAX(length, 0)] = '\0';
    if (*reason)
        ask_item("discard", file, what);
    return unable_to(*reason ? EXIT_DATA : EXIT_STORE, what, NULL, "%s: %s", file,
                     *reason ? reason : g_strerror(error));
}

static int respond_run(void *values, int argc, char **argv)
{
    const char *partstat = partstat_of(argv[0]), *file = argv[1];
    g_autofree char *address = NULL, *bytes = NULL, *reason = NULL;
    g_autoptr(GBytes) answered = NULL;
    g_autoptr(GError) fault = NULL;
    gsize length = 0;
    int code, error;

    (void)values, (void)argc;
    if (!partstat)
        return unable_to(EXIT_USAGE, what, "use accept, tentative or decline", "\"%s\" is no answer", argv[0]);
    code = address_ask(file, &address);
    if (code)
        return code;
    if (!g_file_get_contents(file, &bytes, &length, &fault))
        return unable_to(EXIT_DATA, what, NULL, "%s", fault->message);
    answered = own_answer(bytes, length, address ? address : "", partstat, &reason);
    if (!answered)
        return unable_to(EXIT_DATA, what, NULL, "%s: %s", file, reason);
    error = file_write(file, answered);
    return error ? refused(file, error) : 0;
}

const struct verb verb_respond = {
    .name = "respond",
    .operands = "accept|tentative|decline FILE",
    .help = "Answers the meeting in FILE; its organiser is told.",
    .options = respond_rows,
    .least = 2,
    .most = 2,
    .run = respond_run,
};
