#include "codec/files/compose.h"

#include <gmime/gmime.h>
#include <string.h>

#include "codec/files/mailbox.h"
#include "codec/files/message_fields.h"
#include "codec/files/mime.h"
#include "codec/limits.h"

void composed_clear(struct composed *composed)
{
    g_clear_pointer(&composed->message, g_bytes_unref);
    g_clear_pointer(&composed->message_id, g_free);
    g_clear_pointer(&composed->subject, g_free);
    g_clear_pointer(&composed->references, g_ptr_array_unref);
    *composed = (struct composed){0};
}

struct composing {
    const struct compose_context *context;
    const char *text; /* with CRLF */
    size_t length;
    struct message_fields fields;
    GPtrArray *recipients; /* of char *, lower case */
    GString *more;         /* those of a command line that no field names, as a list */
    GString *out;
    char **reason;
};

static bool refuse(struct composing *composing, char *why)
{
    *composing->reason = why;
    return false;
}

/* What a user wrote, short enough for a sentence. */
static char *quoted(const char *text)
{
    enum { LETTERS = 60 };
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    return g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), LETTERS));
}

/* ---- whom it comes from and goes to ---- */

static bool is_own(const struct compose_context *context, const char *address)
{
    if (g_ascii_strcasecmp(address, context->user) == 0)
        return true;
    for (const char *const *alias = context->aliases; alias && *alias; alias++)
        if (g_ascii_strcasecmp(address, *alias) == 0)
            return true;
    return false;
}

/* Exchange would put its own in place of another From, or refuse it; either way it is not what was written. */
static bool check_from(struct composing *composing)
{
    g_autoptr(GPtrArray) from = g_ptr_array_new_with_free_func(g_free);
    bool known = composing->context->user && strchr(composing->context->user, '@');

    message_field_addresses(&composing->fields, "From", from);
    if (from->len == 0 && message_field_find(&composing->fields, "From", NULL))
        return refuse(composing, g_strdup("the message's From is no address; correct it, or leave it out"));
    if (from->len == 0 && !known)
        return refuse(composing,
                      g_strdup("the message has no From, and the account's own address is not known; add one"));
    for (guint i = 0; i < from->len && known; i++)
        if (!is_own(composing->context, from->pdata[i])) {
            g_autofree char *other = quoted(from->pdata[i]);

            return refuse(composing, g_strdup_printf("the message is from %s, which is not an address of this account "
                                                     "(%s); correct From, or leave it out",
                                                     other, composing->context->user));
        }
    return true;
}

static bool is_recipient(const struct composing *composing, const char *address)
{
    for (guint i = 0; i < composing->recipients->len; i++)
        if (g_ascii_strcasecmp(composing->recipients->pdata[i], address) == 0)
            return true;
    return false;
}

static bool check_recipients(struct composing *composing)
{
    static const char *const names[] = {"To", "Cc", "Bcc"};
    const char *const *argv = composing->context->recipients_from_argv ? composing->context->recipients : NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        message_field_addresses(&composing->fields, names[i], composing->recipients);
    if (composing->recipients->len == 0 && !(argv && *argv))
        return refuse(composing, g_strdup("the message has no recipient; add To, Cc or Bcc"));
    for (; argv && *argv; argv++) {
        if (!strchr(*argv, '@') || strpbrk(*argv, " \t\r\n,;<>\"()")) {
            g_autofree char *other = quoted(*argv);

            return refuse(composing,
                          g_strdup_printf("the recipient \"%s\" is no address; write it as user@host", other));
        }
        if (is_recipient(composing, *argv))
            continue;
        g_string_append_printf(composing->more, "%s%s", composing->more->len > 0 ? ",\r\n " : "", *argv);
        g_ptr_array_add(composing->recipients, g_ascii_strdown(*argv, -1));
    }
    return true;
}

/* ---- what it is made of ---- */

/* A multipart that was cut off has no closing boundary (RFC 2046 5.1.1): nobody may get half a message. */
static bool check_closed(struct composing *composing)
{
    g_autofree char *type = message_field_text(&composing->fields, "Content-Type");
    const char *end = composing->text + composing->length;

    if (!type || g_ascii_strncasecmp(type, "multipart/", 10) != 0)
        return true;
    GMimeContentType *parsed = g_mime_content_type_parse(NULL, type);
    const char *boundary = parsed ? g_mime_content_type_get_parameter(parsed, "boundary") : NULL;
    g_autofree char *last = boundary ? g_strdup_printf("\n--%s--", boundary) : NULL;
    /* The line end before it may be that of the empty line. */
    const char *from = composing->fields.body - 1;
    const char *found = last ? memmem(from, (size_t)(end - from), last, strlen(last)) : NULL;

    g_clear_object(&parsed);
    if (!last)
        return refuse(composing, g_strdup("the message's multipart names no boundary; write it anew"));
    return found ||
           refuse(composing, g_strdup("the message's last part has no end (the closing boundary is missing); it "
                                      "may have been cut off"));
}

