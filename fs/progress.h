/* One line on the terminal that says how far a replica is; nothing where stderr is no terminal. */
#ifndef FS_PROGRESS_H
#define FS_PROGRESS_H

#include "cache/replica.h"

/* Begins to show it from a thread, until progress_stop. NULL where there is no terminal. */
struct progress;
struct progress *progress_start(struct replica *replica);
void progress_stop(struct progress *progress); /* NULL is fine */

/* Shows one state in the place of the last one; NULL takes the line away. */
void progress_show(const char *text);

#endif
