/* Linux: mountinfo, umount2 and fusermount3, /proc, SO_PEERCRED. */
#include "fs/port.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PORT_BACKLOG = 16 };

/* mountinfo writes blank, tab, newline and backslash as octal. */
static char *mountinfo_decode(const char *text)
{
    return g_strcompress(text);
}

GPtrArray *port_mounts(void)
{
    GPtrArray *mounts = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *info = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents("/proc/self/mountinfo", &info, NULL, NULL))
        return mounts;
    lines = g_strsplit(info, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);

        /* id parent device root MOUNTPOINT options... - TYPE source options */
        if (strstr(*line, " - fuse.easfs ") && g_strv_length(words) > 4)
            g_ptr_array_add(mounts, mountinfo_decode(words[4]));
    }
    return mounts;
}

bool port_mount_is_dead(const char *mountpoint)
{
    struct statvfs fs;

    /* Not stat: the kernel may still hold what the daemon said about the root. Of this it keeps nothing. */
    return statvfs(mountpoint, &fs) != 0 && errno == ENOTCONN;
}

static int unmount_as_user(const char *mountpoint, bool lazily)
{
    const char *argv[] = {"fusermount3", "-u", lazily ? "-qz" : "-q", "--", mountpoint, NULL};
    GSpawnFlags flags = G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL;
    int status = 0;

    if (!g_spawn_sync(NULL, (char **)argv, NULL, flags, NULL, NULL, NULL, NULL, &status, NULL))
        return -ENOENT;
    /* fusermount3 tells no reason; what is left when it is no mount of ours is that it is in use. */
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EBUSY;
}

int port_unmount(const char *mountpoint, bool lazily)
{
    if (umount2(mountpoint, UMOUNT_NOFOLLOW | (lazily ? MNT_DETACH : 0)) == 0)
        return 0;
    return errno == EPERM ? unmount_as_user(mountpoint, lazily) : -errno;
}

static bool path_is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    return strncmp(path, directory, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static bool link_is_below(const char *link, const char *directory)
{
    g_autofree char *target = g_file_read_link(link, NULL);

    return target && path_is_below(target, directory);
}

static bool descriptors_are_below(const char *process, const char *directory)
{
    g_autofree char *path = g_build_filename("/proc", process, "fd", NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *link = g_build_filename(path, name, NULL);

        if (link_is_below(link, directory))
            return true;
    }
    return false;
}

static bool process_holds(const char *process, const char *directory)
{
    static const char *const links[] = {"cwd", "root", "exe"};

    for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
        g_autofree char *link = g_build_filename("/proc", process, links[i], NULL);

        if (link_is_below(link, directory))
            return true;
    }
    return descriptors_are_below(process, directory);
}

char *port_mount_holder(const char *mountpoint)
{
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    const char *process;

    while (dir && (process = g_dir_read_name(dir))) {
        if (g_ascii_isdigit(*process) && process_holds(process, mountpoint)) {
            g_autofree char *path = g_build_filename("/proc", process, "comm", NULL);
            g_autofree char *name = NULL;

            if (g_file_get_contents(path, &name, NULL, NULL))
                return g_strdup_printf("%s (%s)", g_strchomp(name), process);
        }
    }
    return NULL;
}

/* A socket's address holds 107 bytes; through a descriptor of its directory any path is short. */
static int socket_at(const char *path, int (*use)(int, const struct sockaddr *, socklen_t))
{
    g_autofree char *directory = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int error = 0;
    int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = dir < 0 ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (dir < 0 || fd < 0)
        error = -errno;
    else if (snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir, name) >=
             (int)sizeof address.sun_path)
        error = -ENAMETOOLONG;
    else if (use(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        error = -errno;
    if (dir >= 0)
        close(dir);
    if (error && fd >= 0)
        close(fd);
    return error ? error : fd;
}

int port_socket_bind(const char *path)
{
    mode_t mask = umask(0177);
    int fd;

    unlink(path);
    fd = socket_at(path, bind);
    umask(mask);
    if (fd >= 0 && listen(fd, PORT_BACKLOG) != 0) {
        close(fd);
        return -errno;
    }
    return fd;
}

int port_socket_connect(const char *path)
{
    return socket_at(path, connect);
}

bool port_socket_is_own(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}

int port_open_below(int dir, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
    long fd = syscall(SYS_openat2, dir, path, &how, sizeof how);

    return fd < 0 ? -errno : (int)fd;
}

pid_t port_process_of(pid_t thread)
{
    static const char label[] = "\nTgid:";
    g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)thread);
    g_autofree char *status = NULL;
    const char *line;

    if (thread <= 0 || !g_file_get_contents(path, &status, NULL, NULL))
        return thread;
    line = strstr(status, label);
    return line ? (pid_t)strtol(line + sizeof label - 1, NULL, 10) : thread;
}
