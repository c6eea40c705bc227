#include "codec/files/card_lines.h"

#include <string.h>

#include "codec/files/card_text.h"
#include "codec/limits.h"

static void line_free(void *data)
{
    struct card_line *line = data;

    g_free(line->head);
    g_free(line->group);
    g_free(line->name);
    g_free(line->value);
    g_ptr_array_unref(line->types);
    g_free(line);
}

void card_clear(struct card *card)
{
    g_clear_pointer(&card->lines, g_ptr_array_unref);
}

static bool refuse(char **reason, const char *why)
{
    *reason = g_strdup(why);
    return false;
}

/* ---- one line ---- */

/* Where head ends: at the first colon outside quotes. NULL: this is no line of a card. */
static const char *find_colon(const char *line)
{
    bool quoted = false;

    for (; *line; line++)
        if (*line == '"')
            quoted = !quoted;
        else if (*line == ':' && !quoted)
            return line;
    return NULL;
}

/* The parameters of a head, each "NAME=value" or bare; the first is the name itself. */
static char **split_head(const char *head)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    const char *start = head;
    bool quoted = false;

    for (const char *p = head;; p++) {
        if (*p == '"')
            quoted = !quoted;
        if (*p && (*p != ';' || quoted))
            continue;
        g_ptr_array_add(parts, g_strstrip(g_strndup(start, p - start)));
        start = p + 1;
        if (!*p)
            break;
    }
    g_ptr_array_add(parts, NULL);
    return (char **)g_ptr_array_steal(parts, NULL);
}

static char *parameter_text(const char *value)
{
    GString *text = g_string_new(NULL);

    for (; *value; value++)
        if (*value == '^' && value[1] && strchr("n'^", value[1])) {
            value++;
            g_string_append_c(text, *value == 'n' ? '\n' : *value == '\'' ? '"' : '^');
        } else if (*value != '"') {
            g_string_append_c(text, *value);
        }
    return g_string_free(text, FALSE);
}

char *card_parameter(const struct card_line *line, const char *name)
{
    g_auto(GStrv) parts = split_head(line->head);
    size_t length = strlen(name);

    for (char **part = parts + 1; *parts && *part; part++)
        if (g_ascii_strncasecmp(*part, name, length) == 0 && (*part)[length] == '=')
            return parameter_text(*part + length + 1);
    return NULL;
}

static void add_types(struct card_line *line, const char *list)
{
    g_auto(GStrv) words = g_strsplit_set(list, ",\"", -1);

    for (char **word = words; *word; word++) {
        g_autofree char *type = g_ascii_strdown(g_strstrip(*word), -1);
        const char *bare = g_str_has_prefix(type, "x-evolution-") ? type + strlen("x-evolution-")
                           : g_str_has_prefix(type, "x-")         ? type + 2
                                                                  : type;

        if (strcmp(bare, "pref") == 0)
            line->preference = 1;
        else if (*bare)
            g_ptr_array_add(line->types, g_strdup(bare));
    }
}

bool card_has_type(const struct card_line *line, const char *type)
{
    return g_ptr_array_find_with_equal_func(line->types, type, g_str_equal, NULL);
}

static bool is_coding(const char *part)
{
    return !g_ascii_strcasecmp(part, "QUOTED-PRINTABLE") || !g_ascii_strcasecmp(part, "BASE64") ||
           !g_ascii_strcasecmp(part, "8BIT") || !g_ascii_strcasecmp(part, "7BIT") || !g_ascii_strcasecmp(part, "B");
}

/* One parameter: what it says goes into line and coding, how 3.0 says it onto head. */
static void take_parameter(struct card_line *line, struct card_coding *coding, GString *head, const char *part)
{
    const char *equals = strchr(part, '=');
    g_autofree char *name = equals ? g_ascii_strup(part, equals - part) : NULL;
    const char *value = equals ? equals + 1 : part;

    if (name && !strcmp(name, "CHARSET")) {
        g_free(coding->charset);
        coding->charset = parameter_text(value);
    } else if ((name && !strcmp(name, "ENCODING")) || (!name && is_coding(part))) {
        coding->quoted_printable |= !g_ascii_strcasecmp(value, "QUOTED-PRINTABLE");
        coding->base64 |= !g_ascii_strcasecmp(value, "BASE64") || !g_ascii_strcasecmp(value, "B");
    } else if (!name && *part) { /* 2.1 leaves TYPE= out */
        add_types(line, part);
        g_string_append_printf(head, ";TYPE=%s", part);
    } else if (*part) {
        if (!strcmp(name, "TYPE"))
            add_types(line, value);
        if (!strcmp(name, "PREF"))
            line->preference = CLAMP(atoi(value), 1, 100);
        g_string_append_printf(head, ";%s", part);
    }
}

