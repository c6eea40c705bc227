#include "fs/password.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "fs/keyring.h"
#include "fs/message.h"

enum { PASSWORD_BYTES = 4096 };

/* The first line of a descriptor without its end; NULL when there is none. Read by read(), so that no
 * stream's buffer keeps a copy. */
static char *first_line(int fd)
{
    char bytes[PASSWORD_BYTES];
    size_t used = 0;
    char *line;

    while (used < sizeof bytes && !memchr(bytes, '\n', used)) {
        ssize_t got = read(fd, bytes + used, sizeof bytes - used);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    line = used > 0 ? g_strndup(bytes, used) : NULL;
    explicit_bzero(bytes, sizeof bytes);
    if (line)
        line[strcspn(line, "\r\n")] = '\0';
    return line;
}

void password_free(char *password)
{
    if (password)
        explicit_bzero(password, strlen(password));
    g_free(password);
}

int password_read_file(const char *file, const char *called, const char *what, char **password)
{
    g_autofree char *check = g_strdup_printf("check %s", called);
    struct stat st;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int code = 0;

    if (fd < 0)
        return unable_to(EXIT_CONFIG, what, check, "%s: %s", file, g_strerror(errno));
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077)) {
        code = unable_to(EXIT_CONFIG, what, "chmod 600 it", "others than you may use the password file %s", file);
    } else if (!(*password = first_line(fd)) || !**password) {
        g_clear_pointer(password, g_free);
        code = unable_to(EXIT_CONFIG, what, "write the password into its first line", "%s is empty", file);
    }
    close(fd);
    return code;
}

static int from_command(const char *command, const char *what, char **password)
{
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    GSpawnFlags flags = G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN;
    int from = -1, status = -1;
    GPid child = 0;

    if (!g_spawn_async_with_pipes(NULL, (char **)argv, NULL, flags, NULL, NULL, &child, NULL, &from, NULL, NULL))
        return unable_to(EXIT_CONFIG, what, NULL, "the password command cannot be started");
    *password = first_line(from);
    close(from);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    /* A command that wrote more than a line may have died of our closing: the line counts. */
    if (*password && **password && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (*password && WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE)
        return 0;
    g_clear_pointer(password, g_free);
    return unable_to(EXIT_CONFIG, what, "check --password-command", "the password command failed");
}

int password_ask(const char *account, const char *why, const char *what, char **password)
{
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
    struct termios shown, hidden;

    if (tty < 0 || tcgetattr(tty, &shown) != 0) {
        if (tty >= 0)
            close(tty);
        return unable_to(EXIT_CONFIG, what, "give --password-file or --password-command",
                         "%s%sthere is no terminal to ask for the password", why ? why : "", why ? ", and " : "");
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(tty, TCSAFLUSH, &hidden);
    dprintf(tty, "Password of %s: ", account);
    *password = first_line(tty);
    tcsetattr(tty, TCSAFLUSH, &shown);
    dprintf(tty, "\n");
    close(tty);
    if (*password && **password)
        return 0;
    g_clear_pointer(password, g_free);
    return unable_to(EXIT_CREDENTIALS, what, "enter one", "no password was given");
}

static int from_keyring(const struct password_source *source, const char *what, char **password)
{
    g_autofree char *why = NULL;

    if (keyring_find(source->account, PASSWORD_KIND, password, &why) == KEYRING_DONE)
        return 0;
    if (source->unasked)
        return unable_to(EXIT_CONFIG, what, "easfs login asks for the password", "%s", why);
    return password_ask(source->account, why, what, password);
}

int password_get(const struct password_source *source, const char *what, char **password)
{
    if (source->file)
        return password_read_file(source->file, "--password-file", what, password);
    if (source->command)
        return from_command(source->command, what, password);
    if (source->text) {
        *password = g_strdup(source->text);
        return 0;
    }
    return from_keyring(source, what, password);
}
