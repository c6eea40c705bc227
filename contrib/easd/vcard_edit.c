#include "contrib/easd/vcard_edit.h"

#include <string.h>

enum { LINE_BYTES = 75 };

/* Where a line with its folds ends. */
static const char *line_end(const char *at, const char *end)
{
    do {
        const char *feed = memchr(at, '\n', (gsize)(end - at));

        at = feed ? feed + 1 : end;
    } while (at < end && (*at == ' ' || *at == '\t'));
    return at;
}

/* The name before parameters and value, without its group. */
static char *line_name(const char *line)
{
    g_autofree char *head = g_strndup(line, strcspn(line, ":;\r\n"));
    char *dot = strrchr(head, '.');

    return g_ascii_strup(dot ? dot + 1 : head, -1);
}

void vcard_lines_open(struct vcard_lines *lines, const char *bytes, gsize length)
{
    g_autofree char *uid = g_uuid_string_random();
    g_autofree char *fresh =
        g_strdup_printf("BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//easd//EN\r\nUID:%s\r\nEND:VCARD\r\n", uid);
    const char *at = bytes ? bytes : fresh, *end = bytes ? bytes + length : fresh + strlen(fresh);

    lines->lines = g_ptr_array_new_with_free_func(g_free);
    lines->all = !bytes;
    if (end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    while (at < end) {
        const char *next = line_end(at, end);
        char *line = g_strndup(at, (gsize)(next - at));
        g_autofree char *name = line_name(line);

        at = next;
        if (strcmp(name, "VERSION") == 0 && strstr(line, "2.1")) {
            lines->all = true;
            g_free(line);
            line = g_strdup("VERSION:3.0\r\n");
        }
        g_ptr_array_add(lines->lines, line);
    }
    if (!lines->all || !bytes)
        return;
    for (guint i = lines->lines->len; i-- > 0;) /* in ways of writing that 3.0 does not have */
        if (strcasestr(lines->lines->pdata[i], "QUOTED-PRINTABLE") || strcasestr(lines->lines->pdata[i], "CHARSET="))
            g_ptr_array_remove_index(lines->lines, i);
}

void vcard_lines_clear(struct vcard_lines *lines)
{
    g_ptr_array_unref(lines->lines);
}

void vcard_lines_drop(struct vcard_lines *lines, const char *name)
{
    for (guint i = lines->lines->len; i-- > 0;) {
        g_autofree char *own = line_name(lines->lines->pdata[i]);

        if (strcmp(own, name) == 0)
            g_ptr_array_remove_index(lines->lines, i);
    }
}

GString *vcard_lines_print(const struct vcard_lines *lines, const char *added)
{
    GString *card = g_string_new(NULL);
    bool put = false;

    for (guint i = 0; i < lines->lines->len; i++) {
        const char *line = lines->lines->pdata[i];

        if (!put && g_ascii_strncasecmp(line, "END:", 4) == 0) {
            g_string_append(card, added);
            put = true;
        }
        g_string_append(card, line);
        if (card->len && card->str[card->len - 1] != '\n')
            g_string_append(card, "\r\n");
    }
    return card;
}

/* Folded between characters. */
static void put_line(GString *card, const char *line)
{
    gsize length = strlen(line), room = LINE_BYTES;

    while (length > room) {
        gsize cut = room;

        while (cut > 1 && ((guchar)line[cut] & 0xc0) == 0x80)
            cut--;
        g_string_append_len(card, line, (gssize)cut);
        g_string_append(card, "\r\n ");
        line += cut;
        length -= cut;
        room = LINE_BYTES - 1;
    }
    g_string_append_printf(card, "%s\r\n", line);
}

static void escape(GString *line, const char *text)
{
    for (; text && *text; text++)
        if (*text == '\n')
            g_string_append(line, "\\n");
        else if (strchr("\\,;", *text))
            g_string_append_printf(line, "\\%c", *text);
        else if (*text != '\r')
            g_string_append_c(line, *text);
}

void vcard_put(GString *card, const char *head, const char *text)
{
    g_autoptr(GString) line = g_string_new(head);

    if (!text || !*text)
        return;
    g_string_append_c(line, ':');
    escape(line, text);
    put_line(card, line->str);
}

void vcard_put_parts(GString *card, const char *head, const char *const *parts, gsize count)
{
    g_autoptr(GString) line = g_string_new(head);
    bool any = false;

    g_string_append_c(line, ':');
    for (gsize i = 0; i < count; i++) {
        if (i > 0)
            g_string_append_c(line, ';');
        escape(line, parts[i]);
        any |= parts[i] && *parts[i];
    }
    if (any)
        put_line(card, line->str);
}

void vcard_put_list(GString *card, const char *head, const GPtrArray *texts)
{
    g_autoptr(GString) line = g_string_new(head);

    if (texts->len == 0)
        return;
    for (guint i = 0; i < texts->len; i++) {
        g_string_append_c(line, i == 0 ? ':' : ',');
        escape(line, texts->pdata[i]);
    }
    put_line(card, line->str);
}

void vcard_put_bytes(GString *card, const char *name, const guchar *bytes, gsize length)
{
    static const struct {
        const char *magic, *type;
    } kinds[] = {{"\x89PNG", "PNG"}, {"GIF8", "GIF"}, {"", "JPEG"}};
    g_autofree char *text = g_base64_encode(bytes, length);

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        gsize size = strlen(kinds[i].magic);

        if (length < size || memcmp(bytes, kinds[i].magic, size) != 0)
            continue;
        g_autofree char *line = g_strdup_printf("%s;ENCODING=b;TYPE=%s:%s", name, kinds[i].type, text);

        put_line(card, line);
        return;
    }
}