static bool is_forward_subject(const char *subject)
{
    static const char *const words[] = {"fwd", "fw", "wg", "tr", "rv", "enc", "vs", "doorst", "pd", "i", "vb", "fs"};
    size_t length = strcspn(subject, ":");

    for (size_t i = 0; i < G_N_ELEMENTS(words) && subject[length]; i++)
        if (length == strlen(words[i]) && g_ascii_strncasecmp(subject, words[i], length) == 0)
            return true;
    return false;
}

/* The parts in lower case, where one of them may be a message; else NULL. */
static char *attached_messages(const struct composing *composing)
{
    size_t rest = composing->length - (size_t)(composing->fields.body - composing->text);
    g_autofree char *body = g_ascii_strdown(composing->fields.body, (gssize)rest);

    return strstr(body, "message/rfc822") ? g_steal_pointer(&body) : NULL;
}

/* Is a message of the id among them? Looked for without reading the parts: "Message-ID: <id>" behind a part's type. */
static bool carries(const char *attached, const char *id)
{
    g_autofree char *bracketed = g_strdup_printf("<%s>", id);
    g_autofree char *wanted = g_ascii_strdown(bracketed, -1);
    const char *part = strstr(attached, "message/rfc822");

    for (const char *at = strstr(part, "\nmessage-id:"); at; at = strstr(at + 1, "\nmessage-id:")) {
        const char *value = at + strlen("\nmessage-id:");

        value += strspn(value, " \t\r\n");
        if (strncmp(value, wanted, strlen(wanted)) == 0)
            return true;
    }
    return false;
}

/* Every "<id>" of a field, the last one first where backwards says so. */
static void add_references(GPtrArray *references, const struct message_fields *fields, const char *name, bool backwards)
{
    g_autofree char *value = message_field_text(fields, name);
    guint first = references->len;

    for (const char *at = value ? strchr(value, '<') : NULL; at; at = strchr(at, '<')) {
        size_t length = strcspn(++at, "<> \t");
        g_autofree char *id = g_strndup(at, length);

        if (at[length] != '>' || length == 0 || g_ptr_array_find_with_equal_func(references, id, g_str_equal, NULL))
            continue;
        if (references->len >= LIMIT_REFERENCES && (!backwards || references->len == first))
            return;
        if (references->len >= LIMIT_REFERENCES)
            g_ptr_array_remove_index(references, references->len - 1);
        g_ptr_array_insert(references, backwards ? (gint)first : -1, g_steal_pointer(&id));
    }
}

/* ---- what is supplied ---- */

static bool has(const struct composing *composing, const char *name)
{
    return message_field_find(&composing->fields, name, NULL) != NULL;
}

static void supply(struct composing *composing, const char *name, const char *value)
{
    if (!has(composing, name) && value)
        g_string_append_printf(composing->out, "%s: %s\r\n", name, value);
}

/* "Jane Doe <jane@example.org>", with what mail cannot write so encoded (RFC 2047). */
static char *mailbox_of(const char *name, const char *address)
{
    if (!name || !*name)
        return g_strdup(address);
    InternetAddress *mailbox = internet_address_mailbox_new(name, address);
    internet_address_set_charset(mailbox, "utf-8");
    char *text = internet_address_to_string(mailbox, NULL, TRUE);
    g_object_unref(mailbox);
    return text;
}

/* Text that is not ASCII says nothing of itself without a type; shells write UTF-8. */
static void supply_type(struct composing *composing)
{
    size_t rest = composing->length - (size_t)(composing->fields.body - composing->text);
    bool ascii = true;

    for (size_t i = 0; i < rest && ascii; i++)
        ascii = (unsigned char)composing->fields.body[i] < 0x80;
    if (ascii || has(composing, "Content-Type") || !g_utf8_validate_len(composing->fields.body, rest, NULL))
        return;
    supply(composing, "Content-Type", "text/plain; charset=utf-8");
    supply(composing, "Content-Transfer-Encoding", "8bit");
}

static void supply_all(struct composing *composing)
{
    const struct compose_context *context = composing->context;
    g_autofree char *from = has(composing, "From") ? NULL : mailbox_of(context->name, context->user);
    g_autofree char *id = context->message_id ? g_strdup_printf("<%s>", context->message_id) : NULL;

    supply(composing, "Date", context->date);
    supply(composing, "From", from);
    supply(composing, "Message-ID", id);
    supply(composing, "MIME-Version", "1.0");
    supply_type(composing);
    if (composing->more->len > 0 && !has(composing, "Bcc"))
        g_string_append_printf(composing->out, "Bcc: %s\r\n", composing->more->str);
}

/* ---- fields that mail cannot carry as they are ---- */

static bool is_ascii(const struct message_field *field)
{
    for (size_t i = 0; i < field->length; i++)
        if ((unsigned char)field->raw[i] >= 0x80)
            return false;
    return true;
}

