#include "contrib/easd/submit.h"

#include <gmime/gmime.h>
#include <string.h>

#include "contrib/easd/event.h"
#include "contrib/easd/mail_log.h"
#include "contrib/easd/store.h"

enum { SENT_ITEMS = 5, INBOX = 2 };

/* A message being sent. */
struct letter {
    const struct submission *submission;
    GMimeMessage *message;
    char *from, *subject, *message_id;
    GPtrArray *recipients; /* of char *, addresses, each once */
    GString *added;        /* headers that were missing */
    gint64 now;
};

/* ---- the header, as text ---- */

/* The line behind a header field that begins at at, its folds passed over. */
static const char *field_end(const char *at, const char *end)
{
    do {
        const char *feed = memchr(at, '\n', (gsize)(end - at));

        at = feed ? feed + 1 : end;
    } while (at < end && (*at == ' ' || *at == '\t'));
    return at;
}

static bool is_field(const char *at, const char *end, const char *name)
{
    gsize length = strlen(name);

    return (gsize)(end - at) > length && g_ascii_strncasecmp(at, name, length) == 0 && at[length] == ':';
}

/* Everything but the fields of a name. */
static GString *without_field(const char *bytes, gsize length, const char *name)
{
    const char *at = bytes, *end = bytes + length;
    GString *rest = g_string_sized_new(length);

    while (at < end && *at != '\r' && *at != '\n') {
        const char *next = field_end(at, end);

        if (!is_field(at, end, name))
            g_string_append_len(rest, at, next - at);
        at = next;
    }
    return g_string_append_len(rest, at, end - at);
}

/* ---- who it is from and for ---- */

static void add_recipients(GPtrArray *recipients, InternetAddressList *list)
{
    for (int i = 0; list && i < internet_address_list_length(list); i++) {
        InternetAddress *one = internet_address_list_get_address(list, i);
        const char *address =
            INTERNET_ADDRESS_IS_MAILBOX(one) ? internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one)) : NULL;

        if (INTERNET_ADDRESS_IS_GROUP(one))
            add_recipients(recipients, internet_address_group_get_members(INTERNET_ADDRESS_GROUP(one)));
        if (address && strchr(address, '@') &&
            !g_ptr_array_find_with_equal_func(recipients, address, g_str_equal, NULL))
            g_ptr_array_add(recipients, g_strdup(address));
    }
}

static bool read_from(struct letter *letter)
{
    InternetAddressList *list = g_mime_message_get_from(letter->message);
    InternetAddress *one =
        list && internet_address_list_length(list) ? internet_address_list_get_address(list, 0) : NULL;
    const struct mailbox *mailbox = letter->submission->mailbox;

    if (!one) {
        letter->from = g_strdup(mailbox->address);
        g_string_append_printf(letter->added, "From: %s\r\n", letter->from);
        return true;
    }
    if (!INTERNET_ADDRESS_IS_MAILBOX(one))
        return false;
    letter->from = g_strdup(internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one)));
    return letter->from && meeting_is_owner(letter->from, mailbox->user);
}

static GMimeMessage *parse(const struct submission *submission)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(submission->bytes, submission->length);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

    g_object_unref(parser);
    g_object_unref(stream);
    return message;
}

static void supply(struct letter *letter)
{
    const char *id = g_mime_message_get_message_id(letter->message);

    letter->subject = g_strdup(g_mime_message_get_subject(letter->message));
    if (id) {
        letter->message_id = g_strdup(id);
    } else {
        letter->message_id = g_mime_utils_generate_message_id("easd.invalid");
        g_string_append_printf(letter->added, "Message-ID: <%s>\r\n", letter->message_id);
    }
    if (!g_mime_message_get_date(letter->message)) {
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(letter->now);
        g_autofree char *text = g_mime_utils_header_format_date(date);

        g_string_append_printf(letter->added, "Date: %s\r\n", text);
    }
}

static int read_letter(struct letter *letter)
{
    const char *bytes = letter->submission->bytes;

    if (letter->submission->length == 0 || *bytes == '\r' || *bytes == '\n' ||
        !(letter->message = parse(letter->submission)))
        return SUBMIT_NO_MESSAGE;
    add_recipients(letter->recipients, g_mime_message_get_to(letter->message));
    add_recipients(letter->recipients, g_mime_message_get_cc(letter->message));
    add_recipients(letter->recipients, g_mime_message_get_bcc(letter->message));
    if (letter->recipients->len == 0)
        return SUBMIT_NO_RECIPIENT;
    if (!read_from(letter))
        return SUBMIT_REFUSED;
    supply(letter);
    return SUBMIT_OK;
}

/* ---- where it goes ---- */

/* NAME is NAME@anything here. */
static bool is_for(const struct letter *letter, const struct mailbox *mailbox)
{
    for (guint i = 0; i < letter->recipients->len; i++)
        if (meeting_is_owner(letter->recipients->pdata[i], mailbox->user))
            return true;
    return false;
}

/* The own mailbox is locked and told at once; another finds the file by itself. */
static bool deliver(const struct letter *letter, struct mailbox *mailbox, const GString *message)
{
    struct mailbox *own = letter->submission->mailbox;
    g_autofree char *wish = store_mail_wish(letter->now, letter->from, letter->subject);

    if (mailbox == own)
        return store_write(store_default_folder(own, INBOX), NULL, wish, message->str, message->len) != NULL;
    return store_deliver(mailbox->root, "Mail/Inbox", wish, message->str, message->len);
}

static bool save(const struct letter *letter, GString *message)
{
    struct mailbox *own = letter->submission->mailbox;
    g_autofree char *wish = store_mail_wish(letter->now, letter->from, letter->subject);
    struct folder *sent = store_default_folder(own, SENT_ITEMS);
    struct entry *entry = store_write(sent, NULL, wish, message->str, message->len);

    return entry && store_set_state(sent, entry, "read", "1");
}

static int send_letter(struct letter *letter)
{
    const struct submission *submission = letter->submission;
    const struct mail_line line = {submission->mailbox->user, letter->from,    letter->subject,
                                   letter->message_id,        submission->why, letter->recipients};
    g_autoptr(GString) bare = without_field(submission->bytes, submission->length, "Bcc");
    g_autoptr(GString) whole = g_string_new_len(letter->added->str, (gssize)letter->added->len);

    g_string_append_len(whole, submission->bytes, (gssize)submission->length);
    g_string_prepend_len(bare, letter->added->str, (gssize)letter->added->len);
    if (submission->save && !save(letter, whole))
        return SUBMIT_REFUSED;
    for (guint i = 0; i < submission->server->mailboxes->len; i++) {
        struct mailbox *mailbox = submission->server->mailboxes->pdata[i];

        if (is_for(letter, mailbox) && !deliver(letter, mailbox, bare))
            g_printerr("easd: unable to deliver to %s\n", mailbox->user);
    }
    mail_log(submission->server->mail_log, &line);
    return SUBMIT_OK;
}

int submit(const struct submission *submission)
{
    struct letter letter = {.submission = submission,
                            .recipients = g_ptr_array_new_with_free_func(g_free),
                            .added = g_string_new(NULL),
                            .now = g_get_real_time() / G_USEC_PER_SEC};
    int status = read_letter(&letter);

    if (status == SUBMIT_OK)
        status = send_letter(&letter);
    g_clear_object(&letter.message);
    g_ptr_array_unref(letter.recipients);
    g_string_free(letter.added, TRUE);
    g_free(letter.from);
    g_free(letter.subject);
    g_free(letter.message_id);
    return status;
}
