/* The steps of ActiveSync: what a mount would ask, on a session and as a device of its own. */
#include <openssl/sha.h>
#include <string.h>

#include "cache/server/alarm.h"
#include "cache/server/diagnose_state.h"
#include "codec/limits.h"
#include "codec/wire/folder_sync.h"
#include "codec/wire/ping.h"
#include "codec/wire/status.h"
#include "codec/wire/sync.h"
#include "codec/wire/tags.h"

/* ---- within a step's time ---- */

static struct eas_result too_late(const struct alarm *alarm, struct eas_result result)
{
    if (!alarm->rang || eas_is_served(&result))
        return result;
    return eas_caused(eas_unreachable(75, "the server did not answer in time"), EAS_CAUSE_TCP_TIMEOUT);
}

/* One call within a step's time. */
static struct eas_result ask(struct exam *exam, enum eas_command command, const GByteArray *request, long ms,
                             struct answer_tree *tree, struct call *call)
{
    struct alarm alarm;

    *call = (struct call){.command = command, .request = request, .sink = &answer_tree_sink, .ctx = tree};
    alarm_set(&alarm, exam->link, exam_time(exam, ms));
    struct eas_result result = session_call(exam->link, call);

    alarm_end(&alarm);
    return too_late(&alarm, result);
}

/* Below the first exchanges an HTTP code is about what was asked, not about the address. */
static void refused(struct exam *exam, struct eas_result *result, enum eas_cause own)
{
    if (result->cause == EAS_CAUSE_HTTP_404 || result->cause == EAS_CAUSE_HTTP_HTML || result->http == 501)
        result->cause = own;
    exam_result(exam, result, own);
}

/* ---- the session ---- */

static char *memory_get(void *ctx, const char *key)
{
    return g_strdup(g_hash_table_lookup(ctx, key));
}

static void memory_set(void *ctx, const char *key, const char *value)
{
    if (value)
        g_hash_table_insert(ctx, g_strdup(key), g_strdup(value));
    else
        g_hash_table_remove(ctx, key);
}

/* The same on this computer for the same user every time: a server allows few devices. */
static void settle_device(struct exam *exam)
{
    g_autofree char *words =
        g_strdup_printf("easfs doctor\n%s\n%s\n%s", g_get_host_name(), g_get_user_name(), exam->wanted->user);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, words, -1);

    memory_set(exam->memory, "device-id", (digest[32] = '\0', digest));
}

static bool begin(struct exam *exam, struct eas_result *result)
{
    struct session_memory memory = {memory_get, memory_set, exam->memory};
    const char *password = exam_password(exam);
    char *copy = g_strdup(password);

    if (!exam->wanted->user)
        exam->wanted->user = g_strdup(exam->config->email);
    settle_device(exam);
    g_free(exam->wanted->server);
    exam->wanted->server = g_strdup(exam->look.url);
    if (!exam->wanted->password)
        exam->wanted->password = copy;
    else
        g_free(copy);
    exam->session = session_new(exam->wanted, &memory, result);
    exam->wanted = NULL;
    exam->link = exam->session ? link_new(exam->session) : NULL;
    return exam->session != NULL;
}

/* ---- options ---- */

static bool speaks(const char *list, enum eas_version only)
{
    g_auto(GStrv) words = g_strsplit(list, ",", 64);

    for (char **word = words; *word; word++) {
        enum eas_version version = eas_version_parse(g_strstrip(*word));

        if (only ? version == only : version >= EAS_12_1)
            return true;
    }
    return false;
}

/* The answer's own words, fit for a line. */
static char *shown(const char *text)
{
    return g_strcanon(g_strndup(text ? text : "", 80), G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "., -_/", '?');
}

static void judge_options(struct exam *exam)
{
    const char *versions = http_header(exam->link->http, "MS-ASProtocolVersions");
    const char *days = http_header(exam->link->http, "X-MS-Credentials-Expire");
    g_autofree char *list = shown(versions), *software = shown(session_server_name(exam->session));
    g_autofree char *left = shown(days);
    enum eas_version only = exam->session->config->version;

    if (versions && !speaks(versions, only))
        exam_fault(exam, EAS_CAUSE_VERSION_REFUSED,
                   only ? "the server speaks ActiveSync %s, not %s" : "the server speaks only ActiveSync %s", list,
                   eas_version_text(only));
    else if (!versions)
        exam_ok(exam, "logged in; the server lists no versions");
    else
        exam_ok(exam, "ActiveSync %s%s%s%s%s", list, *software ? "; " : "", software,
                days ? "; days until the password expires: " : "", left);
}