/* What has no address may be one without a domain. */
static char *encoded_mailbox(const char *name, const char *address)
{
    return *address ? mailbox_of(name, address) : mailbox_of(NULL, name);
}

/* Recipients of a command line join the list that is there, for a message has one at most (RFC 5322 3.6): in front of
 * it, where nothing that is wrong with it can swallow them. */
static bool is_bcc(const struct composing *composing, const struct message_field *field)
{
    return composing->more->len > 0 && is_ascii(field) && field == message_field_find(&composing->fields, "Bcc", NULL);
}

/* Letters of no encoding in a field (shells write them) are taken for UTF-8 and encoded; a field that is as it should
 * be goes on to the byte. false: they are not UTF-8. */
static bool add_field(struct composing *composing, const struct message_field *field)
{
    static const char *const lists[] = {"from", "sender", "reply-to", "to", "cc", "bcc", NULL};

    if (is_bcc(composing, field)) {
        g_autofree char *list = message_field_value(field);

        g_string_append_printf(composing->out, "Bcc: %s%s%s\r\n", composing->more->str, *list ? ",\r\n " : "", list);
        return true;
    }
    if (is_ascii(field)) {
        g_string_append_len(composing->out, field->raw, (gssize)field->length);
        return true;
    }
    g_autofree char *value = message_field_value(field);
    g_autofree char *name = g_strndup(field->raw, field->name);
    g_autofree char *lower = g_ascii_strdown(name, -1);

    bool list = g_strv_contains(lists, lower);

    if (!g_utf8_validate(value, -1, NULL))
        return refuse(composing,
                      g_strdup_printf("%s of the message is written in neither UTF-8 nor encoded words; save it "
                                      "as UTF-8",
                                      name));
    g_autofree char *encoded = list ? mailbox_rewrite(value, ",\r\n ", encoded_mailbox)
                                    : g_mime_utils_header_encode_text(NULL, value, "utf-8");

    if (!g_str_is_ascii(encoded))
        return refuse(composing, g_strdup_printf("an address in %s of the message has other letters than ASCII, which "
                                                 "most servers do not take; correct it",
                                                 name));
    g_auto(GStrv) words = g_strsplit(encoded, "?= =?", -1);
    g_autofree char *folded = g_strjoinv("?=\r\n =?", words);
    g_string_append_printf(composing->out, "%s: %s\r\n", name, folded);
    return true;
}

static bool write_message(struct composing *composing)
{
    composing->out = g_string_sized_new(composing->length + 512);
    for (guint i = 0; i < composing->fields.fields->len; i++)
        if (!add_field(composing, &g_array_index(composing->fields.fields, struct message_field, i)))
            return false;
    supply_all(composing);
    g_string_append(composing->out, "\r\n");
    g_string_append_len(composing->out, composing->fields.body,
                        (gssize)(composing->length - (size_t)(composing->fields.body - composing->text)));
    return true;
}

/* What is to be known of the message beside its bytes. */
static void describe(const struct composing *composing, struct composed *composed)
{
    g_autofree char *id = message_field_text(&composing->fields, "Message-ID");
    g_autofree char *subject = message_field_text(&composing->fields, "Subject");
    const char *open = id ? strchr(id, '<') : NULL;

    composed->message_id =
        open ? g_strndup(open + 1, strcspn(open + 1, ">")) : g_strdup(id ? id : composing->context->message_id);
    composed->subject = mailbox_decode(subject ? subject : "");
    composed->references = g_ptr_array_new_with_free_func(g_free);
    add_references(composed->references, &composing->fields, "In-Reply-To", false);
    add_references(composed->references, &composing->fields, "References", true);
    composed->forward = is_forward_subject(composed->subject);
    g_autofree char *attached =
        composed->references->len > 0 && !composed->forward ? attached_messages(composing) : NULL;
    for (guint i = 0; attached && i < composed->references->len && !composed->forward; i++)
        composed->forward = carries(attached, composed->references->pdata[i]);
}

bool compose(const char *bytes, size_t length, const struct compose_context *context, struct composed *composed,
             char **reason)
{
    g_autoptr(GString) text = message_with_crlf(bytes, length);
    g_autoptr(GPtrArray) recipients = g_ptr_array_new_with_free_func(g_free);
    struct composing composing = {
        .context = context, .text = text->str, .length = text->len, .recipients = recipients, .reason = reason};

    mime_begin();
    *reason = NULL;
    *composed = (struct composed){0};
    if (!message_fields_read(text->str, text->len, &composing.fields, reason))
        return false;

    g_autoptr(GString) more = g_string_new(NULL);
    composing.more = more;
    bool good =
        check_recipients(&composing) && check_from(&composing) && check_closed(&composing) && write_message(&composing);

    if (good) {
        describe(&composing, composed);
        composed->message = g_string_free_to_bytes(g_steal_pointer(&composing.out));
    }
    if (composing.out)
        g_string_free(composing.out, TRUE);
    message_fields_clear(&composing.fields);
    return good;
}
