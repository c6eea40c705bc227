#include "codec/files/names.h"

#include <string.h>

#include "codec/limits.h"

#define NANO G_GINT64_CONSTANT(1000000000)

/* Characters that change how the text around them is shown, or are not shown at all: a name must
 * read as it is. The joiners U+200C and U+200D stay, scripts and emoji need them. */
static const struct char_range {
    gunichar first, last;
} hidden[] = {
    {0x00ad, 0x00ad}, /* soft hyphen */
    {0x061c, 0x061c}, /* Arabic letter mark */
    {0x180e, 0x180e}, /* Mongolian vowel separator */
    {0x200b, 0x200b}, /* zero width space */
    {0x200e, 0x200f}, /* left-to-right and right-to-left mark */
    {0x202a, 0x202e}, /* embeddings and overrides */
    {0x2060, 0x206f}, /* word joiner, isolates, deprecated format characters */
    {0xfdd0, 0xfdef}, /* no characters */
    {0xfeff, 0xfeff}, /* byte order mark */
    {0xfff0, 0xfffb}, /* unassigned specials, interlinear annotation */
    {0xfffe, 0xffff}, /* no characters */
};

static bool is_hidden(gunichar c)
{
    for (size_t i = 0; i < G_N_ELEMENTS(hidden); i++)
        if (c >= hidden[i].first && c <= hidden[i].last)
            return true;
    return (c & 0xfffe) == 0xfffe;
}

static bool is_blank(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);

    return type == G_UNICODE_CONTROL || type == G_UNICODE_SPACE_SEPARATOR || type == G_UNICODE_LINE_SEPARATOR ||
           type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* The text in NFC with every run of blanks and controls as one space, slashes as "_", hidden
 * characters gone. Only as much is read as a name can use, normalisation shrinking it or not. */
static GString *clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    g_autoptr(GString) kept = g_string_new(NULL);

    for (const char *p = valid; *p && kept->len < 8 * LIMIT_NAME_BYTES; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (is_blank(c)) {
            if (kept->len > 0 && kept->str[kept->len - 1] != ' ')
                g_string_append_c(kept, ' ');
        } else if (!is_hidden(c)) {
            g_string_append_unichar(kept, c == '/' ? '_' : c);
        }
    }

    g_autofree char *normal = g_utf8_normalize(kept->str, -1, G_NORMALIZE_NFC);
    return g_string_new(normal);
}

/* Whether c belongs to the character before it (UAX 29, the rules that matter in names). */
static bool continues_cluster(gunichar before, gunichar c, unsigned flags_before)
{
    bool indicator = c >= 0x1f1e6 && c <= 0x1f1ff;

    return g_unichar_ismark(c) || c == 0x200d || c == 0x200c || before == 0x200d ||
           (c >= 0x1f3fb && c <= 0x1f3ff) /* skin tones */ || (c >= 0xe0020 && c <= 0xe007f) /* flag tags */ ||
           (c >= 0x1160 && c <= 0x11ff) /* Hangul vowels and finals */ || (indicator && flags_before % 2 == 1);
}

/* Cuts text to at most limit bytes between two characters as a reader sees them; in the middle of
 * one only where the very first is longer than that. */
static void cut(GString *text, size_t limit)
{
    size_t between = 0, code_point = 0;
    gunichar before = 0;
    unsigned flags = 0;

    if (text->len <= limit)
        return;
    for (const char *p = text->str; (size_t)(p - text->str) <= limit; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        code_point = p - text->str;
        if (!continues_cluster(before, c, flags))
            between = code_point;
        flags = c >= 0x1f1e6 && c <= 0x1f1ff ? flags + 1 : 0;
        before = c;
    }
    g_string_truncate(text, between ? between : code_point);
}

static void trim_head(GString *text)
{
    g_string_erase(text, 0, strspn(text->str, ".-~ "));
}

static void trim_tail(GString *text, const char *characters)
{
    while (text->len > 0 && strchr(characters, text->str[text->len - 1]))
        g_string_truncate(text, text->len - 1);
}

/* Puts number and ending behind stem, which is cut to make room. */
static char *finish(GString *stem, const char *tail, unsigned number, const char *ending)
{
    g_autofree char *suffix = number > 1 ? g_strdup_printf(" (%u)%s", number, ending) : g_strdup(ending);

    cut(stem, LIMIT_NAME_BYTES - strlen(suffix));
    trim_tail(stem, tail);
    g_string_append(stem, suffix);
    return g_strdup(stem->str);
}

static char *date_prefix(gint64 date_ns)
{
    gint64 seconds = date_ns / NANO - (date_ns % NANO < 0);
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);

    return g_date_time_format(date, "%Y-%m-%d %H.%M.%S ");
}

char *name_generate(enum eas_class class, gint64 date_ns, const char *title, unsigned number)
{
    g_autoptr(GString) stem = clean(title);

    trim_head(stem);
    trim_tail(stem, ". ");
    if (stem->len == 0)
        g_string_assign(stem, "untitled");
    if (class == EAS_MAIL) {
        g_autofree char *prefix = date_prefix(date_ns);

        g_string_prepend(stem, prefix);
    }
    return finish(stem, ". ", number, eas_classes[class].ending);
}

/* A directory that bears an item's ending would be taken for an item by every vdir tool. */
static void hide_item_ending(GString *name)
{
    for (int class = 0; class < EAS_CLASSES; class ++) {
        const char *ending = eas_classes[class].ending;
        size_t length = strlen(ending);

        if (name->len > length && g_ascii_strcasecmp(name->str + name->len - length, ending) == 0)
            name->str[name->len - length] = '_';
    }
}

char *name_folder(const char *display_name, unsigned number)
{
    g_autoptr(GString) name = clean(display_name);

    trim_head(name);
    cut(name, LIMIT_NAME_BYTES);
    trim_tail(name, "~. ");
    hide_item_ending(name);
    if (name->len == 0)
        g_string_assign(name, "untitled");
    return finish(name, "~. ", number, "");
}

char *name_fold(const char *name)
{
    g_autofree char *valid = g_utf8_make_valid(name, -1);
    g_autofree char *apart = g_utf8_normalize(valid, -1, G_NORMALIZE_NFD);
    g_autofree char *folded = g_utf8_casefold(apart, -1);

    return g_utf8_normalize(folded, -1, G_NORMALIZE_NFC);
}

bool name_is_allowed(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length > LIMIT_USER_NAME_BYTES || !g_utf8_validate(name, length, NULL))
        return false;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (const char *p = name; *p; p = g_utf8_next_char(p))
        if (*p == '/' || g_unichar_iscntrl(g_utf8_get_char(p)))
            return false;
    return true;
}
