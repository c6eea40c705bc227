#include "cache/server/finding.h"

#include <stdarg.h>
struct finding *finding_new(const char *step, enum finding_end end, enum eas_cause cause, const char *format, ...)
{
    struct finding *finding = g_new0(struct finding, 1);
    va_list args;

    finding->step = step;
    finding->end = end;
    finding->cause = cause;
    va_start(args, format);
    finding->text = g_strdup_vprintf(format, args);
    va_end(args);
    return finding;
}

void finding_free(void *data)
{
    struct finding *finding = data;

    if (!finding)
        return;
    g_free(finding->text);
    g_free(finding->advice);
    g_free(finding);
}

struct finding *finding_of(const char *step, const struct eas_result *result, enum eas_cause otherwise)
{
    return finding_new(step, FINDING_FAULT, result->cause ? result->cause : otherwise, "%s", result->text);
}

const char *finding_end_word(enum finding_end end)
{
    static const char *const words[] = {[FINDING_OK] = "ok", [FINDING_FAULT] = "fault", [FINDING_SKIPPED] = "skipped"};

    return words[end];
}

const char *finding_advice(const struct finding *finding)
{
    const struct eas_cause_row *row = eas_cause_row(finding->cause);

    return finding->advice ? finding->advice : finding->end == FINDING_FAULT && row ? row->advice : "";
}
