#include "contrib/easd/vcard.h"

#include <string.h>

static bool refuse(char **refusal, const char *reason)
{
    if (!*refusal)
        *refusal = g_strdup(reason);
    return false;
}

static void free_property(void *data)
{
    struct vcard_property *property = data;

    g_free(property->name);
    g_ptr_array_unref(property->types);
    g_free(property->value);
    g_free(property);
}

void vcard_clear(struct vcard *card)
{
    g_clear_pointer(&card->properties, g_ptr_array_unref);
}

/* The next line, unfolded; in 2.1 a quoted-printable value also goes on after "=". */
static char *next_line(const char **at, const char *end)
{
    GString *line = g_string_new(NULL);

    while (*at < end) {
        const char *feed = memchr(*at, '\n', (size_t)(end - *at)), *stop = feed ? feed : end;
        gsize length = (gsize)(stop - *at);
        bool soft;

        if (length && (*at)[length - 1] == '\r')
            length--;
        g_string_append_len(line, *at, (gssize)length);
        *at = feed ? feed + 1 : end;
        soft = line->len && line->str[line->len - 1] == '=' && strcasestr(line->str, "QUOTED-PRINTABLE");
        if (soft)
            g_string_truncate(line, line->len - 1);
        else if (*at < end && (**at == ' ' || **at == '\t') && line->len)
            ++*at;
        else
            break;
    }
    return g_string_free(line, FALSE);
}

/* The end of the part before the value: the first colon outside quotes. */
static char *find_colon(char *line)
{
    bool quoted = false;

    for (; *line; line++)
        if (*line == '"')
            quoted = !quoted;
        else if (*line == ':' && !quoted)
            return line;
    return NULL;
}

struct encoding {
    bool quoted_printable, base64;
    char *charset;
};

static void add_types(struct vcard_property *property, const char *list)
{
    g_auto(GStrv) types = g_strsplit(list, ",", -1);

    for (char **type = types; *type; type++) {
        g_strdelimit(*type, "\"", ' ');
        g_ptr_array_add(property->types, g_ascii_strdown(g_strstrip(*type), -1));
        if (g_ascii_strcasecmp(*type, "pref") == 0)
            property->preference = 1;
    }
}

static void read_parameter(struct vcard_property *property, struct encoding *encoding, const char *parameter)
{
    const char *equals = strchr(parameter, '='), *value = equals ? equals + 1 : parameter;
    g_autofree char *name = equals ? g_ascii_strup(parameter, equals - parameter) : g_strdup("");

    if (strcmp(name, "ENCODING") == 0 || !equals) {
        encoding->quoted_printable |= g_ascii_strcasecmp(value, "QUOTED-PRINTABLE") == 0;
        encoding->base64 |= g_ascii_strcasecmp(value, "BASE64") == 0 || g_ascii_strcasecmp(value, "B") == 0;
    }
    if (strcmp(name, "CHARSET") == 0) {
        g_free(encoding->charset);
        encoding->charset = g_strdup(value);
    } else if (strcmp(name, "PREF") == 0) {
        property->preference = (int)CLAMP(g_ascii_strtoll(value, NULL, 10), 1, 100);
    } else if (strcmp(name, "TYPE") == 0 || !equals) {
        add_types(property, value);
    }
}

