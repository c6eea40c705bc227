/* Questions to the server whose answers the replica does not keep: the address list, the search of the mailbox, who is
 * busy, out of office. Each waits for its answer, at most LIMIT_CONTENT_MS; from any thread but the mount's dispatcher.
 * Results are SERVED, or say why not. */
#ifndef CACHE_DIRECTORY_H
#define CACHE_DIRECTORY_H

#include "cache/replica.h"
#include "codec/wire/oof.h"
#include "codec/wire/resolve_recipients.h"

/* An answer as a file in a directory of answers: its name is unique there. */
struct found {
    char *name;
    GBytes *bytes;                             /* a card; a message when directory_fetch has brought it; else NULL */
    char *path;                                /* of a message that the replica holds: below the mount; else NULL */
    char *long_id, *collection_id, *server_id; /* of one outside it */
};

/* Whoever the address list has for a query (UTF-8, 2 to LIMIT_QUERY_BYTES): a GArray of struct found, vCards. */
struct eas_result directory_people(struct replica *replica, const char *query, GArray **found);
/* The messages that the server's own search finds: those that the replica holds by path. */
struct eas_result directory_messages(struct replica *replica, const char *query, GArray **found);
/* The bytes of a message outside the replica; they stay with it. */
struct eas_result directory_fetch(struct replica *replica, struct found *found);

/* When each of the addresses is busy between two instants ("2026-01-31T13:45:00.000Z"): a GArray of struct recipient.
 */
struct eas_result directory_free_busy(struct replica *replica, const char *const *addresses, size_t count,
                                      const char *start, const char *end, GArray **recipients);

/* Out of office as the server has it, and as it shall be. The caller clears *oof. */
struct eas_result directory_oof(struct replica *replica, struct oof *oof);
struct eas_result directory_oof_set(struct replica *replica, const struct oof *oof);

/* ---- for cache/replica.c ---- */
struct inquiry;
struct inquiry *inquiry_new(struct session *session);
void inquiry_stop(struct inquiry *inquiry); /* what waits ends soon, what is asked from now on at once */
void inquiry_free(struct inquiry *inquiry);

#endif
