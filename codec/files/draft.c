/* Drafts as 16.x holds them: fields, one body, attachments (MS-ASEMAIL 2.2.2.5 to .77, MS-ASAIRS 2.2.2.1). Nothing else
 * of a message has a place there, so a message that is more than that is no draft of the server's. */
#include <gmime/gmime.h>
#include <string.h>

#include "codec/files/body.h"
#include "codec/files/compose.h"
#include "codec/files/mailbox.h"
#include "codec/files/message_fields.h"
#include "codec/files/mime.h"
#include "codec/limits.h"

enum { METHOD_FILE = 1 };

struct drafting {
    struct eas_node *data, *attachments; /* the latter NULL as long as there is none */
    GMimeObject *text;                   /* the part that is the body */
    unsigned added;
    char **reason;
};

static bool refuse(struct drafting *drafting, const char *what)
{
    *drafting->reason = g_strdup_printf("%s; a draft on the server cannot hold that, so it stays here", what);
    return false;
}

/* ---- fields ---- */

static const struct {
    const char *name;
    eas_tag tag;
    bool addresses;
} fields[] = {
    {"To", TAG_Email_To, true},
    {"Cc", TAG_Email_Cc, true},
    {"Bcc", TAG_Email2_Bcc, true},
    {"Reply-To", TAG_Email_ReplyTo, true},
    {"Subject", TAG_Email_Subject, false},
};

/* An address as the wire has it: its name decoded, and quoted, for a comma may come out of an encoded word. */
static char *decoded_mailbox(const char *name, const char *address)
{
    g_autofree char *quoted = g_strdelimit(g_strdup(name), "\"\\", '\'');

    if (*name && *address)
        return g_strdup_printf("\"%s\" <%s>", quoted, address);
    return g_strdup(*address ? address : name);
}

static void add_importance(struct drafting *drafting, const struct message_fields *header)
{
    static const struct {
        const char *field, *word, *importance;
    } words[] = {
        {"Importance", "high", "2"}, {"Importance", "low", "0"}, {"X-Priority", "1", "2"},
        {"X-Priority", "2", "2"},    {"X-Priority", "4", "0"},   {"X-Priority", "5", "0"},
    };
    const char *importance = "1";

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *value = message_field_text(header, words[i].field);

        if (value && g_ascii_strncasecmp(value, words[i].word, strlen(words[i].word)) == 0) {
            importance = words[i].importance;
            break;
        }
    }
    eas_node_add(drafting->data, TAG_Email_Importance, importance);
}

static void add_fields(struct drafting *drafting, const struct message_fields *header)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_autofree char *value = message_field_text(header, fields[i].name);
        g_autofree char *text = !value                ? NULL
                                : fields[i].addresses ? mailbox_rewrite(value, ", ", decoded_mailbox)
                                                      : mailbox_decode(value);
        g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;

        if (valid && *valid)
            eas_node_add(drafting->data, fields[i].tag, valid);
    }
    add_importance(drafting, header);
}

/* ---- parts ---- */

/* A part's bytes, decoded; NULL for one without any content. */
static GByteArray *content_of(GMimeObject *part)
{
    GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(part));
    GByteArray *bytes = g_byte_array_new();
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);

    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    if (content)
        g_mime_data_wrapper_write_to_stream(content, stream);
    g_object_unref(stream);
    return bytes;
}

static bool is_of(GMimeObject *part, const char *type, const char *subtype)
{
    return g_mime_content_type_is_type(g_mime_object_get_content_type(part), type, subtype);
}

static bool is_attachment(GMimeObject *part)
{
    const char *disposition = g_mime_object_get_disposition(part);
    const char *name = g_mime_part_get_filename(GMIME_PART(part));

    return (disposition && g_ascii_strcasecmp(disposition, "attachment") == 0) || (name && *name);
}

static const char *name_of(GMimeObject *part)
{
    const char *name = g_mime_part_get_filename(GMIME_PART(part));

    return name && *name ? name : "attachment";
}

static struct eas_node *attachments(struct drafting *drafting)
{
    if (!drafting->attachments)
        drafting->attachments = eas_node_add(drafting->data, TAG_AirSyncBase_Attachments, NULL);
    return drafting->attachments;
}

static struct eas_node *opaque_node(eas_tag tag, const guint8 *bytes, size_t length)
{
    struct eas_node *node = eas_node_new(tag, NULL);

    g_free(node->text);
    node->text = g_malloc(length + 1);
    memcpy(node->text, bytes, length);
    node->text[length] = 0;
    node->length = length;
    node->opaque = true;
    return node;
}

static bool add_attachment(struct drafting *drafting, GMimeObject *part)
{
    GByteArray *bytes = content_of(part);
    g_autofree char *name = g_utf8_make_valid(name_of(part), -1);
    g_autofree char *type = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(part));
    g_autofree char *id = g_strdup_printf("attachment-%u", ++drafting->added);
    g_autofree char *method = g_strdup_printf("%d", METHOD_FILE);
    struct eas_node *add = eas_node_add(attachments(drafting), TAG_AirSyncBase_Add, NULL);

    eas_node_add(add, TAG_AirSyncBase_ClientId, id);
    eas_node_append(add, opaque_node(TAG_AirSyncBase_Content, bytes->data ? bytes->data : (guint8 *)"", bytes->len));
    if (g_utf8_validate(type, -1, NULL))
        eas_node_add(add, TAG_AirSyncBase_ContentType, type);
    eas_node_add(add, TAG_AirSyncBase_DisplayName, name);
    eas_node_add(add, TAG_AirSyncBase_Method, method);
    g_byte_array_unref(bytes);
    return true;
}

