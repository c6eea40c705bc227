#include "codec/files/contact_match.h"

#include <string.h>

#include "codec/files/card_text.h"
#include "codec/files/contact_value.h"
#include "codec/files/mailbox.h"

/* Names that programs give to what has one of its own: the name and type here, for messengers the scheme of the URI. */
static const struct alias {
    const char *name, *as, *type, *scheme;
} aliases[] = {
    {"X-SPOUSE", "RELATED", "spouse"},
    {"X-EVOLUTION-SPOUSE", "RELATED", "spouse"},
    {"X-KADDRESSBOOK-X-SPOUSESNAME", "RELATED", "spouse"},
    {"X-MS-SPOUSE", "RELATED", "spouse"},
    {"X-CHILD", "RELATED", "child"},
    {"X-MS-CHILD", "RELATED", "child"},
    {"X-ASSISTANT", "RELATED", "assistant"},
    {"X-EVOLUTION-ASSISTANT", "RELATED", "assistant"},
    {"X-KADDRESSBOOK-X-ASSISTANTSNAME", "RELATED", "assistant"},
    {"X-MS-ASSISTANT", "RELATED", "assistant"},
    {"X-MANAGER", "RELATED", "manager"},
    {"X-EVOLUTION-MANAGER", "RELATED", "manager"},
    {"X-KADDRESSBOOK-X-MANAGERSNAME", "RELATED", "manager"},
    {"X-MS-MANAGER", "RELATED", "manager"},
    {"X-ABRELATEDNAMES", "RELATED"},
    {"X-ANNIVERSARY", "ANNIVERSARY"},
    {"X-EVOLUTION-ANNIVERSARY", "ANNIVERSARY"},
    {"X-KADDRESSBOOK-X-ANNIVERSARY", "ANNIVERSARY"},
    {"X-MS-ANNIVERSARY", "ANNIVERSARY"},
    {"X-FILE-AS", "X-EAS-FILE-AS"},
    {"X-EVOLUTION-FILE-AS", "X-EAS-FILE-AS"},
    {"X-KADDRESSBOOK-X-OFFICE", "X-EAS-OFFICE-LOCATION"},
    {"X-MS-IMADDRESS", "IMPP"},
    {"X-KADDRESSBOOK-X-IMADDRESS", "IMPP"},
    {"X-JABBER", "IMPP", NULL, "xmpp"},
    {"X-GTALK", "IMPP", NULL, "xmpp"},
    {"X-GOOGLE-TALK", "IMPP", NULL, "xmpp"},
    {"X-AIM", "IMPP", NULL, "aim"},
    {"X-ICQ", "IMPP", NULL, "icq"},
    {"X-MSN", "IMPP", NULL, "msnim"},
    {"X-YAHOO", "IMPP", NULL, "ymsgr"},
    {"X-YAHOO-ID", "IMPP", NULL, "ymsgr"},
    {"X-SKYPE", "IMPP", NULL, "skype"},
    {"X-QQ", "IMPP", NULL, "qq"},
    {"X-SIP", "IMPP", NULL, "sip"},
};

/* Types of numbers, and how this table calls them. Every other one (isdn, msg, video ...) tells what a number can do,
 * not which of a person's it is. */
static const struct {
    const char *type, *as;
} phone_types[] = {
    {"home", "home"},           {"work", "work"},       {"fax", "fax"}, {"cell", "cell"},   {"mobile", "cell"},
    {"iphone", "cell"},         {"pcs", "cell"},        {"car", "car"}, {"pager", "pager"}, {"radio", "radio"},
    {"assistant", "assistant"}, {"company", "company"}, {"mms", "mms"},
};

static const struct alias *find_alias(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++)
        if (strcmp(aliases[i].name, name) == 0)
            return &aliases[i];
    return NULL;
}

/* Apple's dates have no name but their label. */
static bool is_labelled_anniversary(const struct card_line *line)
{
    return strcmp(line->name, "X-ABDATE") == 0 && card_has_type(line, "anniversary");
}

const char *contact_line_name(const struct card_line *line)
{
    const struct alias *alias = find_alias(line->name);

    if (is_labelled_anniversary(line))
        return "ANNIVERSARY";
    return alias ? alias->as : line->name;
}

