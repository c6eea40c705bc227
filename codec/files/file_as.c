#include "codec/files/file_as.h"

#include <string.h>

#include "codec/files/contact_value.h"

/* F first, M middle, L last name, S suffix, C company, N nickname, E e-mail addresses, T numbers; everything else
 * stands for itself. The order is that of how often they are met: where two make the same, the first is followed. */
static const char *const patterns[] = {
    "L, F",      "F L", "L, F M", "F M L", "L, F M S", "F M L S",  "L F",     "L F M",       "L F M S",     "L, F S",
    "F L S",     "C",   "F",      "F M",   "L",        "L, F (C)", "F L (C)", "L, F M\n(C)", "C\n(L, F M)", "L, F M\nC",
    "C\nL, F M", "N",   "E1",     "E2",    "E3",       "T1",       "T2",      "T3",
};

static const struct {
    const char *word;
    eas_tag tag;
} words[] = {
    {"F", TAG_Contacts_FirstName},
    {"M", TAG_Contacts_MiddleName},
    {"L", TAG_Contacts_LastName},
    {"S", TAG_Contacts_Suffix},
    {"C", TAG_Contacts_CompanyName},
    {"N", TAG_Contacts2_NickName},
    {"E1", TAG_Contacts_Email1Address},
    {"E2", TAG_Contacts_Email2Address},
    {"E3", TAG_Contacts_Email3Address},
    {"T1", TAG_Contacts_MobilePhoneNumber},
    {"T2", TAG_Contacts_BusinessPhoneNumber},
    {"T3", TAG_Contacts_HomePhoneNumber},
};

/* The name a pattern begins with, "" where data has none; NULL where it begins with something else. *length: of the
 * word. */
static char *name_of(const struct eas_node *data, const char *pattern, size_t *length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_has_prefix(pattern, words[i].word)) {
            *length = strlen(words[i].word);
            return contact_element(data, words[i].tag);
        }
    *length = 1;
    return NULL;
}

/* White space run together, none at the ends, and no comma or bracket that is left over where a name is missing. */
static char *tidy(const char *untidy)
{
    g_autofree char *plain = contact_plain(CONTACT_TEXT, untidy);
    g_autoptr(GString) out = g_string_new(NULL);

    for (const char *text = plain; *text; text++) {
        bool space = g_ascii_isspace(*text), last = out->len > 0 && out->str[out->len - 1] == ' ';

        if (space && (last || out->len == 0))
            continue;
        if (*text == ')' && out->len > 0 && out->str[out->len - 1] == '(')
            g_string_truncate(out, out->len - 1);
        else if (*text != ',' || out->len > 0)
            g_string_append_c(out, space ? ' ' : *text);
    }
    while (out->len > 0 && strchr(" ,", out->str[out->len - 1]))
        g_string_truncate(out, out->len - 1);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *make(const struct eas_node *data, const char *pattern)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (size_t length; *pattern; pattern += length) {
        g_autofree char *name = name_of(data, pattern, &length);

        if (name)
            g_string_append(out, name);
        else
            g_string_append_c(out, *pattern);
    }
    return tidy(out->str);
}

static const char *find_pattern(const struct eas_node *data, const char *text)
{
    g_autofree char *wanted = tidy(text);

    if (!*wanted) /* nothing but commas: nobody thought of that */
        return patterns[0];
    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
        g_autofree char *made = make(data, patterns[i]);

        if (*made && strcmp(made, wanted) == 0)
            return patterns[i];
    }
    return NULL;
}

static const char *file_as(const struct eas_node *data)
{
    const char *text = eas_node_text(data, TAG_Contacts_FileAs);

    return text && text[strspn(text, " \t\r\n")] ? text : NULL;
}

bool file_as_is_made(const struct eas_node *data, const char *text)
{
    return find_pattern(data, text) != NULL;
}

const char *file_as_own(const struct eas_node *data)
{
    const char *text = file_as(data);

    return text && !find_pattern(data, text) ? text : NULL;
}

char *file_as_follow(const struct eas_node *old, const struct eas_node *data)
{
    const char *text = file_as(old), *pattern = text ? find_pattern(old, text) : NULL;
    g_autofree char *made = pattern ? make(data, pattern) : NULL;

    return made && *made ? g_steal_pointer(&made) : g_strdup(text);
}

bool file_as_same(const struct eas_node *one, const struct eas_node *other)
{
    const char *first = file_as(one), *second = file_as(other);
    g_autofree char *a = tidy(first ? first : ""), *b = tidy(second ? second : "");

    if (first && second)
        return strcmp(a, b) == 0;
    return !file_as_own(one) && !file_as_own(other);
}