static bool is_body(GMimeObject *part)
{
    return (is_of(part, "text", "plain") || is_of(part, "text", "html")) && GMIME_IS_TEXT_PART(part);
}

/* Of the same text in two forms the richer one: the server makes the other of it. */
static bool read_alternatives(struct drafting *drafting, GMimeMultipart *multipart)
{
    for (int i = 0; i < g_mime_multipart_get_count(multipart); i++) {
        GMimeObject *part = g_mime_multipart_get_part(multipart, i);

        if (!is_body(part))
            return refuse(drafting, "the text has a form that is neither plain nor HTML");
        drafting->text = part;
    }
    return drafting->text || refuse(drafting, "the message has alternatives, but none");
}

static bool read_leaf(struct drafting *drafting, GMimeObject *part)
{
    if (is_of(part, "application", "pkcs7-mime") || is_of(part, "application", "x-pkcs7-mime"))
        return refuse(drafting, "the message is signed or encrypted");
    if (!GMIME_IS_PART(part))
        return refuse(drafting, "the message has another one attached to it, or a part of one");
    if (!drafting->text && is_body(part) && !is_attachment(part)) {
        drafting->text = part;
        return true;
    }
    if (!is_attachment(part) && is_of(part, "text", "*"))
        return refuse(drafting, "the message has several texts");
    return add_attachment(drafting, part);
}

static bool read_multipart(struct drafting *drafting, GMimeMultipart *multipart)
{
    for (int i = 0; i < g_mime_multipart_get_count(multipart); i++) {
        GMimeObject *part = g_mime_multipart_get_part(multipart, i);
        bool alternatives = GMIME_IS_MULTIPART(part) && is_of(part, "multipart", "alternative");

        if (alternatives && drafting->text)
            return refuse(drafting, "the message has several texts");
        if (GMIME_IS_MULTIPART(part) && !alternatives)
            return refuse(drafting, "the message has parts within parts");
        if (!(alternatives ? read_alternatives(drafting, GMIME_MULTIPART(part)) : read_leaf(drafting, part)))
            return false;
    }
    return true;
}

static bool read_structure(struct drafting *drafting, GMimeObject *root)
{
    if (!GMIME_IS_MULTIPART(root))
        return read_leaf(drafting, root);
    if (is_of(root, "multipart", "alternative"))
        return read_alternatives(drafting, GMIME_MULTIPART(root));
    if (is_of(root, "multipart", "signed") || is_of(root, "multipart", "encrypted"))
        return refuse(drafting, "the message is signed or encrypted");
    if (is_of(root, "multipart", "related"))
        return refuse(drafting, "the text of the message has pictures in it");
    return is_of(root, "multipart", "mixed") ? read_multipart(drafting, GMIME_MULTIPART(root))
                                             : refuse(drafting, "the message is of a kind of its own");
}

static bool add_body(struct drafting *drafting)
{
    struct eas_node *body = eas_node_add(drafting->data, TAG_AirSyncBase_Body, NULL);
    g_autofree char *text = drafting->text ? g_mime_text_part_get_text(GMIME_TEXT_PART(drafting->text)) : g_strdup("");
    bool html = drafting->text && is_of(drafting->text, "text", "html");
    g_autofree char *type = g_strdup_printf("%d", html ? BODY_HTML : BODY_PLAIN);

    if (!text || !g_utf8_validate(text, -1, NULL))
        return refuse(drafting, "the text is written in a character set that nobody knows");
    eas_node_add(body, TAG_AirSyncBase_Type, type);
    eas_node_add(body, TAG_AirSyncBase_Data, text);
    return true;
}

/* ---- the whole ---- */

/* Messages inside the message: GMime would read them with all they hold, and their addresses to any depth. */
static bool holds_messages(const char *text)
{
    static const char *const types[] = {"message/rfc822",   "message/global",  "message/news",
                                        "multipart/digest", "message/partial", "message/external-body"};
    g_autofree char *lower = g_ascii_strdown(text, -1);

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (strstr(lower, types[i]))
            return true;
    return false;
}

/* As a part, not as a message: GMime would read a message's addresses, which nest without end. */
static GMimeObject *parse(const char *bytes, size_t length)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes, length);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeObject *root = g_mime_parser_construct_part(parser, NULL);

    g_object_unref(parser);
    g_object_unref(stream);
    return root;
}

static bool draft(struct drafting *drafting, const GString *text, const struct message_fields *header)
{
    if (strlen(text->str) != text->len)
        return refuse(drafting, "the message holds NUL bytes");
    if (holds_messages(text->str))
        return refuse(drafting, "the message has another one attached to it, or a part of one");

    GMimeObject *root = parse(text->str, text->len);
    bool good = root && read_structure(drafting, root);

    if (good) {
        add_fields(drafting, header);
        good = add_body(drafting);
    } else if (!*drafting->reason) {
        refuse(drafting, "the message is not written as mail is");
    }
    g_clear_object(&root);
    return good;
}

struct eas_node *draft_fields(const char *bytes, size_t length, char **reason)
{
    g_autoptr(GString) text = message_with_crlf(bytes, length);
    g_autoptr(eas_node) data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    struct drafting drafting = {.data = data, .reason = reason};
    struct message_fields header;

    mime_begin();
    *reason = NULL;
    if (!message_fields_read(text->str, text->len, &header, reason))
        return NULL;
    bool good = draft(&drafting, text, &header);
    message_fields_clear(&header);
    eas_node_keep_xml(data);
    return good ? g_steal_pointer(&data) : NULL;
}
