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

/* The cause behind a code, where the fixed words have one: of a status, -1 any command. */
static const struct {
    int command, code;
    enum eas_cause cause;
} status_causes[] = {
    {EAS_ANY, 108, EAS_CAUSE_DEVICE_BLOCKED},
    {EAS_ANY, 109, EAS_CAUSE_DEVICE_BLOCKED},
    {EAS_ANY, 110, EAS_CAUSE_HTTP_5XX},
    {EAS_ANY, 111, EAS_CAUSE_THROTTLED},
    {EAS_ANY, 112, EAS_CAUSE_EAS_DISABLED},
    {EAS_ANY, 123, EAS_CAUSE_EAS_DISABLED},
    {EAS_ANY, 124, EAS_CAUSE_AUTH_WRONG},
    {EAS_ANY, 125, EAS_CAUSE_AUTH_WRONG},
    {EAS_ANY, 126, EAS_CAUSE_EAS_DISABLED},
    {EAS_ANY, 127, EAS_CAUSE_EAS_DISABLED},
    {EAS_ANY, 128, EAS_CAUSE_EAS_DISABLED},
    {EAS_ANY, 129, EAS_CAUSE_DEVICE_BLOCKED},
    {EAS_ANY, 130, EAS_CAUSE_EAS_DISABLED},
    {EAS_ANY, 131, EAS_CAUSE_AUTH_LOCKED},
    {EAS_ANY, 138, EAS_CAUSE_VERSION_REFUSED},
    {EAS_ANY, 139, EAS_CAUSE_PROVISION_REFUSED},
    {EAS_ANY, 140, EAS_CAUSE_WIPE_PENDING},
    {EAS_ANY, 141, EAS_CAUSE_PROVISION_REFUSED},
    {EAS_ANY, 142, EAS_CAUSE_PROVISION_REFUSED},
    {EAS_ANY, 143, EAS_CAUSE_PROVISION_REFUSED},
    {EAS_ANY, 144, EAS_CAUSE_PROVISION_REFUSED},
    {EAS_ANY, 145, EAS_CAUSE_PROVISION_REFUSED},
    {EAS_ANY, 165, EAS_CAUSE_PROVISION_REFUSED},
    {EAS_ANY, 177, EAS_CAUSE_DEVICE_BLOCKED},
    {EAS_PROVISION, -1, EAS_CAUSE_PROVISION_REFUSED},
    {EAS_FOLDER_SYNC, -1, EAS_CAUSE_FOLDERS_REFUSED},
    {EAS_SYNC, -1, EAS_CAUSE_ITEM_REFUSED},
    {EAS_ITEM_OPERATIONS, -1, EAS_CAUSE_ITEM_REFUSED},
    {EAS_PING, -1, EAS_CAUSE_PING_REFUSED},
};

/* The first row for a command and a code: what is said of the code comes before what is said of the command. */
static enum eas_cause status_cause(enum eas_command command, int code)
{
    for (size_t i = 0; i < sizeof status_causes / sizeof *status_causes; i++)
        if (status_causes[i].code == code || (status_causes[i].code < 0 && status_causes[i].command == (int)command))
            return status_causes[i].cause;
    return EAS_NO_CAUSE;
}

static const struct {
    int least, most; /* HTTP codes */
    enum eas_cause cause;
} http_causes[] = {
    {401, 401, EAS_CAUSE_AUTH_WRONG},        {403, 403, EAS_CAUSE_EAS_DISABLED},
    {404, 405, EAS_CAUSE_HTTP_404},          {407, 407, EAS_CAUSE_PROXY_AUTH},
    {429, 429, EAS_CAUSE_THROTTLED},         {441, 441, EAS_CAUSE_DEVICE_BLOCKED},
    {449, 449, EAS_CAUSE_PROVISION_REFUSED}, {451, 451, EAS_CAUSE_HTTP_REDIRECT_FOREIGN},
    {456, 456, EAS_CAUSE_AUTH_LOCKED},       {457, 457, EAS_CAUSE_AUTH_EXPIRED},
    {503, 503, EAS_CAUSE_THROTTLED},         {505, 505, EAS_CAUSE_VERSION_REFUSED},
    {500, 599, EAS_CAUSE_HTTP_5XX},          {400, 499, EAS_CAUSE_HTTP_404},
    {201, 399, EAS_CAUSE_HTTP_HTML},
};

static enum eas_cause http_cause(int code)
{
    for (size_t i = 0; i < sizeof http_causes / sizeof *http_causes; i++)
        if (code >= http_causes[i].least && code <= http_causes[i].most)
            return http_causes[i].cause;
    return EAS_NO_CAUSE;
}

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
    result.cause = status_cause(command, status);
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
    result.cause = http_cause(http);
    return result;
}

size_t eas_meanings(int code, struct eas_meaning *meanings, size_t most)
{
    static const char *const levels[] = {"", "of a folder", "of an item"};
    size_t count = 0;

    for (size_t i = 0; i < sizeof statuses / sizeof *statuses && count < most; i++) {
        const struct status_row *row = &statuses[i];

        if (row->code != code)
            continue;
        meanings[count++] = (struct eas_meaning){
            .command = row->command == EAS_ANY ? NULL : eas_command_name((enum eas_command)row->command),
            .level = row->level > EAS_LEVEL_TOP ? levels[row->level] : "",
            .text = row->text ? row->text : "success; nothing to do",
            .cause = row->text ? status_cause((enum eas_command)EAS_ANY, code) : EAS_NO_CAUSE};
    }
    for (size_t i = 0; i < sizeof https / sizeof *https && count < most; i++)
        if (https[i].code == code)
            meanings[count++] =
                (struct eas_meaning){.http = true, .level = "", .text = https[i].text, .cause = http_cause(code)};
    if (code == 200 && count < most)
        meanings[count++] = (struct eas_meaning){
            .http = true, .level = "", .text = "an answer; the Status in its document says what it is worth"};
    if (count == 0 && most > 0 && code >= 201 && code <= 599)
        meanings[count++] =
            (struct eas_meaning){.http = true, .level = "", .text = http_family(code).text, .cause = http_cause(code)};
    return count;
}
