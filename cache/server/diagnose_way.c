/* The steps of the connection: one look at the server without a log-in, told line by line. */
#include <string.h>
#include <time.h>

#include "cache/server/address.h"
#include "cache/server/certificate.h"
#include "cache/server/diagnose_state.h"
#include "cache/server/proxy.h"
#include "codec/limits.h"

static const struct look *look(struct exam *exam)
{
    struct probe_question how = {.trust = exam->trust,
                                 .proxy = exam->wanted->proxy,
                                 .resolver = exam->wanted->resolver,
                                 .timeout_ms = LIMIT_PROBE_MS};

    if (!exam->looked)
        look_at(&how, exam->url, g_get_monotonic_time() + exam_time(exam, 2 * LIMIT_PROBE_MS) * 1000LL, &exam->look);
    exam->looked = true;
    return &exam->look;
}

static bool is_proxy_fault(enum eas_cause cause)
{
    return cause == EAS_CAUSE_PROXY_AUTH || cause == EAS_CAUSE_PROXY_REFUSED;
}

void exam_proxy(struct exam *exam)
{
    g_autofree char *proxy = proxy_for(exam->wanted->proxy, exam->url);
    g_autofree char *shown = proxy ? proxy_shown(proxy) : NULL;

    if (!proxy)
        exam_skip(exam, "there is none");
    else if (is_proxy_fault(look(exam)->result.cause))
        exam_result(exam, &look(exam)->result, EAS_CAUSE_PROXY_REFUSED);
    else
        exam_ok(exam, "%s", shown);
}

void exam_tcp(struct exam *exam)
{
    const struct probe_answer *answer = &look(exam)->answer;

    if (answer->connected)
        exam_ok(exam, "%s", answer->address ? answer->address : "connected");
    else
        exam_result(exam, &exam->look.result, EAS_CAUSE_TCP_TIMEOUT);
}

/* ---- tls ---- */

static char *day(gint64 when)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(when);

    return time ? g_date_time_format(time, "%Y-%m-%d") : g_strdup("?");
}

/* A certificate out of its time that would be in it by the server's own clock: ours is wrong. */
static bool is_clock(const struct certificate *certificate)
{
    gint64 now = (gint64)time(NULL), there = certificate->server_clock;

    return there != 0 && ABS(there - now) > LIMIT_CLOCK_S && certificate->from <= there && there <= certificate->until;
}

static struct finding *explain_certificate(const struct exam *exam, struct finding *finding,
                                           const struct certificate *certificate)
{
    g_autofree char *from = day(certificate->from), *until = day(certificate->until);
    g_autofree char *there = day(certificate->server_clock), *text = finding->text;

    (void)exam;
    switch (finding->cause) {
    case EAS_CAUSE_TLS_EXPIRED:
    case EAS_CAUSE_TLS_NOT_YET:
        finding->text = g_strdup_printf("%s (%s to %s)", text, from, until);
        if (is_clock(certificate)) {
            finding->cause = EAS_CAUSE_CLOCK;
            g_free(finding->text);
            finding->text = g_strdup_printf("this computer's clock is wrong: on the server it is %s", there);
        }
        break;
    case EAS_CAUSE_TLS_NAME:
        finding->text =
            g_strdup_printf("%s: it is for %s", text, *certificate->names ? certificate->names : certificate->subject);
        break;
    case EAS_CAUSE_TLS_PIN:
        finding->text = g_strdup_printf("%s: it has %s", text, certificate->pin);
        break;
    default:
        finding->text = g_strdup_printf("%s: %s, issued by %s, valid from %s to %s, pin %s", text, certificate->subject,
                                        certificate->issuer, from, until, certificate->pin);
        finding->advice = g_strdup_printf(
            "compare the pin with what the administrator tells you by telephone; to trust exactly this key: --pin %s",
            certificate->pin);
    }
    return finding;
}

/* Which faults the certificate itself can explain. */
static bool is_about_certificate(enum eas_cause cause)
{
    static const enum eas_cause causes[] = {EAS_CAUSE_TLS_SELF_SIGNED, EAS_CAUSE_TLS_UNTRUSTED, EAS_CAUSE_TLS_EXPIRED,
                                            EAS_CAUSE_TLS_NOT_YET,     EAS_CAUSE_TLS_NAME,      EAS_CAUSE_TLS_PIN};

    for (size_t i = 0; i < G_N_ELEMENTS(causes); i++)
        if (causes[i] == cause)
            return true;
    return false;
}

