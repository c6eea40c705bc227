#include "codec/wire/policy.h"

#include <stdlib.h>
#include <string.h>

#include "codec/wire/tags.h"

enum demand { DEMAND_ON, DEMAND_OFF, DEMAND_SIZE, DEMAND_CUT, DEMAND_SET };
enum stance { STANCE_HONOURED, STANCE_REPORTED, STANCE_UNMET, STANCE_DEVICE, STANCES };
enum rule { RULE_NONE, RULE_ENCRYPT, RULE_MAIL_AGE, RULE_CALENDAR_AGE };

enum { SHOWN_BYTES = 80 }; /* of a value: a list of programs may be long */

static const struct policy_row {
    const char *name;
    enum demand demand;
    enum stance stance;
    enum rule rule;
    const char *text;
} rows[] = {
#define POLICY(setting, demands, stance, rule, text) {#setting, DEMAND_##demands, STANCE_##stance, RULE_##rule, text},
#include "codec/wire/policy.def"
#undef POLICY
};

static const char *const titles[STANCES] = {
    [STANCE_HONOURED] = "kept",
    [STANCE_REPORTED] = "not known",
    [STANCE_UNMET] = "not kept",
    [STANCE_DEVICE] = "the machine's own",
};

char *policy_text(const struct eas_node *document)
{
    GString *text = g_string_new(NULL);

    for (const struct eas_node *setting = document ? document->first : NULL; setting; setting = setting->next) {
        const char *name = eas_tag_name(setting->tag);
        g_autofree char *value = setting->length
                                     ? g_utf8_make_valid(setting->text, (gssize)MIN(setting->length, SHOWN_BYTES))
                                     : g_strdup("listed");

        /* A list of programs is one that has members. */
        if (name && (setting->length || setting->first))
            g_string_append_printf(text, "%s%s=%s", text->len ? "\n" : "", name, g_strdelimit(value, "\r\n", ' '));
    }
    return g_string_free(text, FALSE);
}

/* One line's row and value; NULL for what no row knows. */
static const struct policy_row *row_of(const char *line, const char **value)
{
    size_t length = strcspn(line, "=");

    *value = line[length] ? line + length + 1 : "";
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strlen(rows[i].name) == length && !strncmp(rows[i].name, line, length))
            return &rows[i];
    return NULL;
}

static bool demands(const struct policy_row *row, const char *value)
{
    char *end;
    long number = strtol(value, &end, 10);
    bool is_number = end != value && !*end;

    switch (row->demand) {
    case DEMAND_ON:
        return is_number ? number != 0 : !g_ascii_strcasecmp(value, "true");
    case DEMAND_OFF:
        return is_number ? number == 0 : !g_ascii_strcasecmp(value, "false");
    case DEMAND_SIZE:
        return is_number && number > 0;
    case DEMAND_CUT:
        return is_number && number >= 0;
    default:
        return *value != '\0';
    }
}

static void take(struct policy_rules *rules, const struct policy_row *row, const char *value)
{
    int number = (int)CLAMP(strtol(value, NULL, 10), 0, G_MAXINT);

    if (row->stance == STANCE_UNMET)
        rules->status = POLICY_PARTLY;
    if (row->rule == RULE_ENCRYPT)
        rules->encrypt = true;
    else if (row->rule == RULE_MAIL_AGE)
        rules->mail_age = number;
    else if (row->rule == RULE_CALENDAR_AGE)
        rules->calendar_age = number;
}

struct policy_rules policy_rules(const char *text)
{
    struct policy_rules rules = {.status = POLICY_APPLIED};
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

    for (char **line = lines; *line; line++) {
        const char *value;
        const struct policy_row *row = row_of(*line, &value);

        if (row && demands(row, value))
            take(&rules, row, value);
    }
    return rules;
}

static void add_word(GString *out, const struct policy_row *row, const char *line, enum stance stance)
{
    g_string_append_printf(out, "%s%s: %s", out->len ? "\n" : "", titles[stance], line);
    if (row->text && stance == row->stance)
        g_string_append_printf(out, " (%s)", row->text);
}

char *policy_words(const char *text, bool sealed)
{
    g_auto(GStrv) lines = NULL;
    GString *out;

    if (!text || !*text)
        return NULL;
    out = g_string_new(NULL);
    lines = g_strsplit(text, "\n", -1);
    for (enum stance stance = 0; stance < STANCES; stance++) {
        for (char **line = lines; *line; line++) {
            const char *value;
            const struct policy_row *row = row_of(*line, &value);

            if (!row || !demands(row, value))
                continue;
            /* Until the replica is begun anew. */
            if ((row->rule == RULE_ENCRYPT && !sealed ? STANCE_UNMET : row->stance) == stance)
                add_word(out, row, *line, stance);
        }
    }
    if (!out->len)
        g_string_append(out, "asks for nothing");
    return g_string_free(out, FALSE);
}
