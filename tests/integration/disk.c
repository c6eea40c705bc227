/* LD_PRELOAD: a disk that fails. The file TEST_DISK names a directory, an errno and the calls that fail with it, as in
 * "/some/dir 5 write fsync"; of the files below that directory, pread, write and pwrite, or fsync and fdatasync, fail
 * as long as it says so. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static bool is_below(int fd, const char *top)
{
    char link[64], path[4096];
    ssize_t length;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = '\0';
    return !strncmp(path, top, strlen(top));
}

static bool fails(int fd, const char *call)
{
    const char *name = getenv("TEST_DISK");
    FILE *file = name ? fopen(name, "re") : NULL;
    char top[4096], calls[256] = "";
    int error = 0;
    bool found = file && fscanf(file, "%4095s %d %255[^\n]", top, &error, calls) == 3;

    if (file)
        fclose(file);
    if (!found || !strstr(calls, call) || !is_below(fd, top))
        return false;
    errno = error;
    return true;
}

#define NEXT(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t size)
{
    return fails(fd, "write") ? -1 : NEXT(write)(fd, bytes, size);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return fails(fd, "write") ? -1 : NEXT(pwrite)(fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    return fails(fd, "write") ? -1 : NEXT(pwrite64)(fd, bytes, size, at);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t at)
{
    return fails(fd, "read") ? -1 : NEXT(pread)(fd, bytes, size, at);
}

ssize_t pread64(int fd, void *bytes, size_t size, off64_t at)
{
    return fails(fd, "read") ? -1 : NEXT(pread64)(fd, bytes, size, at);
}

int fsync(int fd)
{
    return fails(fd, "fsync") ? -1 : NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
    return fails(fd, "fsync") ? -1 : NEXT(fdatasync)(fd);
}
