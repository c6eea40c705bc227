/* STATE/wiped: what is left of a replica that the administrator ordered to be wiped. It is written before anything is
 * destroyed, so that a wipe that was broken off is gone on with, and acknowledged, at the next start. */
#ifndef CACHE_WIPED_H
#define CACHE_WIPED_H

#include <stdbool.h>

struct wiped {
    char *date;        /* "2026-11-25", UTC */
    bool account_only; /* the order was for this account's data alone (16.1) */
    bool acknowledged; /* the server knows */
    char *device_id;   /* until then: who has to say so */
};
void wiped_clear(struct wiped *wiped);

/* 0, or -ENOENT: it was not wiped, as far as can be seen. */
int wiped_read(const char *state_dir, struct wiped *wiped);
int wiped_write(const char *state_dir, const struct wiped *wiped); /* durable */

#endif
