#include "fs/oof_text.h"

#include <string.h>

static const char *const states[] = {[OOF_OFF] = "off", [OOF_ON] = "on", [OOF_SCHEDULED] = "scheduled"};

/* Whoever is outside is answered the same, known or not. */
static const struct {
    const char *name;
    enum oof_audience shown, also;
} sections[] = {
    {"internal", OOF_INTERNAL, OOF_INTERNAL},
    {"external", OOF_EXTERNAL_KNOWN, OOF_EXTERNAL_UNKNOWN},
};

char *instant_parse(const char *text)
{
    g_autofree char *whole =
        strchr(text, 'T') || strchr(text, ' ') ? g_strdup(text) : g_strconcat(text, "T00:00:00", NULL);
    g_autoptr(GTimeZone) here = g_time_zone_new_local();
    g_autoptr(GDateTime) when = NULL;
    const size_t minutes = strlen("2026-12-24T08:00");

    g_strdelimit(whole, " ", 'T');
    if (strlen(whole) >= minutes && strchr("Z+-", whole[minutes])) { /* seconds are nobody's habit */
        g_autofree char *zone = g_strdup(whole + minutes), *rest = whole;

        whole = g_strdup_printf("%.*s:00%s", (int)minutes, rest, zone);
    }
    when = g_date_time_new_from_iso8601(whole, here);
    if (!when)
        return NULL;
    g_autoptr(GDateTime) utc = g_date_time_to_utc(when);

    return g_date_time_format(utc, "%Y-%m-%dT%H:%M:%S.000Z");
}

char *instant_print(const char *wire)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_iso8601(wire, NULL);

    return when ? g_date_time_format(when, "%Y-%m-%dT%H:%M:%SZ") : g_strdup(wire);
}

static void print_instant(GString *out, const char *key, const char *wire)
{
    g_autofree char *text = wire ? instant_print(wire) : NULL;

    if (text)
        g_string_append_printf(out, "%s %s\n", key, text);
}

char *oof_print(const struct oof *oof)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "state %s\n", states[oof->state]);
    if (oof->state == OOF_SCHEDULED) {
        print_instant(out, "from", oof->start);
        print_instant(out, "until", oof->end);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(sections); i++) {
        const struct oof_message *message = &oof->messages[sections[i].shown];
        const char *text = message->text ? message->text : "";

        if (!message->given)
            message = &oof->messages[sections[i].also];
        if (!message->given)
            continue;
        text = message->text ? message->text : "";
        g_string_append_printf(out, "[%s%s]\n%s", sections[i].name, message->enabled ? "" : " off", text);
        if (*text && !g_str_has_suffix(text, "\n"))
            g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

/* ---- reading ---- */

static bool parse_section(const char *line, size_t *which, bool *enabled)
{
    for (*which = 0; *which < G_N_ELEMENTS(sections); (*which)++) {
        g_autofree char *on = g_strdup_printf("[%s]", sections[*which].name);
        g_autofree char *off = g_strdup_printf("[%s off]", sections[*which].name);

        *enabled = strcmp(line, on) == 0;
        if (*enabled || strcmp(line, off) == 0)
            return true;
    }
    return false;
}

static bool parse_key(const char *line, struct oof *oof, char **why)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 2);
    const char *value = words[0] && words[1] ? g_strstrip(words[1]) : "";
    char **instant = !strcmp(words[0], "from") ? &oof->start : !strcmp(words[0], "until") ? &oof->end : NULL;

    if (instant) {
        g_free(*instant);
        *instant = instant_parse(value);
        if (!*instant)
            *why = g_strdup_printf("\"%s\" is no date", value);
        return *instant != NULL;
    }
    if (strcmp(words[0], "state") == 0)
        for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
            if (strcmp(value, states[i]) == 0) {
                oof->state = (enum oof_state)i;
                return true;
            }
    *why = g_strdup_printf("\"%s\" is not understood; write state off, on or scheduled, from, until, [internal] or "
                           "[external]",
                           line);
    return false;
}

static void end_section(struct oof *oof, size_t which, bool enabled, GString *text)
{
    const enum oof_audience both[] = {sections[which].shown, sections[which].also};

    for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
        struct oof_message *message = &oof->messages[both[i]];

        g_free(message->text);
        *message = (struct oof_message){.given = true, .enabled = enabled, .text = g_strndup(text->str, text->len)};
    }
    g_string_truncate(text, 0);
}

static bool is_whole(const struct oof *oof, char **why)
{
    if (oof->state == OOF_SCHEDULED && (!oof->start || !oof->end))
        *why = g_strdup("a schedule needs both from and until");
    else if (oof->state == OOF_SCHEDULED && strcmp(oof->start, oof->end) >= 0)
        *why = g_strdup("until lies before from");
    return !*why;
}

bool oof_parse(const char *text, struct oof *oof, char **why)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) message = g_string_new(NULL);
    size_t open = G_N_ELEMENTS(sections), which;
    bool enabled = false, next_enabled;

    *oof = (struct oof){.state = OOF_OFF};
    *why = NULL;
    for (size_t i = 0; lines[i] && !*why; i++) {
        char *line = lines[i];

        if (parse_section(line, &which, &next_enabled)) {
            if (open < G_N_ELEMENTS(sections))
                end_section(oof, open, enabled, message);
            open = which;
            enabled = next_enabled;
        } else if (open < G_N_ELEMENTS(sections)) {
            g_string_append_printf(message, "%s%s", line, lines[i + 1] ? "\n" : "");
        } else if (*g_strstrip(line) && *line != '#') {
            parse_key(line, oof, why);
        }
    }
    if (open < G_N_ELEMENTS(sections))
        end_section(oof, open, enabled, message);
    if (!*why && is_whole(oof, why))
        return true;
    oof_clear(oof);
    return false;
}
