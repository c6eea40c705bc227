/* A replica in a process of its own, which can be killed: the test program run again. */
#ifndef TESTS_UNIT_LIB_REPLICA_CHILD_H
#define TESTS_UNIT_LIB_REPLICA_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* To be called first in main: in the child it opens the replica, syncs it to its end and exits 0. */
void replica_child_main(int argc, char **argv);

/* Starts the child; commits > 0: it ends itself, as by kill -9, after so many commits. */
pid_t replica_child_start(const char *dir, const char *url, unsigned commits);
/* Waits for its end: true when it came to the end of its work. *kib, if not NULL, its largest resident set. */
bool replica_child_wait(pid_t child, long *kib);

#endif
