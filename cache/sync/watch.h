/* The push watcher: a thread with a connection of its own that hangs in Ping over every collection that is kept, and
 * over the list of folders. It never syncs: a Ping is only a hint, and the sync worker is told which collections to
 * ask. A Ping ends before a pass and is issued anew after it, as some servers let one cancel the other. */
#ifndef CACHE_SYNC_WATCH_H
#define CACHE_SYNC_WATCH_H

#include "cache/server/session.h"
#include "cache/store/store.h"

struct watch;

/* What a Ping said. */
struct watch_hint {
    GPtrArray *named; /* of char *: ServerIds of collections that changed; may be empty */
    bool folders;     /* the list of folders changed */
    bool anew;        /* ... and reading it with the held key did not help */
    bool all;         /* the Ping was lost, or refused: nobody knows */
};

/* Called from the watcher's thread, under no lock; the watcher then waits for watch_release. The hint is the
 * caller's only. */
typedef void (*watch_told)(void *ctx, const struct watch_hint *hint);

struct watch *watch_new(struct store *store, struct session *session, watch_told told, void *ctx);
void watch_start(struct watch *watch);
/* Ends the Ping under way and the thread. */
void watch_stop(struct watch *watch);
void watch_free(struct watch *watch);

/* Before a pass: ends the Ping under way; none is issued until the release. */
void watch_hold(struct watch *watch);
/* After a pass that was served: stirred holds the ServerIds (char *, as a set) of the collections that told something,
 * tree whether the list of folders did. Judges the hint that led to it, if one did. */
void watch_release(struct watch *watch, GHashTable *stirred, bool tree);
/* After a pass that was not: what broke the last Ping was no idle connection. */
void watch_outage(struct watch *watch);
/* The machine slept, or is in another network: the path's habits are unknown, and past faults of no account. */
void watch_new_path(struct watch *watch);

/* The interval of the Ping, in seconds; 0: the server is polled, and *why (caller frees; may be NULL) says why. */
int watch_heartbeat(struct watch *watch, char **why);
/* The collections that have to be polled all the same, with empty those too that hold nothing (watch_list.h); of char
 * *, the caller frees it. NULL: all. */
GPtrArray *watch_to_poll(struct watch *watch, bool empty);

#endif
