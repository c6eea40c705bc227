/* First contact: which version both sides speak, what the server offers, and who this device is
 * (MS-ASHTTP 2.2.3, 3.1.5.1; MS-ASCMD 2.2.1.18). */
#include <string.h>

#include "cache/server/state.h"
#include "codec/wire/status.h"

/* What easfs speaks, best first; where a server lists nothing, the order to try. */
static const enum eas_version by_merit[] = {EAS_16_1, EAS_16_0, EAS_14_1, EAS_14_0, EAS_12_1};
static const enum eas_version by_custom[] = {EAS_14_1, EAS_16_1, EAS_14_0, EAS_12_1, EAS_16_0};

void session_learn_commands(struct session *session, const char *list)
{
    g_auto(GStrv) words = g_strsplit(list ? list : "", ",", 64);
    uint32_t offered = 0;

    for (char **word = words; *word; word++)
        for (int command = EAS_SYNC; command <= EAS_FIND; command++)
            if (eas_command_name(command) && strcmp(eas_command_name(command), g_strstrip(*word)) == 0)
                offered |= UINT32_C(1) << command;
    g_mutex_lock(&session->lock);
    session->commands = offered;
    session->knows_commands = offered != 0;
    g_mutex_unlock(&session->lock);
}

static bool lists_version(const char *list, enum eas_version version)
{
    g_auto(GStrv) words = g_strsplit(list, ",", 64);

    for (char **word = words; *word; word++)
        if (eas_version_parse(g_strstrip(*word)) == version)
            return true;
    return false;
}

static bool was_refused(const struct session *session, enum eas_version version)
{
    return session->refused_versions & 1U << (version % 32);
}

/* The best version of list, or the next to try where the server lists nothing. */
static enum eas_version choose_version(const struct session *session, const char *list)
{
    for (size_t i = 0; i < G_N_ELEMENTS(by_merit); i++) {
        enum eas_version version = list ? by_merit[i] : by_custom[i];

        if (!was_refused(session, version) && (!list || lists_version(list, version)))
            return version;
    }
    return EAS_NO_VERSION;
}

static void keep_version(struct session *session, enum eas_version version)
{
    g_mutex_lock(&session->lock);
    session->version = version;
    g_mutex_unlock(&session->lock);
    session_remember(session, "version", eas_version_text(version));
}

static struct eas_result no_common_version(const char *list)
{
    g_autofree char *shown = g_strcanon(g_strndup(list ? list : "", 60), G_CSET_DIGITS "., ", '?');
    struct eas_result result =
        eas_refused(EAS_SCOPE_FATAL, 69,
                    *shown ? "the server speaks only ActiveSync %s; easfs needs one of 12.1 to 16.1"
                           : "the server accepts no version of ActiveSync that easfs speaks%s",
                    shown);

    result.action = EAS_ACTION_STOP;
    result.cause = EAS_CAUSE_VERSION_REFUSED;
    return result;
}

/* Some servers, and proxies before them, answer OPTIONS by themselves or not at all, and ActiveSync
 * works all the same: the first command shall tell. */
static bool options_means_nothing(const struct eas_result *result)
{
    static const int codes[] = {200, 400, 404, 405, 449, 500, 501};

    if (result->cause == EAS_CAUSE_TLS_CLIENT_CERT)
        return false;

    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++)
        if (result->http == codes[i])
            return true;
    return false;
}

static struct eas_result negotiate(struct link *link)
{
    struct session *session = link->session;
    struct eas_result result = session_options(link);
    const char *versions = NULL, *commands = NULL;

    if (eas_is_served(&result)) {
        versions = http_header(link->http, "MS-ASProtocolVersions");
        commands = http_header(link->http, "MS-ASProtocolCommands");
    } else if (!options_means_nothing(&result)) {
        return result;
    }
    enum eas_version version = choose_version(session, versions);

    if (version == EAS_NO_VERSION)
        return no_common_version(versions);
    session_remember(session, "versions", versions);
    session_remember(session, "commands", commands);
    session_learn_commands(session, commands);
    keep_version(session, version);
    return eas_served();
}

static struct eas_result version_refused(enum eas_version version)
{
    struct eas_result result =
        eas_refused(EAS_SCOPE_FATAL, 69, "the server does not accept ActiveSync %s, which --protocol asks for",
                    eas_version_text(version));

    result.action = EAS_ACTION_STOP;
    result.cause = EAS_CAUSE_VERSION_REFUSED;
    return result;
}

/* The request in hand was made for the old version, and so were all keys: the caller begins again. */
static struct eas_result version_changed(enum eas_version from, enum eas_version to)
{
    struct eas_result result =
        eas_refused(EAS_SCOPE_ACCOUNT, 69, "the server no longer speaks ActiveSync %s; easfs goes on with %s",
                    eas_version_text(from), eas_version_text(to));

    result.action = EAS_ACTION_FOLDERS_NEW;
    return result;
}

struct eas_result session_renegotiate(struct link *link, const char *announced)
{
    struct session *session = link->session;
    enum eas_version from = session_version(session);
    struct eas_result result;

    if (announced && lists_version(announced, from))
        return eas_served();
    if (session->config->version)
        return version_refused(from);
    if (!session_take_turn(link))
        return eas_unreachable(75, "interrupted");
    if (session_version(session) == from) {
        session->refused_versions |= 1U << (from % 32);
        result = negotiate(link);
    } else {
        result = eas_served();
    }
    if (eas_is_served(&result))
        result = version_changed(from, session_version(session));
    session_give_turn(link);
    return result;
}

struct device_information session_device(void)
{
    return (struct device_information){
        .model = "easfs", .friendly_name = "easfs", .os = "Linux", .user_agent = SESSION_USER_AGENT};
}

/* A server that knows no Settings, or not this part, works without. One that listed nothing may be
 * no ActiveSync server at all: there an HTTP error counts. */
static bool may_go_without(const struct session *session, const struct eas_result *result)
{
    if ((result->http == 400 || result->http == 500) && session->knows_commands)
        return true;
    return result->http == 501 || result->status == 137 ||
           (result->outcome == EAS_REFUSED && result->scope < EAS_SCOPE_ACCOUNT);
}

/* Tells the server once what device this is, whether or not it ever asks for provisioning. */
static struct eas_result introduce(struct link *link)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct device_information device = session_device();
    struct answer_tree tree = {0};
    struct call call = {.command = EAS_SETTINGS, .request = request, .sink = &answer_tree_sink, .ctx = &tree};

    settings_device_request(request, &device);
    struct eas_result result = session_call(link, &call);

    answer_tree_clear(&tree);
    if (!eas_is_served(&result) && !may_go_without(link->session, &result))
        return result;
    g_mutex_lock(&link->session->lock);
    link->session->introduced = true;
    g_mutex_unlock(&link->session->lock);
    if (result.http != 500)
        session_remember(link->session, "device-information", eas_is_served(&result) ? "set" : "refused");
    return eas_served();
}

static bool is_introduced(struct session *session)
{
    g_mutex_lock(&session->lock);
    bool introduced = session->introduced;
    g_mutex_unlock(&session->lock);
    return introduced;
}

struct eas_result session_connect(struct link *link)
{
    struct session *session = link->session;
    struct eas_result result = eas_served();

    if (session_version(session) && is_introduced(session))
        return result;
    if (!session_take_turn(link))
        return eas_unreachable(75, "interrupted");
    if (!session_version(session))
        result = negotiate(link);
    if (eas_is_served(&result) && !is_introduced(session))
        result = introduce(link);
    session_give_turn(link);
    return result;
}
