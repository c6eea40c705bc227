#include "contrib/easd/fault.h"

#include <string.h>

#include "contrib/easd/command.h"
#include "contrib/easd/limits.h"

static const struct {
    const char *name;
    guint value_top;      /* 0: takes none */
    bool documents;       /* makes sense only of a command's document */
    const char *commands; /* the only ones it can befall; NULL: all */
} kinds[FAULT_KINDS] = {
    [FAULT_NONE] = {"none"},
    [FAULT_DELAY] = {"delay", EASD_FAULT_MS},
    [FAULT_TRICKLE] = {"trickle", EASD_FAULT_BYTES, true},
    [FAULT_CUT] = {"cut", EASD_FAULT_BYTES, true},
    [FAULT_LOST_REQUEST] = {"lost-request"},
    [FAULT_LOST_ANSWER] = {"lost-answer"},
    [FAULT_DUPLICATE] = {"duplicate", 0, true},
    [FAULT_TWICE] = {"twice", 0, true},
    [FAULT_HTTP] = {"http", 599},
    [FAULT_STATUS] = {"status", 999, true},
    [FAULT_COLLECTION_STATUS] = {"collection-status", 999, true, "Sync,GetItemEstimate,ItemOperations"},
    [FAULT_INVALID_KEY] = {"invalid-key", 0, true, "Sync,FolderSync"},
    [FAULT_FOLDER_IDS] = {"folder-ids", 0, true},
    [FAULT_ITEM_STATUS] = {"item-status", 999, true, "Sync"},
    [FAULT_FORGET] = {"forget", 0, true, "Sync,SendMail,SmartReply,SmartForward"},
    [FAULT_WRONG_ID] = {"wrong-id", 0, true, "Sync,FolderCreate"},
    [FAULT_DIE] = {"die", 0, true},
};

const char fault_help[] =
    "A fault's SPEC is KIND[=VALUE][,WORD]...; KIND is one of\n"
    "  delay=MS               the answer comes late\n"
    "  trickle=BYTES          it comes at so many bytes a second\n"
    "  cut=BYTES              it ends, with its connection, after so many bytes of its body\n"
    "  lost-request           the connection ends and nothing was done\n"
    "  lost-answer            all was done, and the connection ends before a byte of the answer\n"
    "  duplicate              the answer to the device's same command before comes once more; nothing was done\n"
    "  twice                  the request is done twice, and the second answer comes\n"
    "  http=CODE              an HTTP code instead: 401, 403, 449, 451, 503 ...\n"
    "  status=CODE            a Status instead of what was asked\n"
    "  collection-status=CODE the same for each collection of Sync and GetItemEstimate, each Fetch of ItemOperations\n"
    "  invalid-key            the SyncKeys named are forgotten: Status 3 (Sync), 9 (FolderSync)\n"
    "  folder-ids             every folder has another id from now on, and every item with it\n"
    "  item-status=CODE       the same for each Add, Change and Delete of Sync: 6, 7, 8, 16; nothing was done\n"
    "  forget                 what a client writes by Sync or sends is accepted and nothing was done\n"
    "  wrong-id               what was added by Sync or FolderCreate is told by an id of another folder\n"
    "  die                    all was done, and the server ends before a byte of the answer\n"
    "and a WORD\n"
    "  Sync, Ping, OPTIONS ... only this command; several may be named\n"
    "  after=N                not the first N requests\n"
    "  every=N                each Nth request\n"
    "  chance=P               each request with probability P, 0 to 1; seed=N repeats the dice\n"
    "  next=N                 N times altogether\n"
    "  writes                 only a Sync with commands of the client's; not with http and lost-request\n"
    "  retry-after=S          with http: the header\n";

struct rule {
    guint id;
    char *spec;
    GPtrArray *commands; /* of char *; empty: all */
    struct fault fault;
    guint after, every, next; /* next 0: for ever */
    double chance;
    GRand *dice;
    guint seen, fired;
};

struct faults {
    GMutex lock;
    GCond stopped;
    bool stopping;
    GPtrArray *rules; /* of struct rule */
    guint ids;
    guint fired[FAULT_KINDS];
};

static void rule_free(void *data)
{
    struct rule *rule = data;

    g_free(rule->spec);
    g_ptr_array_unref(rule->commands);
    g_rand_free(rule->dice);
    g_free(rule);
}

