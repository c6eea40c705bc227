/* easfs send: a message in a file is sent. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fs/message.h"
#include "fs/outbox.h"
#include "fs/verbs/verbs.h"

struct send_values {
    char *mount;
};

static const struct option_row send_rows[] = {
    {"mount", 0, OPTION_TEXT, offsetof(struct send_values, mount), "MOUNT", "from the account mounted there"},
    {0},
};

static int send_run(void *data, int argc, char **argv)
{
    static const char what[] = "send the message";
    const struct send_values *values = data;
    int fd = strcmp(argv[0], "-") == 0 ? STDIN_FILENO : open(argv[0], O_RDONLY | O_CLOEXEC);
    g_autoptr(GString) text = fd < 0 ? NULL : outbox_read(fd, false);
    int error = errno;

    (void)argc;
    if (fd > STDERR_FILENO)
        close(fd);
    if (!text)
        return unable_to(EXIT_DATA, what, NULL, "%s: %s", argv[0], g_strerror(error));
    return outbox_put(values->mount, what, text->str, text->len);
}

const struct verb verb_send = {
    .name = "send",
    .operands = "FILE",
    .help = "Sends the message in FILE (-: standard input).",
    .options = send_rows,
    .values_size = sizeof(struct send_values),
    .least = 1,
    .most = 1,
    .run = send_run,
};