static gsize decode_quoted(char *text)
{
    char *to = text;

    for (const char *from = text; *from;) {
        if (from[0] == '=' && g_ascii_isxdigit(from[1]) && g_ascii_isxdigit(from[2])) {
            *to++ = (char)(g_ascii_xdigit_value(from[1]) << 4 | g_ascii_xdigit_value(from[2]));
            from += 3;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return (gsize)(to - text);
}

/* Bytes of a character set as UTF-8 without control characters; what says nothing is UTF-8 or, where
 * that is not valid, Windows-1252. */
static char *to_utf8(const char *bytes, gsize length, const char *charset)
{
    g_autofree char *text = NULL;
    char *to;

    if (charset && g_ascii_strcasecmp(charset, "UTF-8") != 0)
        text = g_convert(bytes, (gssize)length, "UTF-8", charset, NULL, NULL, NULL);
    if (!text && g_utf8_validate_len(bytes, length, NULL))
        text = g_strndup(bytes, length);
    if (!text)
        text = g_convert(bytes, (gssize)length, "UTF-8", "WINDOWS-1252", NULL, NULL, NULL);
    if (!text)
        text = g_utf8_make_valid(bytes, (gssize)length);
    to = text;
    for (const char *from = text; *from; from++)
        if ((unsigned char)*from >= ' ' || *from == '\n' || *from == '\t')
            *to++ = *from;
    *to = '\0';
    return g_steal_pointer(&text);
}

/* A data: URI holds its bytes in the value itself. */
static const char *inline_data(const char *value)
{
    const char *comma = g_ascii_strncasecmp(value, "data:", 5) == 0 ? strstr(value, ";base64,") : NULL;

    return comma ? comma + strlen(";base64,") : NULL;
}

static void decode_value(struct vcard_property *property, const char *value, const struct encoding *encoding)
{
    const char *data = encoding->base64 ? value : inline_data(value);
    g_autofree char *raw = g_strdup(value);

    if (data) {
        property->binary = true;
        property->value = (char *)g_base64_decode(data, &property->length);
        return;
    }
    property->value = to_utf8(raw, encoding->quoted_printable ? decode_quoted(raw) : strlen(raw), encoding->charset);
    property->length = strlen(property->value);
}

/* NULL for a line that is no property. */
static struct vcard_property *read_property(char *line)
{
    char *colon = find_colon(line), *name, *dot;
    struct encoding encoding = {0};
    struct vcard_property *property;

    if (!colon || colon == line)
        return NULL;
    *colon = '\0';
    g_auto(GStrv) parts = g_strsplit(line, ";", -1);

    name = g_strstrip(parts[0]);
    dot = strrchr(name, '.');
    property = g_new0(struct vcard_property, 1);
    property->name = g_ascii_strup(dot ? dot + 1 : name, -1);
    property->types = g_ptr_array_new_with_free_func(g_free);
    property->preference = 101;
    for (char **parameter = parts + 1; *parameter; parameter++)
        read_parameter(property, &encoding, g_strstrip(*parameter));
    decode_value(property, colon + 1, &encoding);
    g_free(encoding.charset);
    return property;
}

static int read_version(const char *value)
{
    return g_str_has_prefix(value, "4") ? 40 : g_str_has_prefix(value, "2") ? 21 : 30;
}

bool vcard_read(struct vcard *card, const char *bytes, gsize length, char **refusal)
{
    const char *at = bytes, *end = bytes + length;
    int depth = 0, cards = 0;

    card->properties = g_ptr_array_new_with_free_func(free_property);
    card->version = 30;
    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    if (memchr(bytes, '\0', length))
        return refuse(refusal, "it holds NUL bytes");
    while (at < end) {
        g_autofree char *line = next_line(&at, end);
        struct vcard_property *property = read_property(line);

        if (!property)
            continue;
        if (strcmp(property->name, "BEGIN") == 0 && depth++ == 0)
            cards++;
        else if (strcmp(property->name, "END") == 0)
            depth--;
        else if (depth == 1 && strcmp(property->name, "VERSION") == 0)
            card->version = read_version(property->value);
        else if (depth == 1 && cards == 1) {
            g_ptr_array_add(card->properties, property);
            continue;
        }
        free_property(property);
    }
    if (cards != 1 || depth != 0)
        return refuse(refusal, cards > 1 ? "it holds more than one card" : "it holds no whole card");
    return true;
}

const struct vcard_property *vcard_find(const struct vcard *card, const char *name)
{
    for (guint i = 0; i < card->properties->len; i++) {
        const struct vcard_property *property = card->properties->pdata[i];

        if (strcmp(property->name, name) == 0)
            return property;
    }
    return NULL;
}

bool vcard_has_type(const struct vcard_property *property, const char *type)
{
    return g_ptr_array_find_with_equal_func(property->types, type, g_str_equal, NULL);
}

/* Parts of a value, unescaped; separator NUL: one part. */
static char **split(const char *value, char separator)
{
    GPtrArray *parts = g_ptr_array_new();
    GString *part = g_string_new(NULL);

    for (; *value; value++) {
        if (*value == '\\' && value[1]) {
            value++;
            g_string_append_c(part, *value == 'n' || *value == 'N' ? '\n' : *value);
        } else if (*value == separator) {
            g_ptr_array_add(parts, g_string_free(part, FALSE));
            part = g_string_new(NULL);
        } else {
            g_string_append_c(part, *value);
        }
    }
    g_ptr_array_add(parts, g_string_free(part, FALSE));
    g_ptr_array_add(parts, NULL);
    return (char **)g_ptr_array_free(parts, FALSE);
}

char **vcard_split(const struct vcard_property *property, char separator)
{
    return split(property->binary ? "" : property->value, separator);
}

char *vcard_text(const struct vcard_property *property)
{
    char **parts = split(property->binary ? "" : property->value, '\0');
    char *text = parts[0];

    g_free(parts);
    return text;
}
