/* The steps of sync and upload, announced one by one, so that a test can end the process at any of them: before and
 * after each request and each commit that something depends on. Nothing happens in ordinary runs. From the environment:
 * EASFS_STEP=N ends the process at the Nth step as a power failure would, EASFS_STEP_LOG=FILE has a line for each. */
#ifndef CACHE_STEP_H
#define CACHE_STEP_H

/* name: a word, the same in every run that does the same. From any thread. */
void step(const char *name);

#endif
