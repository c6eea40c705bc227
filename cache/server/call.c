/* A call to its end: what the server wants first (a policy, another version) is done, then the same
 * request goes again. */
#include "cache/server/state.h"
#include "cache/step.h"
#include "codec/limits.h"
#include "codec/wire/status.h"

/* The document's own refusal, where it stops more than one folder; else the whole answer counts. */
static struct eas_result judge(const struct call *call, struct eas_result result)
{
    if (!eas_is_served(&result) || call->status == 0)
        return result;
    struct eas_result meaning = eas_status_result(call->command, EAS_LEVEL_TOP, call->status);

    if (meaning.outcome == EAS_SERVED || meaning.scope < EAS_SCOPE_ACCOUNT)
        return result;
    return meaning;
}

/* Old servers say 403 where a policy key is missing: Provision is tried for it once, from then on 403 means what it
 * says. */
static bool first_forbidden(struct session *session)
{
    g_mutex_lock(&session->lock);
    bool first = !session->tried_forbidden;
    session->tried_forbidden = true;
    g_mutex_unlock(&session->lock);
    return first;
}

static struct eas_result forbidden_for_good(struct eas_result result)
{
    result.action = EAS_ACTION_STOP;
    return result;
}

static struct eas_result provisioned_in_vain(void)
{
    struct eas_result result = eas_refused(
        EAS_SCOPE_ACCOUNT, 69, "the server asks for its policy to be taken again and again; tell the administrator");

    result.action = EAS_ACTION_STOP;
    result.cause = EAS_CAUSE_PROVISION_REFUSED;
    return result;
}

/* What the last answer announced, where it is not looked at yet. */
static struct eas_result heed_announced(struct link *link)
{
    struct eas_result result = link->announced ? session_renegotiate(link, link->announced) : eas_served();

    if (result.outcome != EAS_UNREACHABLE)
        g_clear_pointer(&link->announced, g_free);
    return result;
}

/* One exchange and what its answer says of the version. What was done, and must not be done twice, is never answered by
 * what becomes of the version: that is for the next call. */
static struct eas_result exchange_once(struct link *link, struct call *call)
{
    struct session *session = link->session;
    const char *key = session_policy_key(session);
    struct eas_result result = judge(call, session_exchange(link, call, key));
    const char *announced = http_header(link->http, "X-MS-RP");

    if (result.http == 505 || result.action == EAS_ACTION_NEGOTIATE)
        return session_renegotiate(link, NULL);
    if (announced && eas_is_served(&result)) {
        g_free(link->announced);
        link->announced = g_strdup(announced);
        struct eas_result changed = call->once ? eas_served() : heed_announced(link);

        if (!eas_is_served(&changed))
            return changed;
    }
    return result;
}

/* What runs beside sync and upload, at its own pace, is no step of theirs. */
static void announce(const struct call *call, const char *name)
{
    if (call->command != EAS_PING && call->command != EAS_ITEM_OPERATIONS)
        step(name);
}

static struct eas_result call_to_its_end(struct link *link, struct call *call)
{
    struct session *session = link->session;
    struct eas_result result = heed_announced(link);

    call->unsent = true;
    if (eas_is_served(&result) && !session_version(session))
        result = session_connect(link);
    if (!eas_is_served(&result))
        return result;
    for (unsigned round = 0;; round++) {
        unsigned generation = policy_generation(session);

        result = exchange_once(link, call);
        bool forbidden = result.http == 403;

        if (forbidden && !first_forbidden(session))
            return forbidden_for_good(result);
        if (result.action != EAS_ACTION_PROVISION)
            return result;
        if (round >= LIMIT_PROVISION_ROUNDS)
            return provisioned_in_vain();
        call->unsent = true; /* the server has said that it does nothing without a policy */
        struct eas_result policy = policy_provision(link, generation);

        if (!eas_is_served(&policy))
            return forbidden && policy.action != EAS_ACTION_WIPE ? forbidden_for_good(result) : policy;
    }
}

struct eas_result session_call(struct link *link, struct call *call)
{
    announce(call, "request");
    struct eas_result result = call_to_its_end(link, call);

    announce(call, "answer");
    return result;
}
