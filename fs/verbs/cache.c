/* easfs cache: care of a replica on disk. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cache/store/files.h"
#include "cache/store/journal.h"
#include "fs/account.h"
#include "fs/ask.h"
#include "fs/control_verbs.h"
#include "fs/message.h"
#include "fs/replica_key.h"
#include "fs/verbs/verbs.h"

struct cache_values {
    struct account_options account;
    bool discard_edits;
};

static const struct option_row cache_rows[] = {
    ACCOUNT_ROW(struct cache_values, account, "account", OPTION_TEXT, account, "NAME", "its name in easfs.conf"),
    ACCOUNT_ROW(struct cache_values, account, "server", OPTION_TEXT, server, "HOST|URL", "or the account's server"),
    ACCOUNT_ROW(struct cache_values, account, "user", OPTION_TEXT, user, "USER", "and its user"),
    ACCOUNT_ROW(struct cache_values, account, "state", OPTION_TEXT, state, "DIR", "or where its replica is"),
    {"discard-edits", 0, OPTION_FLAG, offsetof(struct cache_values, discard_edits), NULL,
     "wipe also what was changed here and is not sent"},
    {0},
};

/* The state directory the options say; without any, that of the only mount. */
static int cache_state(struct cache_values *values, const char *what, char **state)
{
    struct account_options *account = &values->account;
    g_autofree char *mountpoint = NULL;
    int code = 0;

    if (!account->server && !account->user && !account->state && !account->account)
        return ask_find(NULL, what, &mountpoint, state);
    code = account_settle(account, what);
    if (!code)
        code = account_state(account, what, state);
    account_options_clear(account);
    return code;
}

static int cache_open(const char *state, const char *what, struct store **store, bool *busy)
{
    g_autofree char *why = NULL;
    int error;

    g_autofree char *database = g_build_filename(state, STORE_DATABASE, NULL);

    *store = NULL;
    *busy = false;
    /* Opening would make one, and wiping would then take all that lies there. */
    if (!g_file_test(database, G_FILE_TEST_EXISTS))
        return unable_to(EXIT_STORE, what, "check --state", "there is no replica at %s", state);
    g_autoptr(GBytes) key = NULL;
    int code = replica_key_get(state, false, NULL, what, &key);

    if (code)
        return code;
    error = store_open_sealed(state, key ? g_bytes_get_data(key, NULL) : NULL, store, &why);
    if (error == -EBUSY) {
        *busy = true;
        return 0;
    }
    return error ? unable_to(EXIT_STORE, what, NULL, "%s", why ? why : g_strerror(-error)) : 0;
}

/* Asks the daemon that has the store, or the store itself. */
static int cache_ask(const char *state, const char *what, const char *verb, json_t *(*own)(struct store *),
                     json_t **answer)
{
    struct store *store;
    bool busy;
    int code = cache_open(state, what, &store, &busy);

    if (code)
        return code;
    if (busy)
        return ask_daemon(state, what, json_pack("{s:s}", "verb", verb), NULL, false, answer);
    *answer = own(store);
    store_close(store);
    code = (int)json_integer_value(json_object_get(*answer, "code"));
    if (code) {
        json_decref(*answer);
        return unable_to(code, what, NULL, "the store cannot be read");
    }
    return 0;
}

static int cache_size(const char *state, const struct cache_values *values)
{
    (void)values;
    static const char *const keys[] = {"items", "files", "bodies", "packs", "database"};
    json_t *answer = NULL;
    int code = cache_ask(state, "tell the size of the replica", "size", control_size, &answer);

    if (code)
        return code;
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        json_int_t value = json_integer_value(json_object_get(answer, keys[i]));
        g_autofree char *human = i < 2 ? g_strdup("") : g_format_size((guint64)value);

        printf("%-9s %14" JSON_INTEGER_FORMAT "  %s\n", keys[i], value, human);
    }
    json_decref(answer);
    return 0;
}

static int cache_verify(const char *state, const struct cache_values *values)
{
    (void)values;
    json_t *answer = NULL, *findings;
    const json_t *finding;
    size_t i;
    int code = cache_ask(state, "verify the replica", "verify", control_verify, &answer);

    if (code)
        return code;
    findings = json_object_get(answer, "findings");
    json_array_foreach(findings, i, finding)
    {
        printf("%s\n", json_string_value(finding));
    }
    code = json_array_size(findings) ? EXIT_STORE : 0;
    printf("%s\n", code ? "the replica is damaged; easfs cache wipe lets it be fetched anew" : "the replica is sound");
    json_decref(answer);
    return code;
}

/* Changes that only this replica has. */
static int64_t edits_waiting(struct store *store)
{
    struct journal_counts counts = journal_count(store);
    g_autoptr(GArray) scratch = store_scratch(store, 1000);

    return counts.queued + counts.held + (scratch ? scratch->len : 0);
}

static int in_use(const char *state, const char *what)
{
    return unable_to(EXIT_UNREACHABLE, what, "easfs umount it first", "the replica %s is in use", state);
}

/* Opening first makes sure that nobody has it. */
static int check_edits(const char *state, const char *what, bool discard)
{
    struct store *store;
    int64_t waiting;
    bool busy;
    int code = cache_open(state, what, &store, &busy);

    if (code || busy)
        return code ? code : in_use(state, what);
    waiting = edits_waiting(store);
    store_close(store);
    return waiting > 0 && !discard
               ? unable_to(EXIT_DATA, what, "mount it to send them, or give --discard-edits",
                           "%" G_GINT64_FORMAT " changes made here are not sent, or are kept here alone", waiting)
               : 0;
}

/* By order of the administrator: nothing is left but word of it. */
static bool is_wiped(const char *state)
{
    g_autofree char *mark = g_build_filename(state, STORE_WIPED, NULL);

    return g_file_test(mark, G_FILE_TEST_EXISTS);
}

/* An encrypted one whose key is lost can still go, when nothing in it is asked for. */
static int cache_wipe(const char *state, const struct cache_values *values)
{
    static const char what[] = "wipe the replica";
    bool sealed = store_dir_is_sealed(state);
    g_autofree char *why = NULL;
    bool wiped = is_wiped(state);
    int error, code = wiped || (sealed && values->discard_edits) ? 0 : check_edits(state, what, values->discard_edits);

    if (code)
        return code;
    error = store_wipe(state);
    if (error == -EBUSY)
        return in_use(state, what);
    if (!error && sealed && !replica_key_forget(state, &why))
        fprintf(stderr, "easfs: its key stays in the keyring: %s\n", why);
    return error ? unable_to(EXIT_STORE, what, NULL, "%s: %s", state, g_strerror(-error)) : 0;
}

static int cache_run(void *data, int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(const char *state, const struct cache_values *values);
    } actions[] = {{"verify", cache_verify}, {"size", cache_size}, {"wipe", cache_wipe}};

    (void)argc;
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        if (strcmp(actions[i].name, argv[0]) == 0) {
            g_autofree char *state = NULL;
            int code = cache_state(data, "find the replica", &state);

            return code ? code : actions[i].run(state, data);
        }
    }
    return unable_to(EXIT_USAGE, "care for the replica", "use verify, size or wipe", "\"%s\" is no such thing",
                     argv[0]);
}

const struct verb verb_cache = {
    .name = "cache",
    .operands = "verify|size|wipe",
    .help = "Checks the replica on disk, tells its size, or removes it.",
    .options = cache_rows,
    .values_size = sizeof(struct cache_values),
    .least = 1,
    .most = 1,
    .run = cache_run,
};