static char *without_space(const char *text)
{
    GString *out = g_string_sized_new(strlen(text));

    for (; *text; text++)
        if (!g_ascii_isspace(*text))
            g_string_append_c(out, *text);
    return g_string_free(out, FALSE);
}

static struct card_line *line_new(const char *text, const char *colon, int version, char **reason)
{
    g_autofree char *raw_head = g_strndup(text, colon - text);
    g_auto(GStrv) parts = split_head(raw_head);
    g_autoptr(GString) head = g_string_new(parts[0]);
    const char *dot = strchr(parts[0], '.');
    struct card_line *line = g_new0(struct card_line, 1);
    struct card_coding coding = {0};

    line->types = g_ptr_array_new_with_free_func(g_free);
    line->preference = 101;
    line->group = dot ? g_ascii_strdown(parts[0], dot - parts[0]) : g_strdup("");
    line->name = g_ascii_strup(dot ? dot + 1 : parts[0], -1);
    for (char **part = parts + 1; *part; part++)
        take_parameter(line, &coding, head, *part);
    line->base64 = coding.base64;
    if (!g_utf8_validate(raw_head, -1, NULL) || (coding.base64 && !g_utf8_validate(colon, -1, NULL))) {
        *reason = g_strdup(CARD_NOT_UTF_8);
    } else if (coding.base64) {
        g_string_append(head, ";ENCODING=b");
        line->value = without_space(colon + 1);
    } else {
        coding.old = version == 21;
        coding.list = strcmp(line->name, "CATEGORIES") == 0;
        line->value = card_decode(&coding, colon + 1, reason);
    }
    g_free(coding.charset);
    line->head = g_strdup(head->str);
    if (line->value)
        return line;
    line_free(line);
    return NULL;
}

/* ---- the whole ---- */

/* Bytes as text: UTF-16 by its mark, without a mark of UTF-8. */
static char *text_of(const char *bytes, size_t length, char **reason)
{
    bool little = length >= 2 && !memcmp(bytes, "\xff\xfe", 2), big = length >= 2 && !memcmp(bytes, "\xfe\xff", 2);
    g_autofree char *text = NULL;
    gsize written = length;

    if (length > LIMIT_WRITTEN_BYTES) {
        *reason = g_strdup_printf("the card is larger than %d MB; make it smaller", LIMIT_WRITTEN_BYTES >> 20);
        return NULL;
    }
    if (little || big) {
        text =
            g_convert(bytes + 2, (gssize)length - 2, "UTF-8", little ? "UTF-16LE" : "UTF-16BE", NULL, &written, NULL);
    } else {
        size_t mark = length >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0;

        written = length - mark;
        text = g_strndup(bytes + mark, written);
    }
    if (text && strlen(text) == written)
        return g_steal_pointer(&text);
    *reason = g_strdup("the card is no text; save it as UTF-8");
    return NULL;
}

/* The next line as it stands, without its end and what nobody can see; *text moves on. NULL at the end. */
static char *next_physical(const char **text)
{
    const char *start = *text;
    size_t length = strcspn(start, "\r\n");

    if (!*start)
        return NULL;
    size_t ends = strspn(start + length, "\r"); /* some programs write two of them */
    *text = start + length + ends + (start[length + ends] == '\n');

    GString *line = g_string_sized_new(length);
    for (size_t i = 0; i < length; i++)
        if (!card_is_control(start[i]))
            g_string_append_c(line, start[i]);
    return g_string_free(line, FALSE);
}

static bool says(const char *line, const char *words)
{
    const char *colon = find_colon(line);
    g_autofree char *head = g_ascii_strup(line, colon ? colon - line : -1);

    return strstr(head, words) != NULL;
}

/* 2.1 lets base64 go on without a blank in front, up to an empty line; some write 3.0 so too. */
static bool goes_on_as_base64(const char *line)
{
    size_t letters = strspn(line, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "+/=");

    return letters > 0 && !line[letters];
}

