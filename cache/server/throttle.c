/* A server that is asked too much answers 503 and says how long to wait, and perhaps why (MS-ASHTTP 3.1.5.2.3): the
 * last such word is kept for status until its time is over. */
#include <string.h>

#include "cache/server/state.h"

/* The header's values are not specified: what is kept of one is fit for a line. */
static void take_reason(struct session_throttle *throttle, const char *reason)
{
    g_strlcpy(throttle->reason, reason ? reason : "", sizeof throttle->reason);
    g_strcanon(throttle->reason, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS " ,.-_:/", '?');
}

void throttle_note(struct link *link, const struct http_answer *answer)
{
    struct session *session = link->session;
    const char *reason = http_header(link->http, "X-MS-ASThrottle");
    long wait = http_retry_after(link->http);
    gint64 now = g_get_monotonic_time();

    if (answer->end != HTTP_ANSWERED)
        return;
    g_mutex_lock(&session->lock);
    if (answer->status == 503 && (reason || wait > 0)) {
        session->throttle.on = true;
        session->throttled_until = wait > 0 ? now + wait * G_USEC_PER_SEC : 0;
        take_reason(&session->throttle, reason);
    } else if (answer->status == 200 && now >= session->throttled_until) {
        session->throttle.on = false;
    }
    g_mutex_unlock(&session->lock);
}

struct session_throttle session_throttle(struct session *session)
{
    gint64 now = g_get_monotonic_time();

    g_mutex_lock(&session->lock);
    struct session_throttle throttle = session->throttle;
    gint64 until = session->throttled_until;
    g_mutex_unlock(&session->lock);
    if (!throttle.on || (until && now >= until))
        return (struct session_throttle){0};
    throttle.until_ns = until ? (g_get_real_time() + until - now) * 1000 : 0;
    return throttle;
}
