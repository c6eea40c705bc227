#include "codec/files/message_fields.h"

#include <string.h>

#include "codec/files/mailbox.h"
#include "codec/limits.h"

GString *message_with_crlf(const char *bytes, size_t length)
{
    GString *out = g_string_sized_new(length + length / 32 + 16);
    const char *end = bytes + length;

    if (length >= 5 && memcmp(bytes, "From ", 5) == 0) {
        const char *line = memchr(bytes, '\n', length);

        bytes = line ? line + 1 : end;
    }
    while (bytes < end) {
        const char *line = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *stop = line ? line : end;

        g_string_append_len(out, bytes, stop - bytes);
        if (line && (stop == bytes || stop[-1] != '\r'))
            g_string_append_c(out, '\r');
        if (line)
            g_string_append_c(out, '\n');
        bytes = line ? line + 1 : end;
    }
    return out;
}

void message_fields_clear(struct message_fields *fields)
{
    g_clear_pointer(&fields->fields, g_array_unref);
}

/* The bytes of a name before its colon (RFC 5322 3.6.8; blanks between them are an older way); 0: this is no field. */
static size_t name_length(const char *line, size_t length)
{
    size_t name = 0;

    while (name < length && (unsigned char)line[name] > ' ' && (unsigned char)line[name] < 0x7f && line[name] != ':')
        name++;

    size_t colon = name;
    while (colon < length && (line[colon] == ' ' || line[colon] == '\t'))
        colon++;
    return colon < length && line[colon] == ':' ? name : 0;
}

static bool refuse(struct message_fields *fields, char **reason, const char *why)
{
    message_fields_clear(fields);
    *reason = g_strdup(why);
    return false;
}

bool message_fields_read(const char *message, size_t length, struct message_fields *fields, char **reason)
{
    const char *end = message + length;

    *fields = (struct message_fields){.fields = g_array_new(FALSE, FALSE, sizeof(struct message_field))};
    for (const char *line = message; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t bytes = (size_t)((newline ? newline + 1 : end) - line);
        guint count = fields->fields->len;
        struct message_field field = {line, bytes, name_length(line, bytes)};

        if (bytes == 2 && newline) {
            fields->body = line + bytes;
            return true;
        }
        if (memchr(line, 0, bytes))
            return refuse(fields, reason, "the header of the message holds a NUL byte; take it out");
        if ((*line == ' ' || *line == '\t') && count > 0)
            g_array_index(fields->fields, struct message_field, count - 1).length += bytes;
        else if (!field.name)
            return refuse(fields, reason,
                          "a line of the message's header is no field; an empty line parts header and text");
        else if (count >= LIMIT_FIELDS)
            return refuse(fields, reason, "the message has too many fields in its header");
        else
            g_array_append_val(fields->fields, field);
        line += bytes;
    }
    return refuse(fields, reason, "the message has no empty line after its header; it may have been cut off");
}

const struct message_field *message_field_find(const struct message_fields *fields, const char *name,
                                               const struct message_field *after)
{
    const struct message_field *all = (const struct message_field *)(void *)fields->fields->data;
    guint first = after ? (guint)(after - all) + 1 : 0;

    for (guint i = first; i < fields->fields->len; i++)
        if (all[i].name == strlen(name) && g_ascii_strncasecmp(all[i].raw, name, all[i].name) == 0)
            return &all[i];
    return NULL;
}

char *message_field_value(const struct message_field *field)
{
    const char *colon = memchr(field->raw, ':', field->length);
    g_autofree char *value = g_strndup(colon + 1, field->length - (size_t)(colon + 1 - field->raw));

    return g_strstrip(g_strdelimit(g_steal_pointer(&value), "\r\n", ' '));
}

char *message_field_text(const struct message_fields *fields, const char *name)
{
    const struct message_field *field = message_field_find(fields, name, NULL);

    return field ? message_field_value(field) : NULL;
}

void message_field_addresses(const struct message_fields *fields, const char *name, GPtrArray *addresses)
{
    const struct message_field *field = NULL;

    while ((field = message_field_find(fields, name, field))) {
        g_autofree char *value = message_field_value(field);
        const char *rest = value;

        while (rest && addresses->len < LIMIT_ADDRESSES) {
            g_autofree char *shown = NULL;
            g_autofree char *address = NULL;

            rest = mailbox_next(rest, &shown, &address);
            if (!rest || !strchr(address, '@'))
                continue;
            /* The first of a group has the group's name in front. */
            const char *colon = strrchr(address, ':');
            g_autofree char *bare = g_strstrip(g_strdup(colon ? colon + 1 : address));

            g_ptr_array_add(addresses, g_ascii_strdown(bare, -1));
        }
    }
}
