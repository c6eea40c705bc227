/* Access tokens of a command that the user brings. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache/server/oauth.h"
#include "cache/server/oauth_wire.h"
#include "codec/limits.h"

/* The first line that a command prints, within LIMIT_TOKEN_MS; NULL when there is none. */
static char *command_line(const char *command)
{
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    GString *text = g_string_sized_new(LIMIT_TOKEN_BYTES + 1);
    gint64 until = g_get_monotonic_time() + LIMIT_TOKEN_MS * 1000LL;
    GPid child = 0;
    int from = -1, status = -1;
    char *line = NULL;

    if (g_spawn_async_with_pipes(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &child, NULL, &from,
                                 NULL, NULL)) {
        GPollFD poll = {.fd = from, .events = G_IO_IN | G_IO_HUP};
        long left;

        while (text->len < LIMIT_TOKEN_BYTES && !memchr(text->str, '\n', text->len) &&
               (left = (long)((until - g_get_monotonic_time()) / 1000)) > 0 && g_poll(&poll, 1, (int)left) >= 0) {
            char bytes[512];
            ssize_t got = read(from, bytes, sizeof bytes);

            if (got <= 0)
                break;
            g_string_append_len(text, bytes, got);
            explicit_bzero(bytes, sizeof bytes);
        }
        close(from);
        if (g_get_monotonic_time() >= until)
            kill(child, SIGKILL);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            continue;
        g_spawn_close_pid(child);
        bool over =
            (WIFEXITED(status) && WEXITSTATUS(status) == 0) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);

        if (over && text->len)
            line = g_strndup(text->str, strcspn(text->str, "\r\n"));
    }
    explicit_bzero(text->str, text->allocated_len);
    g_string_free(text, TRUE);
    return line;
}

static bool is_token(const char *text)
{
    for (const char *at = text; *at; at++)
        if (!g_ascii_isgraph(*at))
            return false;
    return *text != '\0';
}

struct eas_result oauth_ask_command(const char *command, struct oauth_answer *answer)
{
    answer->access = command_line(command);
    if (answer->access && is_token(answer->access))
        return eas_served();
    return oauth_log_in_again("the token command gives no token; check --token-command, then log in again",
                              "it failed");
}
