#include "fs/password.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "fs/keyring.h"
#include "fs/message.h"
#include "fs/secret_file.h"

static int from_file(const char *file, const char *what, char **password)
{
    g_autofree char *why = NULL;

    *password = secret_file_read(file, &why);
    if (*password)
        return 0;
    return unable_to(EXIT_CONFIG, what, strstr(why, "; ") ? NULL : "check --password-file", "%s", why);
}

static int from_command(const char *command, const char *what, char **password)
{
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    GSpawnFlags flags = G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN;
    int from = -1, status = -1;
    GPid child = 0;

    if (!g_spawn_async_with_pipes(NULL, (char **)argv, NULL, flags, NULL, NULL, &child, NULL, &from, NULL, NULL))
        return unable_to(EXIT_CONFIG, what, NULL, "the password command cannot be started");
    *password = secret_line(from);
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

bool password_can_ask(void)
{
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);

    if (tty >= 0)
        close(tty);
    return tty >= 0;
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
    *password = secret_line(tty);
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
    return password_ask(source->account, why, what, password);
}

int password_get(const struct password_source *source, const char *what, char **password)
{
    if (source->file)
        return from_file(source->file, what, password);
    if (source->command)
        return from_command(source->command, what, password);
    if (source->text) {
        *password = g_strdup(source->text);
        return 0;
    }
    return from_keyring(source, what, password);
}