struct faults *faults_new(void)
{
    struct faults *faults = g_new0(struct faults, 1);

    g_mutex_init(&faults->lock);
    g_cond_init(&faults->stopped);
    faults->rules = g_ptr_array_new_with_free_func(rule_free);
    return faults;
}

void faults_free(struct faults *faults)
{
    g_ptr_array_unref(faults->rules);
    g_mutex_clear(&faults->lock);
    g_cond_clear(&faults->stopped);
    g_free(faults);
}

/* ---- reading a rule ---- */

static bool read_number(const char *text, guint top, guint *number)
{
    guint64 value;

    if (!g_ascii_string_to_unsigned(text, 10, 0, top, &value, NULL))
        return false;
    *number = (guint)value;
    return true;
}

static bool read_kind(struct rule *rule, const char *word)
{
    size_t length = strcspn(word, "=");
    const char *value = word[length] ? word + length + 1 : NULL;

    for (enum fault_kind kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++) {
        if (strlen(kinds[kind].name) != length || strncmp(kinds[kind].name, word, length) != 0)
            continue;
        rule->fault.kind = kind;
        return kinds[kind].value_top ? value && read_number(value, kinds[kind].value_top, &rule->fault.value) : !value;
    }
    return false;
}

static bool read_chance(struct rule *rule, const char *text)
{
    char *end;

    rule->chance = g_ascii_strtod(text, &end);
    return end != text && !*end && rule->chance >= 0 && rule->chance <= 1;
}

static bool read_count(struct rule *rule, const char *word)
{
    guint seed = 0;
    const struct {
        const char *name;
        guint *number;
    } counts[] = {{"after=", &rule->after},
                  {"every=", &rule->every},
                  {"next=", &rule->next},
                  {"retry-after=", &rule->fault.retry_after},
                  {"seed=", &seed}};

    if (g_str_has_prefix(word, "chance="))
        return read_chance(rule, word + strlen("chance="));
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        if (!g_str_has_prefix(word, counts[i].name))
            continue;
        if (!read_number(word + strlen(counts[i].name), G_MAXINT, counts[i].number))
            return false;
        if (counts[i].number == &seed)
            g_rand_set_seed(rule->dice, seed);
        return true;
    }
    return false;
}

/* A request is read before it is known what it does. */
static bool read_writes(struct rule *rule)
{
    rule->fault.writes =
        kinds[rule->fault.kind].documents || rule->fault.kind == FAULT_DELAY || rule->fault.kind == FAULT_LOST_ANSWER;
    return rule->fault.writes;
}

static bool read_command(struct rule *rule, const char *word)
{
    const char *only = kinds[rule->fault.kind].commands;
    const struct command *command = command_find(word);
    bool known = command || (strcmp(word, "OPTIONS") == 0 && !kinds[rule->fault.kind].documents);
    g_auto(GStrv) possible = only ? g_strsplit(only, ",", -1) : NULL;

    if (!known || (possible && !g_strv_contains((const char *const *)possible, command->name)))
        return false;
    g_ptr_array_add(rule->commands, g_strdup(command ? command->name : word));
    return true;
}

static void name_all(struct rule *rule)
{
    const char *only = kinds[rule->fault.kind].commands;
    g_auto(GStrv) names = only ? g_strsplit(only, ",", -1) : NULL;

    for (char **name = names; rule->commands->len == 0 && name && *name; name++)
        g_ptr_array_add(rule->commands, g_strdup(*name));
}

bool faults_add(struct faults *faults, const char *spec, char **error)
{
    struct rule *rule = g_new0(struct rule, 1);
    g_auto(GStrv) words = g_strsplit(spec, ",", -1);
    const char *wrong = words[0] && read_kind(rule, words[0]) ? NULL : spec;

    rule->spec = g_strdup(spec);
    rule->commands = g_ptr_array_new_with_free_func(g_free);
    rule->dice = g_rand_new();
    rule->chance = 1;
    for (char **word = words + 1; !wrong && *word; word++)
        if (!(strchr(*word, '=')             ? read_count(rule, *word)
              : strcmp(*word, "writes") == 0 ? read_writes(rule)
                                             : read_command(rule, *word)))
            wrong = *word;
    if (!wrong) {
        name_all(rule);
        g_mutex_lock(&faults->lock);
        rule->id = rule->fault.rule = ++faults->ids;
        g_ptr_array_add(faults->rules, rule);
        g_mutex_unlock(&faults->lock);
        return true;
    }
    *error = g_strdup_printf("unable to use the fault \"%s\": \"%s\" is none; see easd --help", spec, wrong);
    rule_free(rule);
    return false;
}

