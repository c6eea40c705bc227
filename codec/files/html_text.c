#include "codec/files/html_text.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

enum { ENTITY_LENGTH = 10 };

/* Elements that begin on a line of their own, and those of which nothing is shown. */
static const char *const blocks[] = {"address", "blockquote", "br",    "div", "dd", "dl", "dt", "h1",
                                     "h2",      "h3",         "h4",    "h5",  "h6", "hr", "li", "ol",
                                     "p",       "pre",        "table", "tr",  "ul", NULL};
static const char *const hidden[] = {"head", "script", "style", "title", NULL};

static const struct {
    const char *name, *text;
} entities[] = {
    {"amp", "&"},         {"lt", "<"},          {"gt", ">"},          {"quot", "\""},       {"apos", "'"},
    {"nbsp", " "},        {"ndash", "\u2013"},  {"mdash", "\u2014"},  {"hellip", "\u2026"}, {"bull", "\u2022"},
    {"lsquo", "\u2018"},  {"rsquo", "\u2019"},  {"ldquo", "\u201c"},  {"rdquo", "\u201d"},  {"euro", "\u20ac"},
    {"copy", "\u00a9"},   {"reg", "\u00ae"},    {"deg", "\u00b0"},    {"auml", "\u00e4"},   {"ouml", "\u00f6"},
    {"uuml", "\u00fc"},   {"Auml", "\u00c4"},   {"Ouml", "\u00d6"},   {"Uuml", "\u00dc"},   {"szlig", "\u00df"},
    {"agrave", "\u00e0"}, {"eacute", "\u00e9"}, {"egrave", "\u00e8"}, {"ccedil", "\u00e7"}, {"ntilde", "\u00f1"},
};

/* After a line end white space is dropped; before a word it is one blank. */
struct text {
    GString *out;
    bool blank;
};

static void put(struct text *text, const char *bytes, size_t length)
{
    if (text->blank && text->out->len && text->out->str[text->out->len - 1] != '\n')
        g_string_append_c(text->out, ' ');
    text->blank = false;
    g_string_append_len(text->out, bytes, (gssize)length);
}

static void end_line(struct text *text, bool always)
{
    text->blank = false;
    if (always || (text->out->len && text->out->str[text->out->len - 1] != '\n'))
        g_string_append_c(text->out, '\n');
}

static bool put_number(struct text *text, const char *name)
{
    bool hexadecimal = name[1] == 'x' || name[1] == 'X';
    const char *digits = name + 1 + hexadecimal;
    char *end, bytes[6];
    guint64 number = g_ascii_strtoull(digits, &end, hexadecimal ? 16 : 10);
    if (end == digits || *end || number < ' ' || number > 0x10ffff || !g_unichar_validate((gunichar)number))
        return false;
    put(text, bytes, (size_t)g_unichar_to_utf8((gunichar)number, bytes));
    return true;
}

/* html stands at '&'. Returns what follows the entity, or follows the '&' of what is none. */
static const char *take_entity(struct text *text, const char *html)
{
    char name[ENTITY_LENGTH + 1];
    size_t length = strcspn(html + 1, "; <&\t\r\n");
    if (length > 0 && length <= ENTITY_LENGTH && html[1 + length] == ';') {
        memcpy(name, html + 1, length);
        name[length] = '\0';
        const char *after = html + length + 2;
        if (*name == '#' && put_number(text, name))
            return after;
        for (size_t i = 0; i < G_N_ELEMENTS(entities); i++) {
            if (!g_str_equal(name, entities[i].name))
                continue;
            put(text, entities[i].text, strlen(entities[i].text));
            return after;
        }
    }
    put(text, html, 1);
    return html + 1;
}

/* Past the end tag of the element, or to the end of everything where it never ends. */
static const char *skip_hidden(const char *html, const char *name)
{
    size_t length = strlen(name);
    for (; *html; html++)
        if (html[0] == '<' && html[1] == '/' && !g_ascii_strncasecmp(html + 2, name, length))
            break;
    html += strcspn(html, ">");
    return *html ? html + 1 : html;
}

/* html stands at '<'. Returns what follows the tag or comment. */
static const char *take_tag(struct text *text, const char *html)
{
    if (g_str_has_prefix(html, "<!--")) {
        const char *end = strstr(html + 4, "-->");
        return end ? end + 3 : html + strlen(html);
    }
    bool closing = html[1] == '/';
    const char *start = html + 1 + closing;
    if (!g_ascii_isalpha(*start) && *start != '!' && *start != '?') {
        put(text, html, 1);
        return html + 1;
    }
    g_autofree char *name = g_ascii_strdown(start, (gssize)strcspn(start, " \t\r\n/>"));
    const char *after = start + strcspn(start, ">");
    if (*after)
        after++;
    if (g_strv_contains(blocks, name))
        end_line(text, g_str_equal(name, "br"));
    if (!closing && g_strv_contains(hidden, name))
        return skip_hidden(after, name);
    return after;
}

char *html_text(const char *html)
{
    struct text text = {g_string_sized_new(strlen(html)), false};
    while (*html) {
        if (*html == '<') {
            html = take_tag(&text, html);
        } else if (*html == '&') {
            html = take_entity(&text, html);
        } else if (g_ascii_isspace(*html)) {
            text.blank = true;
            html++;
        } else {
            size_t length = strcspn(html, "<& \t\r\n\f");
            put(&text, html, length);
            html += length;
        }
    }
    g_strchomp(text.out->str);
    return g_string_free(text.out, FALSE);
}
