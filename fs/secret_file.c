#include "fs/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_BYTES = 16 << 10 };

void secret_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

/* Read by read(), so that no stream's buffer keeps a copy. */
char *secret_line(int fd)
{
    char bytes[SECRET_BYTES];
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

char *secret_file_read(const char *path, char **why)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char *secret = NULL;

    *why = NULL;
    if (fd < 0) {
        *why = g_strdup_printf("%s: %s", path, g_strerror(errno));
        return NULL;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077))
        *why = g_strdup_printf("others than you may read %s; chmod 600 it", path);
    else if (!(secret = secret_line(fd)) || !*secret)
        *why = g_strdup_printf("the first line of %s is empty", path);
    close(fd);
    if (*why)
        g_clear_pointer(&secret, secret_free);
    return secret;
}

static bool write_whole(int fd, const char *text)
{
    size_t length = strlen(text), sent = 0;

    while (sent < length) {
        ssize_t wrote = write(fd, text + sent, length - sent);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        sent += (size_t)wrote;
    }
    return write(fd, "\n", 1) == 1 && fsync(fd) == 0;
}

static void sync_directory(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* By a second file of a fixed name: whoever dies in the middle leaves one secret more, not one each time. */
bool secret_file_write(const char *path, const char *secret, char **why)
{
    g_autofree char *directory = g_path_get_dirname(path), *fresh = g_strconcat(path, ".new", NULL);
    bool written = false;

    g_mkdir_with_parents(directory, 0700);
    unlink(fresh);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd >= 0) {
        written = write_whole(fd, secret);
        close(fd);
    }
    written = written && rename(fresh, path) == 0;
    if (!written) {
        *why = g_strdup_printf("%s: %s", path, g_strerror(errno));
        unlink(fresh);
    }
    sync_directory(directory);
    return written;
}
