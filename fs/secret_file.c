#include "fs/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
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

bool secret_file_write(const char *path, const char *secret, char **why)
{
    g_autofree char *directory = g_path_get_dirname(path);
    g_autoptr(GError) error = NULL;
    char *line = g_strconcat(secret, "\n", NULL);
    bool written;

    g_mkdir_with_parents(directory, 0700);
    written = g_file_set_contents_full(path, line, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                       0600, &error);
    secret_free(line);
    if (!written)
        *why = g_strdup(error->message);
    return written;
}
