#include "tests/unit/lib/replica_child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/lib/replica_rig.h"

static unsigned left;

static void on_change(void *ctx, const struct change *changes, size_t count)
{
    (void)ctx, (void)changes, (void)count;
    if (left && --left == 0)
        _exit(9);
}

void replica_child_main(int argc, char **argv)
{
    struct eas_result result;

    if (argc != 5 || strcmp(argv[1], "--child") != 0)
        return;
    left = (unsigned)strtoul(argv[4], NULL, 10);
    struct replica *replica = replica_open(replica_rig_config(argv[2], argv[3]), &result);

    if (!replica)
        exit(2);
    replica_listen(replica, on_change, NULL);
    replica_start(replica);
    result = replica_sync(replica, 0, RIG_PATIENCE_MS);
    replica_close(replica);
    exit(eas_is_served(&result) ? 0 : 1);
}

pid_t replica_child_start(const char *dir, const char *url, unsigned commits)
{
    g_autofree char *count = g_strdup_printf("%u", commits);
    pid_t child = fork();

    if (child == 0) {
        execl("/proc/self/exe", "test_replica", "--child", dir, url, count, (char *)NULL);
        _exit(127);
    }
    return child;
}

bool replica_child_wait(pid_t child, long *kib)
{
    struct rusage usage;
    int status = 0;

    if (wait4(child, &status, 0, &usage) != child)
        return false;
    if (kib)
        *kib = usage.ru_maxrss;
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 9)
        fail_msg("the child ended with %d", WEXITSTATUS(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
