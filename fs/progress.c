#include "fs/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "fs/report.h"

enum { PROGRESS_EVERY_MS = 500 };

struct progress {
    struct replica *replica;
    GThread *thread;
    GMutex lock;
    GCond over;
    bool stop;
};

void progress_show(const char *text)
{
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, text ? "\r\033[Keasfs: %s" : "\r\033[K", text);
        fflush(stderr);
    }
}

static void progress_step(struct progress *progress)
{
    struct replica_status *status = replica_status(progress->replica);
    g_autofree char *text = report_progress(status);

    progress_show(text);
    replica_status_free(status);
}

static void *progress_run(void *data)
{
    struct progress *progress = data;

    g_mutex_lock(&progress->lock);
    while (!progress->stop) {
        g_mutex_unlock(&progress->lock);
        progress_step(progress);
        g_mutex_lock(&progress->lock);
        if (!progress->stop) {
            g_cond_wait_until(&progress->over, &progress->lock,
                              g_get_monotonic_time() + PROGRESS_EVERY_MS * G_TIME_SPAN_MILLISECOND);
        }
    }
    g_mutex_unlock(&progress->lock);
    progress_show(NULL);
    return NULL;
}

struct progress *progress_start(struct replica *replica)
{
    struct progress *progress;

    if (!isatty(STDERR_FILENO))
        return NULL;
    progress = g_new0(struct progress, 1);
    progress->replica = replica;
    g_mutex_init(&progress->lock);
    g_cond_init(&progress->over);
    progress->thread = g_thread_new("progress", progress_run, progress);
    return progress;
}

void progress_stop(struct progress *progress)
{
    if (!progress)
        return;
    g_mutex_lock(&progress->lock);
    progress->stop = true;
    g_cond_signal(&progress->over);
    g_mutex_unlock(&progress->lock);
    g_thread_join(progress->thread);
    g_cond_clear(&progress->over);
    g_mutex_clear(&progress->lock);
    g_free(progress);
}