char *contact_line_text(const struct card_line *line, enum contact_form form)
{
    const struct alias *alias = find_alias(line->name);
    g_autofree char *text = form == CONTACT_URI ? g_strdup(line->value) : card_text(line->value);
    g_autofree char *plain = contact_plain(form, text);

    if (form == CONTACT_IM && alias && alias->scheme && *plain && !strchr(plain, ':'))
        return g_strconcat(alias->scheme, ":", plain, NULL);
    if (form == CONTACT_IM)
        return contact_im_text(plain);
    return g_steal_pointer(&plain);
}

/* ---- a line beside a row ---- */

/* Types of a line that count, as the rows call them. */
static GPtrArray *types_of(const struct card_line *line, const char *name)
{
    const struct alias *alias = find_alias(line->name);
    GPtrArray *types = g_ptr_array_new();
    bool phone = strcmp(name, "TEL") == 0, kind = false, place = false, fax = false;

    if (alias && alias->type)
        g_ptr_array_add(types, (char *)alias->type);
    for (guint i = 0; i < line->types->len; i++) {
        const char *type = line->types->pdata[i];

        if (!phone)
            g_ptr_array_add(types, (char *)type);
        for (size_t n = 0; phone && n < G_N_ELEMENTS(phone_types); n++)
            if (strcmp(phone_types[n].type, type) == 0)
                g_ptr_array_add(types, (char *)phone_types[n].as);
    }
    for (guint i = 0; phone && i < types->len; i++) {
        bool here = !strcmp(types->pdata[i], "home") || !strcmp(types->pdata[i], "work");

        place |= here;
        kind |= !here;
        fax |= !strcmp(types->pdata[i], "fax") || !strcmp(types->pdata[i], "pager");
    }
    if (phone && !fax)
        g_ptr_array_add(types, "voice");
    if (phone && !place && (!kind || card_has_type(line, "fax"))) {
        g_ptr_array_add(types, "work");
        g_ptr_array_add(types, "home");
    }
    return types;
}

static bool says_nothing(const char *type)
{
    return strcmp(type, "internet") == 0;
}

/* How much a head says of a line with these types: 0 where it says something else. A kind of number counts for more
 * than where it is. */
static int head_fits(const char *head, const char *name, GPtrArray *types)
{
    size_t length = strlen(name);
    int fit = 1;

    if (strncmp(head, name, length) != 0 || (head[length] && head[length] != ';'))
        return 0;
    const char *list = strstr(head, "TYPE=");
    g_autofree char *words = list ? g_ascii_strdown(list + 5, (gssize)strcspn(list + 5, ";")) : g_strdup("");
    g_auto(GStrv) each = g_strsplit(words, ",", -1);

    for (char **word = each; *word; word++) {
        const char *type = g_str_has_prefix(*word, "x-") ? *word + 2 : *word;
        bool where = !strcmp(type, "home") || !strcmp(type, "work") || !strcmp(type, "voice");

        if (says_nothing(type))
            continue;
        if (!g_ptr_array_find_with_equal_func(types, type, g_str_equal, NULL))
            return 0;
        fit += where ? 1 : 10;
    }
    return fit;
}

static int row_fits(const struct contact_property *row, const char *name, GPtrArray *types)
{
    return MAX(head_fits(row->v3, name, types), head_fits(row->v4, name, types));
}

/* ---- all lines ---- */

struct matching {
    const struct card *card;
    struct contact_match *matches;                     /* by line */
    char *taken[CONTACT_PROPERTIES][CONTACT_ELEMENTS]; /* what a place holds */
};

/* The place of a row that is free, -1 for none. Components share their elements; a list and a text take any number. */
static int free_place(const struct matching *matching, int row)
{
    const struct contact_property *property = &contact_properties[row];
    int places = CONTACT_IS_PIECE(property->form) ? property->count : 1;

    if (property->form >= CONTACT_EACH)
        return 0;
    for (int i = 0; i < places; i++)
        if (!matching->taken[row][i])
            return i;
    return -1;
}

/* A property that is there but says nothing, or says it by a reference to elsewhere: EAS has no place for such. */
static bool is_void(const struct card_line *line, const struct contact_property *row, const char *text)
{
    g_autofree char *kind = card_parameter(line, "VALUE");
    g_autofree char *scheme = g_uri_parse_scheme(text);

    if (strcmp(line->name, "RELATED") == 0)
        return !*text || (kind ? g_ascii_strcasecmp(kind, "text") != 0 : scheme != NULL);
    if (row->form == CONTACT_PHOTO)
        return !line->base64 && g_ascii_strncasecmp(line->value, "data:", 5) != 0;
    return !text[strspn(text, "; \t\n")];
}

