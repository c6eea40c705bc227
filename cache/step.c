#include "cache/step.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct {
    long last; /* 0: none */
    int log;   /* -1: none */
    int count; /* atomic */
} steps = {.log = -1};

static gpointer read_environment(gpointer unused)
{
    const char *last = g_getenv("EASFS_STEP"), *log = g_getenv("EASFS_STEP_LOG");

    (void)unused;
    steps.last = last ? strtol(last, NULL, 10) : 0;
    if (log)
        steps.log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return &steps;
}

void step(const char *name)
{
    static GOnce once = G_ONCE_INIT;

    g_once(&once, read_environment, NULL);
    if (!steps.last && steps.log < 0)
        return;
    int now = g_atomic_int_add(&steps.count, 1) + 1;
    g_autofree char *line = g_strdup_printf("%d %s\n", now, name);

    if (steps.log >= 0 && write(steps.log, line, strlen(line)) < 0)
        steps.log = -1;
    if (now == steps.last)
        raise(SIGKILL);
}