void faults_clear(struct faults *faults)
{
    g_mutex_lock(&faults->lock);
    g_ptr_array_set_size(faults->rules, 0);
    g_mutex_unlock(&faults->lock);
}

/* ---- firing ---- */

static bool rule_fits(const struct rule *rule, const char *command, bool documents)
{
    if (kinds[rule->fault.kind].documents && !documents)
        return false;
    return rule->commands->len == 0 || g_ptr_array_find_with_equal_func(rule->commands, command, g_str_equal, NULL);
}

static bool rule_fires(struct rule *rule)
{
    guint turn = rule->seen++;

    if (turn < rule->after || (rule->next && rule->fired >= rule->next))
        return false;
    if (rule->every && (turn - rule->after + 1) % rule->every != 0)
        return false;
    return rule->chance >= 1 || g_rand_double(rule->dice) < rule->chance;
}

struct fault faults_pick(struct faults *faults, const char *command, bool documents)
{
    struct fault fault = {FAULT_NONE};

    g_mutex_lock(&faults->lock);
    for (guint i = 0; i < faults->rules->len && !fault.kind; i++) {
        struct rule *rule = faults->rules->pdata[i];

        if (!rule_fits(rule, command, documents) || !rule_fires(rule))
            continue;
        rule->fired++;
        faults->fired[rule->fault.kind]++;
        fault = rule->fault;
        g_printerr("easd: fault: %s: %s\n", command, rule->spec);
    }
    g_mutex_unlock(&faults->lock);
    return fault;
}

void faults_return(struct faults *faults, const struct fault *fault)
{
    g_mutex_lock(&faults->lock);
    faults->fired[fault->kind]--;
    for (guint i = 0; i < faults->rules->len; i++) {
        struct rule *rule = faults->rules->pdata[i];

        if (rule->id == fault->rule)
            rule->fired--;
    }
    g_mutex_unlock(&faults->lock);
}

bool faults_repeat(struct faults *faults)
{
    bool repeat = false;

    g_mutex_lock(&faults->lock);
    for (guint i = 0; i < faults->rules->len; i++)
        repeat |= ((struct rule *)faults->rules->pdata[i])->fault.kind == FAULT_DUPLICATE;
    g_mutex_unlock(&faults->lock);
    return repeat;
}

/* A rule's words are letters, digits and "=,.-": nothing in it has to be escaped. */
char *faults_tell(struct faults *faults)
{
    GString *text = g_string_new("{\"fired\":{");

    g_mutex_lock(&faults->lock);
    for (enum fault_kind kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++)
        g_string_append_printf(text, "%s\"%s\":%u", kind > FAULT_NONE + 1 ? "," : "", kinds[kind].name,
                               faults->fired[kind]);
    g_string_append(text, "},\"rules\":[");
    for (guint i = 0; i < faults->rules->len; i++) {
        const struct rule *rule = faults->rules->pdata[i];

        g_string_append_printf(text, "%s{\"rule\":\"%s\",\"seen\":%u,\"fired\":%u}", i ? "," : "", rule->spec,
                               rule->seen, rule->fired);
    }
    g_mutex_unlock(&faults->lock);
    return g_string_free(g_string_append(text, "]}\n"), FALSE);
}

bool faults_pause(struct faults *faults, guint ms)
{
    gint64 until = g_get_monotonic_time() + (gint64)ms * 1000;
    bool going;

    g_mutex_lock(&faults->lock);
    while (!faults->stopping && g_cond_wait_until(&faults->stopped, &faults->lock, until))
        ;
    going = !faults->stopping;
    g_mutex_unlock(&faults->lock);
    return going;
}

void faults_stop(struct faults *faults)
{
    g_mutex_lock(&faults->lock);
    faults->stopping = true;
    g_cond_broadcast(&faults->stopped);
    g_mutex_unlock(&faults->lock);
}
