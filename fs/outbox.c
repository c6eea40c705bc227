#include "fs/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "codec/limits.h"
#include "fs/ask.h"
#include "fs/message.h"

enum { OUTBOX_BLOCK = 1 << 16, OUTBOX_REASON = 1024 };

/* Where a line of a single dot begins; NULL. */
static char *dot_line(const GString *text)
{
    for (char *at = text->str; at; at = strchr(at, '\n')) {
        at += *at == '\n' ? 1 : 0;
        if (*at == '.' && (at[1] == '\n' || (at[1] == '\r' && at[2] == '\n')))
            return at;
        if (!*at)
            return NULL;
    }
    return NULL;
}

GString *outbox_read(int fd, bool dots)
{
    GString *text = g_string_new(NULL);
    g_autofree char *block = g_malloc(OUTBOX_BLOCK);
    ssize_t got;

    while ((got = read(fd, block, OUTBOX_BLOCK)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || text->len > LIMIT_EDIT_BYTES) {
            errno = got < 0 ? errno : EFBIG;
            g_string_free(text, TRUE);
            return NULL;
        }
        g_string_append_len(text, block, got);
    }
    if (dots && dot_line(text))
        g_string_truncate(text, (gsize)(dot_line(text) - text->str));
    return text;
}

static int write_whole(int fd, const char *message, gsize length)
{
    while (length > 0) {
        ssize_t wrote = write(fd, message, length);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return -errno;
        message += wrote;
        length -= (gsize)wrote;
    }
    return fsync(fd) == 0 ? 0 : -errno;
}

/* What is not valid is judged, and the reason stands beside it. */
static int refused(const char *path, const char *what, int error)
{
    char reason[OUTBOX_REASON];
    ssize_t length = getxattr(path, "user.eas.error", reason, sizeof reason - 1);

    reason[MAX(length, 0)] = '\0';
    unlink(path);
    if (error == EINVAL && *reason)
        return unable_to(EXIT_DATA, what, strstr(reason, "; ") ? NULL : "correct that", "%s", reason);
    return unable_to(error == EROFS ? EXIT_CONFIG : EXIT_STORE, what, error == EROFS ? "mount it without -o ro" : NULL,
                     "%s: %s", path, g_strerror(error));
}

int outbox_put(const char *mountpoint, const char *what, const char *message, gsize length)
{
    g_autofree char *found = NULL, *state_dir = NULL, *path = NULL, *unique = g_uuid_string_random(), *name = NULL;
    int code = ask_find(mountpoint, what, &found, &state_dir);
    int fd, error;

    if (code)
        return code;
    name = g_strdup_printf("%s.eml", unique);
    path = g_build_filename(found, "Outbox", name, NULL);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return refused(path, what, errno);
    error = write_whole(fd, message, length);
    if (close(fd) != 0 && !error)
        error = -errno;
    return error ? refused(path, what, -error) : 0;
}