/* The next whole line: folds undone, soft line breaks of quoted-printable too. NULL at the end. */
static char *next_line(const char **text, int version)
{
    g_autofree char *first = next_physical(text);

    if (!first)
        return NULL;

    GString *line = g_string_new(first);
    bool soft = says(first, "QUOTED-PRINTABLE"), base64 = says(first, "BASE64") || says(first, "ENCODING=B");

    for (;;) {
        const char *rest = *text;

        if (soft && line->len > 0 && line->str[line->len - 1] == '=') {
            g_autofree char *more = next_physical(text);

            g_string_truncate(line, line->len - 1);
            if (!more)
                break;
            g_string_append(line, more);
        } else if (*rest == ' ' || *rest == '\t') {
            g_autofree char *more = next_physical(text);

            g_string_append(line, more + (version == 21 && !base64 ? 0 : 1));
        } else if (base64) {
            g_autofree char *more = next_physical(&rest);

            if (!more || !goes_on_as_base64(more))
                break;
            g_string_append(line, more);
            *text = rest;
        } else {
            break;
        }
    }
    return g_string_free(line, FALSE);
}

static int version_of(const char *text)
{
    g_autoptr(GRegex) regex =
        g_regex_new("^VERSION[^:\r\n]*:[ \t]*([0-9]+)", G_REGEX_CASELESS | G_REGEX_MULTILINE | G_REGEX_RAW,
                    G_REGEX_MATCH_NEWLINE_ANY, NULL);
    g_autoptr(GMatchInfo) match = NULL;

    if (!g_regex_match(regex, text, 0, &match))
        return 30;
    g_autofree char *number = g_match_info_fetch(match, 1);
    int version = atoi(number);
    return version <= 2 ? 21 : version == 3 ? 30 : 40;
}

/* "BEGIN:VCARD" and "END:VCARD", however they are spaced. */
static bool is_mark(const char *line, const char *mark)
{
    g_autofree char *plain = without_space(line);

    return g_ascii_strcasecmp(plain, mark) == 0;
}

static bool read_lines(const char *text, struct card *card, char **reason)
{
    unsigned open = 0, cards = 0;
    char *raw;

    while ((raw = next_line(&text, card->version))) {
        g_autofree char *line = raw;
        const char *colon = find_colon(line);

        if (!line[strspn(line, " \t")])
            continue;
        if (is_mark(line, "BEGIN:VCARD")) {
            if (open++ == 0 && cards++ > 0)
                return refuse(reason, "the file holds several cards; put each into a file of its own");
        } else if (open == 0) {
            return refuse(reason, "the file holds something beside its card; a card is from BEGIN:VCARD to END:VCARD");
        } else if (is_mark(line, "END:VCARD")) {
            open--;
        } else if (!colon) {
            return refuse(reason, "a line of the card has no colon; a line is a name, a colon and a value");
        } else if (open > 1 || !g_ascii_strncasecmp(line, "VERSION", strlen("VERSION"))) {
            continue; /* another card inside this one (AGENT of 2.1) is no part of it */
        } else if (card->lines->len >= LIMIT_CARD_LINES) {
            return refuse(reason, "the card has too many lines");
        } else {
            struct card_line *parsed = line_new(line, colon, card->version, reason);

            if (!parsed)
                return false;
            g_ptr_array_add(card->lines, parsed);
        }
    }
    if (cards == 0)
        return refuse(reason, "this is no vCard; a card begins with BEGIN:VCARD");
    return open == 0 || refuse(reason, "the card ends in the middle; END:VCARD is missing");
}

/* "_$!<Mobile>!$_", or what a person wrote. */
static void add_label(struct card *card, const struct card_line *label)
{
    g_autofree char *text = card_text(label->value);
    char *word = g_str_has_prefix(text, "_$!<") ? text + 4 : text;
    char *end = strstr(word, ">!$_");

    if (end)
        *end = 0;
    for (guint i = 0; i < card->lines->len; i++) {
        struct card_line *line = card->lines->pdata[i];

        if (line != label && strcmp(line->group, label->group) == 0)
            add_types(line, word);
    }
}

/* A label of its own for each of many lines would take time by their square. */
static void add_labels(struct card *card)
{
    enum { LABELS = 100 };
    int labels = 0;

    for (guint i = 0; i < card->lines->len && labels < LABELS; i++) {
        const struct card_line *line = card->lines->pdata[i];

        if (*line->group && strcmp(line->name, "X-ABLABEL") == 0 && ++labels)
            add_label(card, line);
    }
}

bool card_read(const char *bytes, size_t length, struct card *card, char **reason)
{
    *reason = NULL;
    g_autofree char *text = text_of(bytes, length, reason);

    if (!text)
        return false;
    *card = (struct card){version_of(text), g_ptr_array_new_with_free_func(line_free)};
    if (!read_lines(text, card, reason)) {
        card_clear(card);
        return false;
    }
    add_labels(card);
    return true;
}
