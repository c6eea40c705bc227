#include "fs/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/message.h"

enum { EXIT_SIGNAL = 128 };

static int ready_pipe = -1; /* of the child, to its parent */

static struct {
    GMutex lock;
    GThread *thread;
    void (*stop)(void *ctx);
    void *ctx;
} on_signal;

/* A signal of the terminal ends parent and child alike: until it is ready the child is of the parent's group. */
static int parent_wait(pid_t child, int from)
{
    char byte;
    ssize_t got;
    int status = 0;

    do {
        got = read(from, &byte, 1);
    } while (got < 0 && errno == EINTR);
    if (got == 1)
        return 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_INTERNAL;
}

void daemon_begin(bool foreground)
{
    int ends[2];
    pid_t child;

    if (foreground)
        return;
    if (pipe2(ends, O_CLOEXEC) != 0 || (child = fork()) < 0)
        exit(unable_to(EXIT_INTERNAL, "go into the background", NULL, "%s", g_strerror(errno)));
    if (child > 0) {
        close(ends[1]);
        _exit(parent_wait(child, ends[0]));
    }
    close(ends[0]);
    ready_pipe = ends[1];
}

static sigset_t ending_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

static void *signal_wait(void *unused)
{
    sigset_t set = ending_signals();
    int signal;

    (void)unused;
    for (;;) {
        if (sigwait(&set, &signal) != 0)
            continue;
        g_mutex_lock(&on_signal.lock);
        if (!on_signal.stop)
            _exit(EXIT_SIGNAL + signal);
        on_signal.stop(on_signal.ctx);
        g_mutex_unlock(&on_signal.lock);
    }
    return NULL;
}

void daemon_on_signal(void (*stop)(void *ctx), void *ctx)
{
    sigset_t set = ending_signals();

    g_mutex_lock(&on_signal.lock);
    on_signal.stop = stop;
    on_signal.ctx = ctx;
    if (!on_signal.thread) {
        pthread_sigmask(SIG_BLOCK, &set, NULL);
        on_signal.thread = g_thread_new("signals", signal_wait, NULL);
    }
    g_mutex_unlock(&on_signal.lock);
}

void daemon_ready(void)
{
    int null;

    if (ready_pipe < 0)
        return;
    setsid();
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        close(null);
    }
    while (write(ready_pipe, "", 1) < 0 && errno == EINTR) {
    }
    close(ready_pipe);
    ready_pipe = -1;
}
