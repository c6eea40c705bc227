/* Provision: the server's policy, taken in two phases (MS-ASPROV 3.1.5.1). */
#include <string.h>

#include "cache/server/state.h"
#include "codec/wire/policy.h"
#include "codec/wire/provision.h"
#include "codec/wire/status.h"

unsigned policy_generation(struct session *session)
{
    g_mutex_lock(&session->lock);
    unsigned generation = session->policy_generation;
    g_mutex_unlock(&session->lock);
    return generation;
}

bool policy_is_key(const char *key)
{
    return key && *key && strlen(key) <= 10 && strspn(key, "0123456789") == strlen(key);
}

static struct eas_result wipe_ordered(enum provision_wipe wipe)
{
    struct eas_result result =
        eas_refused(EAS_SCOPE_FATAL, 77, "the administrator orders this %s to be wiped; nothing is fetched any more",
                    wipe == PROVISION_WIPE ? "device" : "account's data");

    result.action = EAS_ACTION_WIPE;
    result.cause = EAS_CAUSE_WIPE_PENDING;
    return result;
}

/* Asks one phase. Some servers give no Status at the top: the policy's own decides then. */
static struct eas_result ask_phase(struct link *link, const GByteArray *request, const char *key,
                                   struct provision_answer *answer)
{
    struct answer_tree tree = {0};
    int status = 0;
    struct eas_result result = session_ask(link, EAS_PROVISION, request, key, &tree, &status);

    if (eas_is_served(&result)) {
        provision_read(answer_tree_root(&tree), answer);
        if (answer->wipe != PROVISION_NO_WIPE)
            result = wipe_ordered(answer->wipe);
        else if (answer->status > 1)
            result = eas_status_result(EAS_PROVISION, EAS_LEVEL_TOP, answer->status);
    }
    answer_tree_clear(&tree);
    return result;
}

/* The policy's own status: 1 it is there, 2 there is none; anything else, or no usable key, is a no. */
static struct eas_result judge_policy(const struct provision_answer *answer, bool wants_key)
{
    struct eas_result result = eas_status_result(EAS_PROVISION, EAS_LEVEL_COLLECTION, MAX(answer->policy_status, 1));

    if (eas_is_served(&result) && answer->policy_status != 2 && wants_key && !policy_is_key(answer->policy_key)) {
        result =
            eas_refused(EAS_SCOPE_ACCOUNT, 69, "the server gives its policy without a key; tell the administrator");
        result.action = EAS_ACTION_STOP;
        result.cause = EAS_CAUSE_PROVISION_REFUSED;
    }
    return result;
}

static void keep_policy(struct session *session, const char *key, const char *text)
{
    session_set_text(session, &session->policy_key, key);
    session_remember(session, "policy-key", key);
    session_remember(session, "policy", text);
    session_remember(session, "encryption-demanded", "0");
}

/* Nothing is acknowledged that is not so, and nothing is fetched without it. */
static struct eas_result encryption_demanded(struct session *session, const char *text)
{
    struct eas_result result =
        eas_refused(EAS_SCOPE_ACCOUNT, 78,
                    "the server's policy demands that the replica be encrypted, and this one is not; mount it again");

    result.action = EAS_ACTION_ENCRYPT;
    result.cause = EAS_CAUSE_PROVISION_REFUSED;
    session_remember(session, "policy", text);
    session_remember(session, "encryption-demanded", "1");
    return result;
}

/* Phase two, by what a mount keeps of the policy (codec/wire/policy.def). */
static struct eas_result acknowledge(struct link *link, const struct provision_answer *first)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    g_autofree char *text = policy_text(first->policy);
    struct policy_rules rules = policy_rules(text);
    struct provision_answer second = {0};

    if (rules.encrypt && !link->session->config->sealed)
        return encryption_demanded(link->session, text);
    provision_acknowledge(request, session_version(link->session), first->policy_key, rules.status);
    struct eas_result result = ask_phase(link, request, first->policy_key, &second);

    if (eas_is_served(&result))
        result = judge_policy(&second, false);
    if (eas_is_served(&result))
        keep_policy(link->session, policy_is_key(second.policy_key) ? second.policy_key : first->policy_key, text);
    provision_clear(&second);
    return result;
}

/* From 14.1 on the device introduces itself in the first phase (else status 165). */
static void note_introduction(struct session *session, enum eas_version version)
{
    if (version < EAS_14_1)
        return;
    g_mutex_lock(&session->lock);
    session->introduced = true;
    g_mutex_unlock(&session->lock);
    session_remember(session, "device-information", "set");
}

static struct eas_result provision(struct link *link)
{
    enum eas_version version = session_version(link->session);
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct device_information device = session_device();
    struct provision_answer first = {0};

    provision_request(request, version, version >= EAS_14_1 ? &device : NULL);
    struct eas_result result = ask_phase(link, request, "0", &first);

    if (eas_is_served(&result)) {
        note_introduction(link->session, version);
        result = judge_policy(&first, true);
    }
    if (eas_is_served(&result) && first.policy_status == 2)
        keep_policy(link->session, "0", NULL);
    else if (eas_is_served(&result))
        result = acknowledge(link, &first);
    provision_clear(&first);
    return result;
}

static void end_round(struct session *session, const struct eas_result *result)
{
    g_mutex_lock(&session->lock);
    session->policy_generation++;
    session->policy_result = *result;
    g_mutex_unlock(&session->lock);
}

struct eas_result policy_provision(struct link *link, unsigned generation)
{
    struct session *session = link->session;
    struct eas_result result = eas_unreachable(75, "interrupted");

    if (!session_take_turn(link))
        return result;
    if (policy_generation(session) == generation) {
        result = provision(link);
        /* What was not answered says nothing to the others: the next one tries itself. */
        if (result.outcome != EAS_UNREACHABLE)
            end_round(session, &result);
    } else {
        g_mutex_lock(&session->lock);
        result = session->policy_result;
        g_mutex_unlock(&session->lock);
    }
    session_give_turn(link);
    return result;
}

/* ---- the order to wipe (MS-ASPROV 3.1.5.1.2.1) ---- */

struct eas_result session_wipe_ordered(struct link *link, bool *account_only)
{
    enum eas_version version = session_version(link->session);
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct device_information device = session_device();
    struct provision_answer answer = {0};

    provision_request(request, version, version >= EAS_14_1 ? &device : NULL);
    struct eas_result result = ask_phase(link, request, "0", &answer);

    if (answer.wipe != PROVISION_NO_WIPE) {
        *account_only = answer.wipe == PROVISION_WIPE_ACCOUNT;
        result = eas_served();
    } else if (eas_is_served(&result)) {
        result =
            eas_refused(EAS_SCOPE_ACCOUNT, 77,
                        "the server says that this device is to be wiped, and gives no order; ask the administrator");
        result.action = EAS_ACTION_STOP;
        result.cause = EAS_CAUSE_WIPE_PENDING;
    }
    provision_clear(&answer);
    return result;
}

struct eas_result session_wiped(struct link *link, bool account_only, bool done)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct provision_answer answer = {0};

    /* Of what this says only the version counts: a device that is to be wiped is told nothing else. */
    if (!session_version(link->session))
        session_connect(link);
    provision_wiped(request, account_only ? PROVISION_WIPE_ACCOUNT : PROVISION_WIPE, done ? 1 : 2);
    struct eas_result result = ask_phase(link, request, "0", &answer);

    provision_clear(&answer);
    return result;
}
