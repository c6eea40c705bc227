#include "contrib/easd/mail_text.h"

#include <fcntl.h>
#include <gmime/gmime.h>
#include <string.h>

#include "contrib/easd/body.h"

/* The first text part of a subtype that is no attachment. */
static GMimeTextPart *find_text(GMimeMessage *message, const char *subtype)
{
    GMimePartIter *iter = g_mime_part_iter_new(GMIME_OBJECT(message));
    GMimeTextPart *found = NULL;

    do {
        GMimeObject *part = g_mime_part_iter_get_current(iter);

        if (GMIME_IS_TEXT_PART(part) &&
            g_mime_content_type_is_type(g_mime_object_get_content_type(part), "text", subtype) &&
            !g_mime_part_is_attachment(GMIME_PART(part)))
            found = GMIME_TEXT_PART(part);
    } while (!found && g_mime_part_iter_next(iter));
    g_mime_part_iter_free(iter);
    return found;
}

static char *part_text(GMimeTextPart *part)
{
    g_autofree char *text = part ? g_mime_text_part_get_text(part) : NULL;

    return text ? g_utf8_make_valid(text, -1) : NULL;
}

/* A page without its tags: crude, but only for clients that ask for text where there is none. */
static char *strip_tags(const char *html)
{
    GString *text = g_string_new(NULL);
    bool inside = false;

    for (; *html; html++)
        if (*html == '<')
            inside = true;
        else if (*html == '>')
            inside = false;
        else if (!inside)
            g_string_append_c(text, *html);
    return g_string_free(text, FALSE);
}

void mail_text_write(struct item_writer *writer, const char *path, enum body_type type, const struct options *options)
{
    GMimeStream *stream = g_mime_stream_fs_open(path, O_RDONLY, 0, NULL);
    struct options chosen = *options;

    if (!stream)
        return;
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

    if (message) {
        g_autofree char *plain = part_text(find_text(message, "plain"));
        g_autofree char *html = part_text(find_text(message, "html"));
        g_autofree char *stripped = html && !plain ? strip_tags(html) : NULL;
        const char *text = plain ? plain : stripped ? stripped : "";

        if (!html && options->bodies[BODY_PLAIN].wanted)
            chosen.bodies[BODY_HTML].wanted = false;
        else if (type == BODY_HTML)
            chosen.bodies[BODY_PLAIN].wanted = false;
        body_write_text(writer, &chosen, text, html);
        g_object_unref(message);
    }
    g_object_unref(parser);
    g_object_unref(stream);
}
