/* Whether a MIME body that came inside a Sync answer is the message, byte for byte.
 *
 * As OPAQUE it is. As text it went through somebody's XML: SOGo leaves control characters out and
 * recodes stray bytes, and its EstimatedDataSize counts what is left, so that no look at the bytes
 * can tell (a form feed in plain ASCII is simply gone). The same message as a part of a multipart
 * ItemOperations answer is raw. So the first text body switches the account to parts, and the
 * first Fetch that was answered without parts switches it back for good. */
#ifndef CACHE_SYNC_TRUST_H
#define CACHE_SYNC_TRUST_H

#include "cache/server/session.h"
#include "cache/store/store.h"
#include "codec/wire/sync.h"

/* Used by the sync worker and the fetch workers alike. */
struct body_trust;
struct body_trust *trust_new(struct store *store, const struct session *session);
void trust_free(struct body_trust *trust);

/* The most a body may weigh to be asked inline; 0: ask for none. */
long trust_inline_bytes(const struct body_trust *trust);
/* Whether to keep the bytes of a body that was streamed whole; learns from them. */
bool trust_keep(struct body_trust *trust, const struct sync_body *body);
/* A Fetch asked for parts: did the body come as one (or as OPAQUE)? */
void trust_learn(struct body_trust *trust, bool exact);

#endif