void exam_options(struct exam *exam)
{
    static const int nothing[] = {400, 404, 405, 449, 500, 501};
    struct eas_result result = eas_served();
    struct alarm alarm;

    if (exam->wanted->auth <= SESSION_AUTH_NTLM && !exam_password(exam)) {
        exam_skip(exam, "no password was given");
        return;
    }
    if (!begin(exam, &result)) {
        exam_result(exam, &result, EAS_CAUSE_CONFIG);
        return;
    }
    alarm_set(&alarm, exam->link, exam_time(exam, LIMIT_DIAGNOSE_STEP_MS));
    result = session_options(exam->link);
    alarm_end(&alarm);
    result = too_late(&alarm, result);
    for (size_t i = 0; i < G_N_ELEMENTS(nothing); i++)
        if (result.http == nothing[i]) {
            exam_skip(exam, "OPTIONS says nothing here (HTTP %d), as with some servers", result.http);
            return;
        }
    if (eas_is_served(&result))
        judge_options(exam);
    else
        exam_result(exam, &result, EAS_CAUSE_AUTH_WRONG);
}

/* ---- provision ---- */

/* Up to four exchanges: versions, the device, both phases of the policy. */
void exam_provision(struct exam *exam)
{
    struct alarm alarm;

    if (!exam->link) {
        exam_skip(exam, "no log-in was tried");
        return;
    }
    alarm_set(&alarm, exam->link, exam_time(exam, 2 * LIMIT_DIAGNOSE_STEP_MS));
    struct eas_result result = session_connect(exam->link);

    alarm_end(&alarm);
    result = too_late(&alarm, result);
    if (!eas_is_served(&result))
        refused(exam, &result, EAS_CAUSE_PROVISION_REFUSED);
    else if (policy_generation(exam->session) == 0)
        exam_ok(exam, "the server asks for no policy so far; ActiveSync %s",
                eas_version_text(session_version(exam->session)));
    else
        exam_ok(exam, "the server's policy is taken; ActiveSync %s", eas_version_text(session_version(exam->session)));
}

/* ---- folders ---- */

static void judge_folders(struct exam *exam, const struct folder_sync_answer *answer)
{
    struct eas_result result = eas_status_result(EAS_FOLDER_SYNC, EAS_LEVEL_TOP, answer->status);

    for (guint i = 0; i < answer->changes->len; i++) {
        const struct folder_change *change = answer->changes->pdata[i];

        if (change->kind == FOLDER_ADD && change->type == EAS_FOLDER_INBOX && !exam->inbox)
            exam->inbox = g_strdup(change->server_id);
    }
    if (!eas_is_served(&result))
        exam_result(exam, &result, EAS_CAUSE_FOLDERS_REFUSED);
    else if (answer->changes->len == 0)
        exam_fault(exam, EAS_CAUSE_FOLDERS_REFUSED, "the server lists no folder at all");
    else
        exam_ok(exam, "%u folders", answer->changes->len);
}

void exam_folders(struct exam *exam)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct answer_tree tree = {0};
    struct folder_sync_answer answer;
    struct call call;

    if (!exam->link) {
        exam_skip(exam, "no log-in was tried");
        return;
    }
    folder_sync_request(request, "0");
    struct eas_result result = ask(exam, EAS_FOLDER_SYNC, request, LIMIT_DIAGNOSE_STEP_MS, &tree, &call);

    if (eas_is_served(&result)) {
        folder_sync_read(answer_tree_root(&tree), &answer);
        judge_folders(exam, &answer);
        folder_sync_clear(&answer);
    } else {
        refused(exam, &result, EAS_CAUSE_FOLDERS_REFUSED);
    }
    answer_tree_clear(&tree);
}

/* ---- item ---- */

static const struct eas_node *collection_of(const struct answer_tree *tree)
{
    return eas_node_child(eas_node_child(answer_tree_root(tree), TAG_AirSync_Collections), TAG_AirSync_Collection);
}

/* One Sync of the Inbox. SERVED: *key is the next one (to be freed), NULL for an empty answer. */
static struct eas_result sync_inbox(struct exam *exam, const char *key, struct answer_tree *tree, char **next)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct sync_collection collection = {.collection_id = exam->inbox,
                                         .sync_key = key,
                                         .class = EAS_MAIL,
                                         .window = 1,
                                         .filter = SYNC_FILTER_ALL,
                                         .inline_bytes = 0};
    struct call call;

    sync_request(request, session_version(exam->session), &collection, 1, 0);
    struct eas_result result = ask(exam, EAS_SYNC, request, LIMIT_DIAGNOSE_STEP_MS, tree, &call);
    const struct eas_node *node = collection_of(tree);

    if (eas_is_served(&result) && call.status > 1)
        result = eas_status_result(EAS_SYNC, EAS_LEVEL_TOP, call.status);
    if (eas_is_served(&result) && node)
        result = eas_status_result(EAS_SYNC, EAS_LEVEL_COLLECTION, (int)eas_node_number(node, TAG_AirSync_Status, 1));
    *next = node ? g_strdup(eas_node_text(node, TAG_AirSync_SyncKey)) : NULL;
    return result;
}

