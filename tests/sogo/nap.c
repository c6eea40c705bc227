/* Preloaded into sogod by the test rig: takes out the time in which it only waits. Before every IMAP
 * command it polls one descriptor for 5 ms for input that never comes, and its Ping sleeps in runs
 * of single seconds; of such a run only the first second passes. Answers are the same. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdbool.h>
#include <time.h>

enum { IDLE_POLL_MS = 5 };

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

unsigned int sleep(unsigned int seconds)
{
    static double woke;
    bool follows = seconds == 1 && now() - woke < 0.001;

    if (!follows) {
        struct timespec rest = {.tv_sec = seconds};

        nanosleep(&rest, NULL);
    }
    woke = now();
    return 0;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    struct timespec limit = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L};

    if (count == 1 && timeout_ms == IDLE_POLL_MS)
        limit.tv_nsec = 0;
    return ppoll(fds, count, timeout_ms < 0 ? NULL : &limit, NULL);
}

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, __SIZE_TYPE__ size);
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, __SIZE_TYPE__ size)
{
    (void)size;
    return poll(fds, count, timeout_ms);
}
