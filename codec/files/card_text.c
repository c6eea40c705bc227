#include "codec/files/card_text.h"

#include <string.h>

char *card_text(const char *value)
{
    GString *text = g_string_sized_new(strlen(value));

    for (; *value; value++)
        if (*value == '\\' && value[1] && strchr("nN\\,;:", value[1])) {
            value++;
            g_string_append_c(text, *value == 'n' || *value == 'N' ? '\n' : *value);
        } else {
            g_string_append_c(text, *value);
        }
    return g_string_free(text, FALSE);
}

char **card_split(const char *value, char separator)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    const char *start = value;

    for (const char *p = value;; p++) {
        if (*p == '\\' && p[1]) {
            p++;
            continue;
        }
        if (*p && *p != separator)
            continue;
        g_autofree char *part = g_strndup(start, p - start);
        g_ptr_array_add(parts, card_text(part));
        start = p + 1;
        if (!*p)
            break;
    }
    g_ptr_array_add(parts, NULL);
    return (char **)g_ptr_array_steal(parts, NULL);
}

bool card_is_control(char c)
{
    return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

/* "a=3D=" and the like; what is no escape stays. */
static char *unquote_printable(const char *text, gsize *length)
{
    GString *out = g_string_sized_new(strlen(text));

    for (; *text; text++)
        if (*text == '=' && g_ascii_isxdigit(text[1]) && g_ascii_isxdigit(text[2])) {
            g_string_append_c(out, (char)(g_ascii_xdigit_value(text[1]) << 4 | g_ascii_xdigit_value(text[2])));
            text += 2;
        } else {
            g_string_append_c(out, *text);
        }
    *length = out->len;
    return g_string_free(out, FALSE);
}

/* A text of 2.1, where line ends are bare and only a semicolon is ever escaped, as 3.0 writes it. Bare commas part
 * categories there too. */
static char *escape_old(const char *text, bool list)
{
    GString *out = g_string_sized_new(strlen(text) + 8);

    for (; *text; text++)
        if (*text == '\r' && text[1] == '\n')
            continue;
        else if (*text == '\r' || *text == '\n')
            g_string_append(out, "\\n");
        else if (*text == '\\' && text[1] && strchr(";,:\\", text[1]))
            g_string_append_printf(out, "\\%c", *++text);
        else if (*text == '\\' || (*text == ',' && !list))
            g_string_append_printf(out, "\\%c", *text);
        else if (!card_is_control(*text))
            g_string_append_c(out, *text);
    return g_string_free(out, FALSE);
}

char *card_decode(const struct card_coding *coding, const char *value, char **reason)
{
    static const char allowed[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.:";
    gsize length = strlen(value), written;
    g_autofree char *bytes = coding->quoted_printable ? unquote_printable(value, &length) : g_strdup(value);
    const char *charset = coding->charset ? coding->charset : "UTF-8";

    if (strspn(charset, allowed) == strlen(charset)) {
        g_autofree char *text = g_convert(bytes, (gssize)length, "UTF-8", charset, NULL, &written, NULL);

        if (text && strlen(text) == written && g_utf8_validate(text, -1, NULL))
            return coding->old || coding->quoted_printable ? escape_old(text, coding->list) : g_steal_pointer(&text);
    }
    *reason = coding->charset && g_str_is_ascii(coding->charset)
                  ? g_strdup_printf("the card is not written in %.40s as it says, or nobody knows that "
                                    "character set; save it as UTF-8",
                                    charset)
                  : g_strdup(CARD_NOT_UTF_8);
    return NULL;
}