/* A device in quarantine sees one message in the Inbox, the server's own, that says so. */
static bool is_quarantine(const struct answer_tree *tree)
{
    const struct eas_node *commands = eas_node_child(collection_of(tree), TAG_AirSync_Commands);
    const struct eas_node *add = eas_node_child(commands, TAG_AirSync_Add);
    const char *subject = eas_node_text(eas_node_child(add, TAG_AirSync_ApplicationData), TAG_Email_Subject);
    g_autofree char *lower = subject ? g_utf8_strdown(subject, -1) : NULL;

    return lower &&
           (strstr(lower, "quarantine") ||
            (strstr(lower, "blocked from") && (strstr(lower, "activesync") || strstr(lower, "your administrator"))));
}

void exam_item(struct exam *exam)
{
    struct answer_tree tree = {0};
    g_autofree char *key = NULL, *next = NULL;

    if (!exam->link || !exam->inbox) {
        exam_skip(exam, exam->link ? "there is no Inbox" : "no log-in was tried");
        return;
    }
    struct eas_result result = sync_inbox(exam, "0", &tree, &key);

    answer_tree_clear(&tree);
    tree = (struct answer_tree){0};
    if (eas_is_served(&result) && !key)
        result = eas_refused(EAS_SCOPE_FOLDER, 69, "the server gives no key for the Inbox");
    if (eas_is_served(&result))
        result = sync_inbox(exam, key, &tree, &next);
    const struct eas_node *commands = eas_node_child(collection_of(&tree), TAG_AirSync_Commands);

    if (!eas_is_served(&result))
        refused(exam, &result, EAS_CAUSE_ITEM_REFUSED);
    else if (is_quarantine(&tree))
        exam_fault(exam, EAS_CAUSE_DEVICE_QUARANTINED, "all the server shows is a message that this device is held");
    else
        exam_ok(exam, commands ? "the first message of the Inbox came" : "the Inbox is empty");
    answer_tree_clear(&tree);
}

/* ---- ping ---- */

enum { PING_HEARTBEAT_S = 5, PING_PATIENCE_MS = 6500 };

/* Statuses that are answers: nothing happened, something did, the interval is too short, the folders have changed. */
static bool is_pong(int status)
{
    return status == 1 || status == 2 || status == 5 || status == 7;
}

static void judge_ping(struct exam *exam, const struct call *call, struct eas_result *result,
                       const struct answer_tree *tree, bool held)
{
    struct ping_answer answer;

    if (held) {
        exam_ok(exam, "the server holds the question, as it should");
    } else if (!is_pong(call->status)) {
        if (eas_is_served(result))
            *result = eas_refused(EAS_SCOPE_ACCOUNT, 69, "the server answers Ping with status %d", call->status);
        refused(exam, result, EAS_CAUSE_PING_REFUSED);
    } else {
        ping_read(answer_tree_root(tree), &answer);
        if (answer.heartbeat)
            exam_ok(exam, "the server answers; it waits at least %d s", answer.heartbeat);
        else
            exam_ok(exam, "the server answers");
        ping_clear(&answer);
    }
}

/* So short an interval that most servers say at once that it is; those that take it are waited for. */
void exam_ping(struct exam *exam)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct ping_folder folder = {exam->inbox, EAS_MAIL};
    struct answer_tree tree = {0};
    struct call call = {.command = EAS_PING, .request = request, .sink = &answer_tree_sink, .ctx = &tree};
    struct alarm alarm;

    if (!exam->link || !exam->inbox) {
        exam_skip(exam, exam->link ? "there is no Inbox" : "no log-in was tried");
        return;
    }
    if (exam_time(exam, PING_PATIENCE_MS) < PING_PATIENCE_MS) {
        exam_skip(exam, "no time was left to wait for it");
        return;
    }
    if (!session_offers(exam->session, EAS_PING)) {
        exam_skip(exam, "the server has no Ping; it is asked now and then");
        return;
    }
    ping_request(request, PING_HEARTBEAT_S, &folder, 1);
    alarm_set(&alarm, exam->link, exam_time(exam, PING_PATIENCE_MS));
    struct eas_result result = session_call(exam->link, &call);
    bool held = alarm_end(&alarm) && !eas_is_served(&result);

    judge_ping(exam, &call, &result, &tree, held);
    answer_tree_clear(&tree);
}