/* Is it in a place of this row already; or, where no place is left, in one of any row of the name? */
static bool says_the_same(const struct matching *matching, int row, const char *name, const char *text, bool any)
{
    for (int i = 0; i < CONTACT_PROPERTIES; i++) {
        const char *head = contact_properties[i].v4;
        size_t length = strlen(name);

        if (i != row && !(any && strncmp(head, name, length) == 0 && (!head[length] || head[length] == ';')))
            continue;
        for (int n = 0; n < CONTACT_ELEMENTS; n++)
            if (g_strcmp0(matching->taken[i][n], text) == 0)
                return true;
    }
    return false;
}

static char *no_room(const struct contact_property *row, const char *text)
{
    g_autofree char *shown = g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, -1), 40));

    return g_strdup_printf("the server has no further place for %s in a contact (\"%s\"); take one of them out",
                           row->v4, g_strdelimit(shown, "\n;", ' '));
}

static bool match_line(struct matching *matching, guint index, char **reason)
{
    const struct card_line *line = matching->card->lines->pdata[index];
    const char *name = contact_line_name(line);
    g_autoptr(GPtrArray) types = types_of(line, name);
    int best = -1, best_fit = 0, kin = -1, kin_fit = 0;

    for (int i = 0; i < CONTACT_PROPERTIES; i++) {
        int fit = row_fits(&contact_properties[i], name, types);

        if (fit > kin_fit) {
            kin = i;
            kin_fit = fit;
        }
        if (fit > best_fit && free_place(matching, i) >= 0) {
            best = i;
            best_fit = fit;
        }
    }
    if (kin < 0)
        return true;

    const struct contact_property *row = &contact_properties[kin];
    g_autofree char *text = contact_line_text(line, row->form);

    if (is_void(line, row, text))
        return true;
    g_autofree char *said = contact_piece(row->form, text);

    if (row->form < CONTACT_EACH && said && says_the_same(matching, kin, name, said, best < 0)) {
        matching->matches[index] = (struct contact_match){row, -1};
        return true;
    }
    if (best < 0) {
        *reason = no_room(row, text);
        return false;
    }
    int place = free_place(matching, best);

    matching->matches[index] = (struct contact_match){&contact_properties[best], place};
    g_free(matching->taken[best][place]);
    matching->taken[best][place] = said ? g_steal_pointer(&said) : g_steal_pointer(&text);
    return true;
}

/* Has it a type that tells its place? Those go first, so that no other takes it from them. */
static bool is_placed(const struct card_line *line)
{
    static const char *const names[] = {"TEL", "ADR", NULL};

    if (!g_strv_contains(names, line->name))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(phone_types); i++)
        if (card_has_type(line, phone_types[i].type))
            return true;
    return false;
}

static gint by_preference(gconstpointer a, gconstpointer b, gpointer data)
{
    const struct card *card = data;
    guint one = *(const guint *)a, other = *(const guint *)b;
    const struct card_line *first = card->lines->pdata[one], *second = card->lines->pdata[other];

    if (is_placed(first) != is_placed(second))
        return is_placed(first) ? -1 : 1;
    if (first->preference != second->preference)
        return first->preference - second->preference;
    return one < other ? -1 : one > other;
}

struct contact_match *contact_match(const struct card *card, char **reason)
{
    guint count = card->lines->len;
    struct matching matching = {card, g_new0(struct contact_match, count + 1), {{0}}};
    g_autofree guint *order = g_new(guint, count + 1);
    bool good = true;

    *reason = NULL;
    for (guint i = 0; i < count; i++)
        order[i] = i;
    g_qsort_with_data(order, (gint)count, sizeof *order, by_preference, (gpointer)card);
    for (guint i = 0; i < count && good; i++)
        good = match_line(&matching, order[i], reason);
    for (size_t i = 0; i < CONTACT_PROPERTIES; i++)
        for (size_t n = 0; n < CONTACT_ELEMENTS; n++)
            g_free(matching.taken[i][n]);
    if (!good)
        g_clear_pointer(&matching.matches, g_free);
    return matching.matches;
}
