/* easfs sendmail: as sendmail(1), for mutt and scripts; also under that name. ActiveSync knows no envelope: who is to
 * get a message is who stands in its header, so recipients on the command line are added there as Bcc, and a message
 * whose header names others than the command line does is refused, rather than sent to them by surprise. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "codec/files/message_fields.h"
#include "fs/message.h"
#include "fs/outbox.h"
#include "fs/verbs/verbs.h"

static const char what[] = "send the message";

struct sendmail_values {
    char *mount;
    bool from_header; /* -t */
    bool keep_dots;   /* -i */
    GPtrArray *settings;
    char *sender, *full_name, *mode;
    char *ignored;
    bool ignored_flag;
};

#define IGNORED(letter)                                                                                                \
    {                                                                                                                  \
        "", letter, OPTION_TEXT, offsetof(struct sendmail_values, ignored), "X", "taken, and without effect"           \
    }
#define IGNORED_FLAG(letter)                                                                                           \
    {                                                                                                                  \
        "", letter, OPTION_FLAG, offsetof(struct sendmail_values, ignored_flag), NULL, "taken, and without effect"     \
    }

static const struct option_row sendmail_rows[] = {
    {"", 't', OPTION_FLAG, offsetof(struct sendmail_values, from_header), NULL, "to whom its header says"},
    {"", 'i', OPTION_FLAG, offsetof(struct sendmail_values, keep_dots), NULL, "a line of a single dot does not end it"},
    {"", 'o', OPTION_LIST, offsetof(struct sendmail_values, settings), "SETTING", "i: as -i; others have no effect"},
    {"", 'f', OPTION_TEXT, offsetof(struct sendmail_values, sender), "ADDRESS", "the sender: the account's own anyway"},
    {"", 'F', OPTION_TEXT, offsetof(struct sendmail_values, full_name), "NAME", "the sender's name, where -f is given"},
    {"", 'b', OPTION_TEXT, offsetof(struct sendmail_values, mode), "m", "m: a message from standard input, as always"},
    IGNORED('B'),
    IGNORED('N'),
    IGNORED('R'),
    IGNORED('r'),
    IGNORED('e'),
    IGNORED('X'),
    IGNORED_FLAG('m'),
    IGNORED_FLAG('n'),
    IGNORED_FLAG('v'),
    IGNORED_FLAG('U'),
    IGNORED_FLAG('G'),
    {"mount", 0, OPTION_TEXT, offsetof(struct sendmail_values, mount), "MOUNT", "from the account mounted there"},
    {0},
};

static bool dots_end(const struct sendmail_values *values)
{
    bool keep = values->keep_dots;

    for (guint i = 0; values->settings && i < values->settings->len; i++)
        keep = keep || strcmp(values->settings->pdata[i], "i") == 0;
    return !keep;
}

static bool contains(const GPtrArray *addresses, const char *address)
{
    for (guint i = 0; i < addresses->len; i++)
        if (g_ascii_strcasecmp(addresses->pdata[i], address) == 0)
            return true;
    return false;
}

/* The addresses of the command line: each operand is one, or several with commas between. */
static GPtrArray *operands_read(int argc, char **argv)
{
    GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);

    for (int i = 0; i < argc; i++) {
        g_auto(GStrv) words = g_strsplit(argv[i], ",", -1);

        for (char **word = words; *word; word++) {
            g_autofree char *bare = g_strstrip(g_strdup(*word));
            size_t length = strlen(bare);

            if (*bare == '<' && length > 2 && bare[length - 1] == '>')
                g_ptr_array_add(addresses, g_strndup(bare + 1, length - 2));
            else if (*bare)
                g_ptr_array_add(addresses, g_strdup(bare));
        }
    }
    return addresses;
}

static GPtrArray *header_recipients(const struct message_fields *fields)
{
    static const char *const names[] = {"To", "Cc", "Bcc"};
    GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        message_field_addresses(fields, names[i], addresses);
    return addresses;
}

static int check_surprise(const GPtrArray *header, const GPtrArray *wanted)
{
    for (guint i = 0; i < header->len; i++) {
        const char *address = header->pdata[i];

        if (!contains(wanted, address))
            return unable_to(EXIT_DATA, what, "name it too, or take it out of the header",
                             "its header names %s, the command line does not, and the server would send it there",
                             address);
    }
    return 0;
}

/* What the header lacks is put before it. */
static void complete(GString *text, const struct message_fields *fields, const GPtrArray *header,
                     const GPtrArray *wanted, const struct sendmail_values *values)
{
    g_autoptr(GString) first = g_string_new(NULL);

    for (guint i = 0; i < wanted->len; i++)
        if (!contains(header, wanted->pdata[i]))
            g_string_append_printf(first, "%s%s", first->len ? ",\r\n " : "Bcc: ", (const char *)wanted->pdata[i]);
    if (first->len)
        g_string_append(first, "\r\n");
    if (values->full_name && values->sender && !message_field_find(fields, "From", NULL)) {
        g_autofree char *name = g_strdelimit(g_strdup(values->full_name), "\"\\\r\n", ' ');

        g_string_append_printf(first, "From: \"%s\" <%s>\r\n", name, values->sender);
    }
    g_string_prepend_len(text, first->str, (gssize)first->len);
}

static int sendmail_run(void *data, int argc, char **argv)
{
    const struct sendmail_values *values = data;
    g_autoptr(GPtrArray) wanted = operands_read(argc, argv);
    g_autoptr(GPtrArray) header = NULL;
    g_autoptr(GString) raw = NULL, text = NULL;
    g_autofree char *reason = NULL;
    struct message_fields fields = {0};
    int code = 0;

    if (values->mode && strcmp(values->mode, "m") != 0)
        return unable_to(EXIT_USAGE, what, "see .easfs/queue for what waits", "-b%s is not there", values->mode);
    if (!values->from_header && wanted->len == 0)
        return unable_to(EXIT_USAGE, what, "give -t, or name them", "nobody is named to send it to");
    raw = outbox_read(STDIN_FILENO, dots_end(values));
    if (!raw)
        return unable_to(EXIT_DATA, what, NULL, "standard input: %s", g_strerror(errno));
    text = message_with_crlf(raw->str, raw->len);
    if (!message_fields_read(text->str, text->len, &fields, &reason))
        return unable_to(EXIT_DATA, what, "correct that", "%s", reason);
    header = header_recipients(&fields);
    if (!values->from_header)
        code = check_surprise(header, wanted);
    if (!code) {
        complete(text, &fields, header, wanted, values);
        code = outbox_put(values->mount, what, text->str, text->len);
    }
    message_fields_clear(&fields);
    return code;
}

const struct verb verb_sendmail = {
    .name = "sendmail",
    .operands = "[ADDRESS]...",
    .help = "Sends the message on standard input, as sendmail does.",
    .options = sendmail_rows,
    .values_size = sizeof(struct sendmail_values),
    .most = 1 << 20,
    .run = sendmail_run,
};
