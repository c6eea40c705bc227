#include "cache/sync/trust.h"

#include <string.h>

#include "codec/limits.h"

enum body_way {
    BODIES_UNKNOWN, /* inline, and wary */
    BODIES_IN_PARTS,
    BODIES_INLINE, /* the server has no parts: its text is the message */
};

static const char *const words[] = {[BODIES_UNKNOWN] = "", [BODIES_IN_PARTS] = "parts", [BODIES_INLINE] = "inline"};

struct body_trust {
    struct store *store;
    const struct session *session;
    int way; /* enum body_way, atomic */
};

struct body_trust *trust_new(struct store *store, const struct session *session)
{
    struct body_trust *trust = g_new0(struct body_trust, 1);
    g_autofree char *known = store_get(store, "bodies");

    trust->store = store;
    trust->session = session;
    for (size_t i = 0; known && i < G_N_ELEMENTS(words); i++)
        if (!strcmp(known, words[i]))
            trust->way = (int)i;
    return trust;
}

void trust_free(struct body_trust *trust)
{
    g_free(trust);
}

static void switch_to(struct body_trust *trust, enum body_way way)
{
    if (g_atomic_int_compare_and_exchange(&trust->way, BODIES_UNKNOWN, way) ||
        (way == BODIES_INLINE && g_atomic_int_compare_and_exchange(&trust->way, BODIES_IN_PARTS, way)))
        store_set(trust->store, "bodies", words[way]);
}

long trust_inline_bytes(const struct body_trust *trust)
{
    return g_atomic_int_get(&trust->way) == BODIES_IN_PARTS ? 0 : LIMIT_INLINE_BYTES;
}

bool trust_keep(struct body_trust *trust, const struct sync_body *body)
{
    if (body->opaque || g_atomic_int_get(&trust->way) == BODIES_INLINE)
        return true;
    if (!session_offers(trust->session, EAS_ITEM_OPERATIONS))
        return true;
    switch_to(trust, BODIES_IN_PARTS);
    return false;
}

void trust_learn(struct body_trust *trust, bool exact)
{
    if (!exact)
        switch_to(trust, BODIES_INLINE);
}
