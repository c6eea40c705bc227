#include "codec/wire/status.h"

#include <stddef.h>
#include <stdio.h>

enum { EAS_ANY = -1, EAS_LEVEL_ANY = -1, EAS_SCOPE_LEVEL = -1 };

/* The command's exit codes (CONTRACT 6). */
enum {
    EXIT_GOOD = 0,
    EXIT_DATA = 65,
    EXIT_REFUSED = 69,
    EXIT_INTERNAL = 70,
    EXIT_BUSY = 75,
    EXIT_FOREIGN = 76,
    EXIT_LOGIN = 77,
    EXIT_CONFIG = 78,
};

static const struct status_row {
    int command, level, code, scope;
    enum eas_action action;
    int exit_code;
    const char *text; /* NULL: served */
} statuses[] = {
#define SERVED(command, level, code) {EAS_##command, EAS_LEVEL_##level, code, EAS_SCOPE_NONE, EAS_ACTION_NONE, 0, NULL},
#define STATUS(command, level, code, scope, action, exit, text)                                                        \
    {EAS_##command, EAS_LEVEL_##level, code, EAS_SCOPE_##scope, EAS_ACTION_##action, EXIT_##exit, text},
#define HTTP(code, outcome, scope, action, exit, text)
#include "codec/wire/status.def"
#undef SERVED
#undef STATUS
#undef HTTP
};

static const struct http_row {
    int code;
    enum eas_outcome outcome;
    enum eas_scope scope;
    enum eas_action action;
    int exit_code;
    const char *text;
} https[] = {
#define SERVED(command, level, code)
#define STATUS(command, level, code, scope, action, exit, text)
#define HTTP(code, outcome, scope, action, exit, text)                                                                 \
    {code, EAS_##outcome, EAS_SCOPE_##scope, EAS_ACTION_##action, EXIT_##exit, text},
#include "codec/wire/status.def"
#undef SERVED
#undef STATUS
#undef HTTP
};

static enum eas_scope level_scope(enum eas_status_level level)
{
    static const enum eas_scope scopes[] = {
        [EAS_LEVEL_TOP] = EAS_SCOPE_ACCOUNT,
        [EAS_LEVEL_COLLECTION] = EAS_SCOPE_FOLDER,
        [EAS_LEVEL_ITEM] = EAS_SCOPE_ITEM,
    };

    return scopes[level];
}

/* The most particular row for a code: the command's own before any command's, then the level's. */
static const struct status_row *find_row(enum eas_command command, enum eas_status_level level, int code)
{
    const struct status_row *best = NULL;
    int best_fit = -1;

    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        const struct status_row *row = &statuses[i];
        bool own = row->command == (int)command, here = row->level == (int)level;
        int fit = 2 * own + here;

        if (row->code == code && (own || row->command == EAS_ANY) && (here || row->level == EAS_LEVEL_ANY) &&
            fit > best_fit) {
            best = row;
            best_fit = fit;
        }
    }
    return best;
}

struct eas_result eas_status_result(enum eas_command command, enum eas_status_level level, int status)
{
    const struct status_row *row = find_row(command, level, status);
    struct eas_result result;

    if ((row && !row->text) || (status == 0 && level == EAS_LEVEL_TOP))
        return eas_served();
    if (row) {
        enum eas_scope scope = row->scope == EAS_SCOPE_LEVEL ? level_scope(level) : (enum eas_scope)row->scope;

        result = eas_refused(scope, row->exit_code, "%s", row->text);
        result.action = row->action;
    } else {
        const char *name = eas_command_name(command);

        result = eas_refused(level_scope(level), EXIT_REFUSED,
                             "the server answered %s with status %d, which has no known meaning; look at a --trace",
                             name ? name : "the command", status);
        result.action = level == EAS_LEVEL_ITEM ? EAS_ACTION_SKIP : EAS_ACTION_STOP;
    }
    result.status = status;
    return result;
}

/* What a code without a row is worth, by its first digit: 5xx may pass, 4xx will not, and what is
 * neither did not come from an ActiveSync server. */
static struct http_row http_family(int http)
{
    if (http >= 500)
        return (struct http_row){http,
                                 EAS_UNREACHABLE,
                                 EAS_SCOPE_ACCOUNT,
                                 EAS_ACTION_RETRY,
                                 EXIT_BUSY,
                                 "the server failed on its side; it is asked again later"};
    if (http >= 400)
        return (struct http_row){http,
                                 EAS_REFUSED,
                                 EAS_SCOPE_ACCOUNT,
                                 EAS_ACTION_STOP,
                                 EXIT_REFUSED,
                                 "the server refuses the request; look at a --trace"};
    return (struct http_row){http,
                             EAS_UNREACHABLE,
                             EAS_SCOPE_ACCOUNT,
                             EAS_ACTION_STOP,
                             EXIT_FOREIGN,
                             "the answer is not one of an ActiveSync server; check the server's name"};
}

struct eas_result eas_http_result(int http)
{
    struct http_row row = http_family(http);

    if (http == 200)
        return eas_served();
    for (size_t i = 0; i < sizeof https / sizeof *https; i++)
        if (https[i].code == http)
            row = https[i];

    struct eas_result result = row.outcome == EAS_REFUSED
                                   ? eas_refused(row.scope, row.exit_code, "%s (HTTP %d)", row.text, http)
                                   : eas_unreachable(row.exit_code, "%s (HTTP %d)", row.text, http);

    result.action = row.action;
    result.http = http;
    return result;
}
