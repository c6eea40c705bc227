#include "fs/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fs/control_socket.h"
#include "fs/message.h"
#include "fs/mount/control.h"
#include "fs/port.h"

enum { ASK_LINE_BYTES = 64 << 20 };

/* The state directory of a mount, which the caller frees, or NULL (errno). */
static char *state_dir_of(const char *mountpoint)
{
    g_autofree char *path = g_build_filename(mountpoint, CONTROL_STATE_DIR, NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char text[PATH_MAX];
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text);
    int error = errno;

    if (fd >= 0)
        close(fd);
    errno = error;
    return length > 0 ? g_strndup(text, (size_t)length) : NULL;
}

static bool is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    return strncmp(path, directory, length) == 0 && (path[length] == '/' || !path[length]);
}

/* The mount of this user that is meant where none is named: the one worked in, or the only one. Among those that
 * answer, for others' cannot be asked. */
static int mount_meant(const char *what, char **mountpoint)
{
    g_autoptr(GPtrArray) mounts = port_mounts();
    g_autofree char *here = g_get_current_dir();
    guint found = 0;

    *mountpoint = NULL;
    for (guint i = 0; i < mounts->len; i++) {
        g_autofree char *state = state_dir_of(mounts->pdata[i]);

        if (state && is_below(here, mounts->pdata[i])) {
            g_free(*mountpoint);
            *mountpoint = g_strdup(mounts->pdata[i]);
            return 0;
        }
        if (state) {
            found++;
            g_free(*mountpoint);
            *mountpoint = g_strdup(mounts->pdata[i]);
        }
    }
    if (found == 1)
        return 0;
    g_clear_pointer(mountpoint, g_free);
    return unable_to(EXIT_USAGE, what, found ? "name the one that is meant, or go there" : "easfs mount makes one",
                     found ? "there are %u mounts" : "nothing is mounted (%u mounts)", found);
}

int ask_find(const char *mountpoint, const char *what, char **mountpoint_found, char **state_dir)
{
    g_autofree char *found = NULL;

    if (mountpoint) {
        found = g_canonicalize_filename(mountpoint, NULL);
    } else {
        int code = mount_meant(what, &found);

        if (code)
            return code;
    }
    *state_dir = state_dir_of(found);
    if (!*state_dir) {
        return errno == ENOTCONN
                   ? unable_to(EXIT_UNREACHABLE, what, "mount it again, or easfs umount it", "the daemon of %s is gone",
                               found)
                   : unable_to(EXIT_MOUNTPOINT, what, "easfs mount makes one", "%s is no mount of easfs", found);
    }
    *mountpoint_found = g_steal_pointer(&found);
    return 0;
}

int ask_find_item(const char *item, const char *what, char **mountpoint, char **state_dir, char **path)
{
    g_autofree char *whole = g_canonicalize_filename(item, NULL);
    g_autofree char *above = g_strdup(whole);

    *state_dir = NULL;
    while (!(*state_dir = state_dir_of(above)) && strcmp(above, "/") != 0) {
        char *parent = g_path_get_dirname(above);

        g_free(above);
        above = parent;
    }
    if (!*state_dir)
        return unable_to(EXIT_MOUNTPOINT, what, "name a file in a mount", "%s is in no mount of easfs", whole);
    *path = g_strdup(whole + strlen(above) + (whole[strlen(above)] == '/'));
    *mountpoint = g_steal_pointer(&above);
    return 0;
}

int ask_item(const char *verb, const char *item, const char *what)
{
    g_autofree char *mountpoint = NULL, *state_dir = NULL, *path = NULL;
    json_t *answer = NULL;
    int code = item ? ask_find_item(item, what, &mountpoint, &state_dir, &path)
                    : ask_find(NULL, what, &mountpoint, &state_dir);

    if (!code) {
        code = ask_daemon(state_dir, what, json_pack("{s:s, s:s}", "verb", verb, "path", path ? path : ""), NULL, false,
                          &answer);
        json_decref(answer);
    }
    return code;
}

static bool send_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t wrote = write(fd, text, length);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        text += wrote;
        length -= (size_t)wrote;
    }
    return true;
}

static bool send_request(int fd, json_t *request)
{
    char *text = json_dumps(request, JSON_COMPACT);
    bool sent = text && send_all(fd, text, strlen(text)) && send_all(fd, "\n", 1);

    if (text)
        explicit_bzero(text, strlen(text)); /* it may hold a password */
    free(text);
    json_decref(request);
    return sent;
}

/* Lines until one has a code; NULL when the daemon goes before. */
static json_t *receive_answer(FILE *from, void (*progress)(const char *text))
{
    char *line = NULL;
    size_t size = 0;
    json_t *answer = NULL;
    ssize_t length;

    while (!answer && (length = getline(&line, &size, from)) > 0 && length < ASK_LINE_BYTES) {
        json_t *value = json_loads(line, 0, NULL);
        const char *text = json_string_value(json_object_get(value, "progress"));
        const char *notice = json_string_value(json_object_get(value, "notice"));

        if (json_object_get(value, "code"))
            answer = json_incref(value);
        else if (text && progress)
            progress(text);
        else if (notice)
            fprintf(stderr, "easfs: %s\n", notice);
        json_decref(value);
    }
    free(line);
    return answer;
}

static void wait_for_end(FILE *from)
{
    char bytes[64];

    while (fread(bytes, 1, sizeof bytes, from) > 0) {
    }
}

bool ask_listens(const char *state_dir)
{
    g_autofree char *path = g_build_filename(state_dir, CONTROL_SOCKET_NAME, NULL);
    int fd = port_socket_connect(path);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

int ask_daemon(const char *state_dir, const char *what, json_t *request, void (*progress)(const char *text),
               bool linger, json_t **answer)
{
    g_autofree char *path = g_build_filename(state_dir, CONTROL_SOCKET_NAME, NULL);
    int fd = port_socket_connect(path);
    int code;
    FILE *from;

    *answer = NULL;
    if (fd < 0) {
        json_decref(request);
        return unable_to(EXIT_UNREACHABLE, what, "mount it again", "the daemon does not answer at %s (%s)", path,
                         g_strerror(-fd));
    }
    from = fdopen(fd, "r");
    if (send_request(fd, request))
        *answer = receive_answer(from, progress);
    if (linger && *answer)
        wait_for_end(from);
    fclose(from);
    if (!*answer)
        return unable_to(EXIT_UNREACHABLE, what, "mount it again", "the daemon ended without an answer");
    code = (int)json_integer_value(json_object_get(*answer, "code"));
    if (code) {
        const char *error = json_string_value(json_object_get(*answer, "error"));
        const char *advice = json_string_value(json_object_get(*answer, "advice"));

        unable_to(code, what, advice ? advice : exit_advice(code, error), "%s", error ? error : "no reason given");
        json_decref(*answer);
        *answer = NULL;
    }
    return code;
}