static void tls_fault(struct exam *exam)
{
    const struct look *seen = look(exam);
    struct finding *finding = finding_of(exam->step, &seen->result, EAS_CAUSE_TLS_NOT_TLS);
    struct certificate certificate;

    if (is_about_certificate(finding->cause)) {
        if (certificate_look(seen->url, exam->wanted->proxy, exam->wanted->resolver, exam_time(exam, LIMIT_PROBE_MS),
                             &certificate))
            finding = explain_certificate(exam, finding, &certificate);
        certificate_clear(&certificate);
    } else if (finding->cause == EAS_CAUSE_TCP_REFUSED) {
        /* It took the connection, and hung up at the first word of TLS. */
        finding->cause = EAS_CAUSE_TLS_NOT_TLS;
    }
    exam_note(exam, finding);
}

void exam_tls(struct exam *exam)
{
    const struct look *seen = look(exam);
    const GPtrArray *pins = exam->wanted->pins;

    if (g_str_has_prefix(seen->url, "http://"))
        exam_skip(exam, "nothing is encrypted, as --insecure-http allows");
    else if (!seen->answer.encrypted || eas_cause_is_tls(seen->result.cause))
        tls_fault(exam);
    else
        exam_ok(exam, pins && pins->len > 0 ? "the key has one of the pins" : "the certificate is trusted");
}

/* ---- HTTP ---- */

void exam_redirect(struct exam *exam)
{
    const struct look *seen = look(exam);

    if (seen->redirect_fault)
        exam_result(exam, &seen->result, EAS_CAUSE_HTTP_REDIRECT_LOOP);
    else if (seen->hops > 0)
        exam_ok(exam, "%s", seen->url);
    else
        exam_skip(exam, "there is none");
}

void exam_http(struct exam *exam)
{
    const struct look *seen = look(exam);

    if (eas_is_served(&seen->result))
        exam_ok(exam, "HTTP %d%s", seen->answer.status, seen->answer.active_sync ? ", ActiveSync" : "");
    else
        exam_result(exam, &seen->result, EAS_CAUSE_HTTP_HTML);
}

static bool needs_password(const struct session_config *wanted)
{
    return wanted->auth == SESSION_AUTH_ANY || wanted->auth == SESSION_AUTH_BASIC || wanted->auth == SESSION_AUTH_NTLM;
}

/* What each way of log-in that can be configured needs the server to offer. */
static unsigned wanted_kinds(enum session_auth auth)
{
    static const unsigned kinds[] = {[SESSION_AUTH_ANY] = PROBE_BASIC | PROBE_NTLM | PROBE_NEGOTIATE,
                                     [SESSION_AUTH_BASIC] = PROBE_BASIC,
                                     [SESSION_AUTH_NTLM] = PROBE_NTLM | PROBE_NEGOTIATE,
                                     [SESSION_AUTH_NEGOTIATE] = PROBE_NEGOTIATE,
                                     [SESSION_AUTH_OAUTH] = PROBE_BEARER,
                                     [SESSION_AUTH_CERTIFICATE] = 0};

    return kinds[auth];
}

void exam_auth(struct exam *exam)
{
    unsigned offered = look(exam)->answer.auths, wanted = wanted_kinds(exam->wanted->auth);
    g_autofree char *kinds = probe_auths_text(offered), *mine = probe_auths_text(wanted);

    if (offered && wanted && !(offered & wanted)) {
        struct finding *finding =
            finding_new(exam->step, FINDING_FAULT, EAS_CAUSE_AUTH_KIND, "the server offers %s, not %s", kinds, mine);

        if (offered & PROBE_BEARER)
            finding->advice = g_strdup("it wants OAuth: give auth = oauth, and log in with easfs login");
        exam_note(exam, finding);
    } else if (needs_password(exam->wanted) && !exam_password(exam)) {
        exam_skip(exam, "the server offers %s; no password was given, so no log-in is tried", kinds);
    } else if (offered) {
        exam_ok(exam, "the server offers %s", kinds);
    } else {
        exam_skip(exam, "the server does not say what it offers");
    }
}
