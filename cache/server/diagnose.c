/* The order of the steps, and what they share. */
#include "cache/server/diagnose.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <string.h>

#include "cache/server/diagnose_state.h"
#include "codec/limits.h"

static const struct {
    const char *name;
    void (*go)(struct exam *exam);
} steps[] = {
    {"config", exam_config}, {"dns", exam_names},       {"discover", exam_discover},   {"proxy", exam_proxy},
    {"tcp", exam_tcp},       {"tls", exam_tls},         {"redirect", exam_redirect},   {"http", exam_http},
    {"auth", exam_auth},     {"options", exam_options}, {"provision", exam_provision}, {"folders", exam_folders},
    {"item", exam_item},     {"ping", exam_ping},
};

void exam_note(struct exam *exam, struct finding *finding)
{
    g_ptr_array_add(exam->findings, finding);
    exam->stopped = exam->stopped || finding->end == FINDING_FAULT;
    if (exam->config->step)
        exam->config->step(exam->config->ctx, finding);
}

static void note_text(struct exam *exam, enum finding_end end, enum eas_cause cause, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);

    exam_note(exam, finding_new(exam->step, end, cause, "%s", text));
}

void exam_ok(struct exam *exam, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    note_text(exam, FINDING_OK, EAS_NO_CAUSE, format, args);
    va_end(args);
}

void exam_skip(struct exam *exam, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    note_text(exam, FINDING_SKIPPED, EAS_NO_CAUSE, format, args);
    va_end(args);
}

void exam_fault(struct exam *exam, enum eas_cause cause, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    note_text(exam, FINDING_FAULT, cause, format, args);
    va_end(args);
}

void exam_result(struct exam *exam, const struct eas_result *result, enum eas_cause otherwise)
{
    exam_note(exam, finding_of(exam->step, result, result->exit_code == 78 ? EAS_CAUSE_CONFIG : otherwise));
}

long exam_time(const struct exam *exam, long most_ms)
{
    return (long)CLAMP((exam->until - g_get_monotonic_time()) / 1000, 1, most_ms);
}

const char *exam_password(struct exam *exam)
{
    if (exam->wanted && exam->wanted->password)
        return exam->wanted->password;
    if (!exam->asked_password && exam->config->password)
        exam->password = exam->config->password(exam->config->ctx);
    exam->asked_password = true;
    return exam->password;
}

static void wipe(char *secret)
{
    if (secret)
        OPENSSL_cleanse(secret, strlen(secret));
    g_free(secret);
}

GPtrArray *diagnose(const struct diagnose_config *config)
{
    struct exam exam = {.config = config,
                        .wanted = config->session,
                        .findings = g_ptr_array_new_with_free_func(finding_free),
                        .memory = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                        .until = g_get_monotonic_time() + LIMIT_DIAGNOSE_MS * 1000LL};

    http_start();
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        exam.step = steps[i].name;
        if (exam.stopped)
            exam_skip(&exam, "the fault above comes first");
        else if (g_get_monotonic_time() >= exam.until)
            exam_fault(&exam, EAS_CAUSE_TCP_TIMEOUT, "a minute was not enough to get here");
        else
            steps[i].go(&exam);
    }
    link_free(exam.link);
    session_free(exam.session);
    session_config_free(exam.wanted);
    tls_trust_free(exam.trust);
    look_clear(&exam.look);
    g_hash_table_unref(exam.memory);
    wipe(exam.password);
    g_free(exam.url);
    g_free(exam.inbox);
    return exam.findings;
}
