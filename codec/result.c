#include "codec/result.h"

#include <stdarg.h>
#include <stdio.h>

struct eas_result eas_served(void)
{
    return (struct eas_result){.outcome = EAS_SERVED};
}

struct eas_result eas_refused(enum eas_scope scope, int exit_code, const char *format, ...)
{
    struct eas_result result = {.outcome = EAS_REFUSED, .scope = scope, .exit_code = exit_code};
    va_list args;

    va_start(args, format);
    vsnprintf(result.text, sizeof result.text, format, args);
    va_end(args);
    return result;
}

struct eas_result eas_unreachable(int exit_code, const char *format, ...)
{
    struct eas_result result = {
        .outcome = EAS_UNREACHABLE, .scope = EAS_SCOPE_ACCOUNT, .exit_code = exit_code, .action = EAS_ACTION_RETRY};
    va_list args;

    va_start(args, format);
    vsnprintf(result.text, sizeof result.text, format, args);
    va_end(args);
    return result;
}
