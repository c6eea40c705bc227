#include "codec/files/picture.h"

#include <string.h>

static const struct kind {
    const char *magic;
    size_t length;
    const char *type, *media;
} kinds[] = {
    {"\xff\xd8\xff", 3, "JPEG", "image/jpeg"},
    {"\x89PNG\r\n\x1a\n", 8, "PNG", "image/png"},
    {"GIF8", 4, "GIF", "image/gif"},
    {"BM", 2, "BMP", "image/bmp"},
};
static const struct kind unknown = {"", 0, "", "application/octet-stream"};

static const struct kind *find_kind(const guchar *bytes, size_t length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (length >= kinds[i].length && memcmp(bytes, kinds[i].magic, kinds[i].length) == 0)
            return &kinds[i];
    return &unknown;
}

static bool is_base64(const char *text)
{
    size_t letters = 0;

    for (; *text; text++)
        if (g_ascii_isalnum(*text) || *text == '+' || *text == '/')
            letters++;
        else if (*text != '=' && !g_ascii_isspace(*text))
            return false;
    return letters > 1;
}

bool picture_read(const struct eas_node *node, struct picture *picture)
{
    g_autofree guchar *bytes = NULL;
    size_t length;

    if (!node || node->length == 0)
        return false;
    if (node->opaque && find_kind((const guchar *)node->text, node->length) != &unknown) {
        length = node->length;
        bytes = g_memdup2(node->text, length);
    } else {
        if (strlen(node->text) != node->length || !is_base64(node->text))
            return false;
        bytes = g_base64_decode(node->text, &length);
    }

    const struct kind *kind = find_kind(bytes, length);
    *picture = (struct picture){g_base64_encode(bytes, length), kind->type, kind->media};
    return true;
}

void picture_clear(struct picture *picture)
{
    g_clear_pointer(&picture->base64, g_free);
}
