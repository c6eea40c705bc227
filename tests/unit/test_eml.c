/* Mail rebuilt from its properties, for servers that give no MIME. Catches: a header or a body lost or
 * garbled, a header smuggled in by a line break, a message that differs from one run to the next, an
 * attachment passed over in silence. What GMime wrote, GMime also reads back here, but the literal
 * lines are compared too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gmime/gmime.h>

#include "codec/files/mime.h"
#include "tests/unit/item_data.h"

static const struct file_context context = {.uid = "urn:uuid:0d5e6f2a-1111-5222-8333-444455556666"};

#define E(name) TAG_Email_##name
#define BODY(type, data)                                                                                               \
    {TAG_AirSyncBase_Body, NULL}, {TAG_AirSyncBase_Type, type}, {TAG_AirSyncBase_Data, data},                          \
    {                                                                                                                  \
        EAS_TAG_NONE, NULL                                                                                             \
    }

static char *file_text(const struct eas_node *data)
{
    g_autofree char *reason = NULL;
    g_autoptr(GBytes) file = file_from_item(EAS_MAIL, data, &context, &reason);

    assert_non_null(file);
    return g_strndup(g_bytes_get_data(file, NULL), g_bytes_get_size(file));
}

static void a_whole_message(void **state)
{
    (void)state;
    g_autoptr(eas_node) data =
        ITEM({E(To), "\"Bob Böhm\" <bob@example.org>, carol@example.org"}, {E(Cc), "\"Doe, Dan\" <dan@example.org>"},
             {E(From), "\"Alice Smith\" <alice@example.org>"}, {E(ReplyTo), "desk@example.org"},
             {E(Subject), "Budget review"}, {E(DateReceived), "2026-11-22T09:15:33.000Z"}, {E(ThreadTopic), "Budget"},
             {E(Importance), "2"}, BODY("1", "Hello Böhm,\r\n\r\nsee below.\r\n"));
    g_autofree char *text = file_text(data);
    g_autofree char *again = file_text(data);

    assert_string_equal(text, "From: Alice Smith <alice@example.org>\r\n"
                              "Reply-To: desk@example.org\r\n"
                              "To: Bob =?UTF-8?b?QsO2aG0=?= <bob@example.org>, carol@example.org\r\n"
                              "Cc: \"Doe, Dan\" <dan@example.org>\r\n"
                              "Subject: Budget review\r\n"
                              "Thread-Topic: Budget\r\n"
                              "Date: Sun, 22 Nov 2026 09:15:33 +0000\r\n"
                              "Message-Id: <296b6cd7884aafe13b6c7160138cd36186928fe6@easfs.invalid>\r\n"
                              "Importance: high\r\n"
                              "X-EAS-Rebuilt: the server gave no MIME\r\n"
                              "MIME-Version: 1.0\r\n"
                              "Content-Type: text/plain; charset=utf-8\r\n"
                              "Content-Transfer-Encoding: 8bit\r\n"
                              "\r\n"
                              "Hello Böhm,\r\n\r\nsee below.\r\n");
    assert_string_equal(text, again);
}

static void headers_by_property(void **state)
{
    (void)state;
    static const struct {
        eas_tag tag;
        const char *value, *line; /* NULL: no such field */
    } rows[] = {
        {E(From), "alice@example.org", "From: alice@example.org"},
        {E(From), "=?utf-8?q?Am=C3=A9lie?= <a@example.org>", "From: =?UTF-8?b?QW3DqWxpZQ==?= <a@example.org>"},
        {E(From), "Alice Smith", "From: Alice Smith: ;"},
        {E(From), "<>", NULL},
        {E(From), "EX:/o=Contoso", "From: \"EX:/o=Contoso\": ;"},
        {E(From), "a@example.org (Alice \"A\" Smith)", "From: Alice A Smith <a@example.org>"},
        {E(To), "undisclosed-recipients:;", "To: \"undisclosed-recipients:\": ;"},
        {E(To), "a@example.org;, ,b@example.org", "To: a@example.org, b@example.org"},
        {E(From), "", NULL},
        {E(To), "=?utf-8?q?Doe=2C_Jane?= <jane@example.org>", "To: \"Doe, Jane\" <jane@example.org>"},
        {E(To), "=?utf-8?q?x=0ABcc=3A_y?= <jane@example.org>", "To: \"x Bcc: y\" <jane@example.org>"},
        {E(Subject), "=?utf-8?q?x=0D=0ABcc:_y?=", "Subject: x  Bcc: y"},
        {TAG_Email2_Sender, "desk@example.org", "Sender: desk@example.org"},
        {TAG_Email2_Bcc, "secret@example.org", "Bcc: secret@example.org"},
        {E(Subject), "Grüße", "Subject: =?UTF-8?B?R3LDvMOfZQ==?="},
        {E(Subject), "plain\r\nBcc: evil@example.org", "Subject: plain  Bcc: evil@example.org"},
        {E(Subject), "", NULL},
        {E(ThreadTopic), "x", "Thread-Topic: x"},
        {E(Importance), "0", "Importance: low"},
        {E(Importance), "1", NULL},
        {E(Importance), "7", NULL},
        {E(DateReceived), "20261122T091533Z", "Date: Sun, 22 Nov 2026 09:15:33 +0000"},
        {E(DateReceived), "4501-01-01T00:00:00.000Z", "Date: Sat, 01 Jan 4501 00:00:00 +0000"},
        {E(DateReceived), "today", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(eas_node) data = ITEM({rows[i].tag, rows[i].value});
        g_autofree char *text = file_text(data);
        g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);

        if (rows[i].line && !g_strv_contains((const char *const *)lines, rows[i].line))
            fail_msg("no %s in\n%s", rows[i].line, text);
        assert_int_equal(g_strv_length(lines), rows[i].line ? 8 : 7);
    }
}

static void bodies_of_every_type(void **state)
{
    (void)state;
    static const struct {
        const char *type, *data, *part, *content;
    } rows[] = {
        {"1", "a\nb\r\nc\rd", "Content-Type: text/plain; charset=utf-8\r\n", "\r\n\r\na\r\nb\r\nc\r\nd\r\n"},
        {"2", "<p>Grüße</p>", "Content-Type: text/html; charset=utf-8\r\n", "\r\n\r\n<p>Grüße</p>\r\n"},
        {"3", "LZFu", "X-EAS-Body-Omitted: RTF\r\n", "\r\n\r\n"},
        {"4", "From: x\n\nas it is\n", "From: x\n", "\n\nas it is\n"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(eas_node) data = ITEM(BODY(rows[i].type, rows[i].data));
        g_autofree char *text = file_text(data);

        assert_non_null(strstr(text, rows[i].part));
        assert_true(g_str_has_suffix(text, rows[i].content));
    }
}

static void the_mime_of_2_5_is_the_file(void **state)
{
    (void)state;
    g_autoptr(eas_node) data = ITEM({E(Subject), "x"}, {E(MIMEData), "Subject: y\n\nz"});
    g_autofree char *text = file_text(data);

    assert_string_equal(text, "Subject: y\n\nz");
}

static void long_lines_are_encoded(void **state)
{
    (void)state;
    g_autoptr(GString) body = g_string_new(NULL);

    while (body->len < 5000)
        g_string_append(body, "wörter ");
    g_string_append(body, "\r\nend");

    g_autoptr(eas_node) data = ITEM(BODY("1", body->str));
    g_autofree char *text = file_text(data);
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);

    for (char **line = lines; *line; line++) {
        assert_true(strlen(*line) <= 998);
        assert_null(strpbrk(*line, "\r\n"));
    }
    assert_null(strstr(text, "=0D"));
    assert_non_null(strstr(text, "\r\nend\r\n"));
}

/* Read back by a MIME reader: the parts, and a boundary that no attachment's name can break out of. */
static void attachments_are_listed(void **state)
{
    (void)state;
    g_autoptr(eas_node) data =
        ITEM(BODY("2", "<p>hi</p>"), {TAG_AirSyncBase_Attachments, NULL}, {TAG_AirSyncBase_Attachment, NULL},
             {TAG_AirSyncBase_DisplayName, "report.pdf"}, {TAG_AirSyncBase_FileReference, "1:2:0"},
             {TAG_AirSyncBase_EstimatedDataSize, "4711"}, {EAS_TAG_NONE, NULL}, {TAG_AirSyncBase_Attachment, NULL},
             {TAG_AirSyncBase_DisplayName, "odd\r\n--=_name"});
    g_autofree char *text = file_text(data);
    g_autofree char *again = file_text(data);

    assert_string_equal(text, again);
    mime_begin();

    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(text, strlen(text));
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    GMimeObject *mixed = g_mime_message_get_mime_part(message);

    assert_true(GMIME_IS_MULTIPART(mixed));
    assert_int_equal(g_mime_multipart_get_count(GMIME_MULTIPART(mixed)), 2);
    g_autofree char *html =
        g_mime_text_part_get_text(GMIME_TEXT_PART(g_mime_multipart_get_part(GMIME_MULTIPART(mixed), 0)));
    g_autofree char *note =
        g_mime_text_part_get_text(GMIME_TEXT_PART(g_mime_multipart_get_part(GMIME_MULTIPART(mixed), 1)));
    assert_string_equal(html, "<p>hi</p>");
    assert_string_equal(note, "Attachments, kept by the server:\r\n* report.pdf (about 4711 bytes)\r\n"
                              "* odd  --=_name\r\n");
    g_object_unref(message);
    g_object_unref(parser);
    g_object_unref(stream);
}

static void attachments_of_2_5_are_listed(void **state)
{
    (void)state;
    g_autoptr(eas_node) data =
        ITEM({E(Body), "old"}, {E(Attachments), NULL}, {E(Attachment), NULL}, {E(DisplayName), "a.txt"},
             {E(AttName), "x"}, {E(AttSize), "7"}, {EAS_TAG_NONE, NULL}, {E(Attachment), NULL}, {E(AttName), "y"});
    g_autofree char *text = file_text(data);

    assert_non_null(strstr(text, "\r\nold\r\n"));
    assert_non_null(strstr(text, "* a.txt (about 7 bytes)\r\n* without a name\r\n"));
}

/* Read and Flag change while a message lives; its Message-ID must not, and two messages need two. */
static void the_message_id_is_the_messages_own(void **state)
{
    (void)state;
    g_autoptr(eas_node) read = ITEM({E(Subject), "a"}, {E(Read), "1"});
    g_autoptr(eas_node) unread = ITEM({E(Subject), "a"}, {E(Read), "0"});
    g_autoptr(eas_node) other = ITEM({E(To), "a"}, {E(Read), "0"});
    g_autofree char *one = file_text(read);
    g_autofree char *same = file_text(unread);
    g_autofree char *two = file_text(other);
    const char *id = strstr(one, "Message-Id: ");

    assert_string_equal(one, same);
    g_autofree char *line = g_strndup(id, strcspn(id, "\r"));
    assert_null(strstr(two, line));
}

/* GMime's own reader of addresses overflows the stack on the first of these. */
static void hostile_addresses_end(void **state)
{
    (void)state;
    static const char *const units[] = {"a:", "(", "a@b.c,", "\"", "<", "=?utf-8?b?AAAA", "\\"};

    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        g_autoptr(GString) from = g_string_new(NULL);

        while (from->len < 1 << 20)
            g_string_append(from, units[i]);

        g_autoptr(eas_node) data = ITEM({E(From), from->str}, {E(To), from->str}, {E(Subject), from->str});
        g_autofree char *text = file_text(data);
        g_autofree char *title = file_title(EAS_MAIL, data);

        assert_true(strlen(text) < 4 << 20);
        assert_non_null(strstr(text, "\r\nX-EAS-Rebuilt: "));
        assert_non_null(strstr(title, " - "));
    }
}

static char *repeated(const char *piece, size_t times, const char *end)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < times; i++)
        g_string_append(text, piece);
    g_string_append(text, end);
    return g_string_free(text, FALSE);
}

/* RFC 5322 2.1.1: 998 octets, whatever an address, a name or a subject holds. */
static void no_line_is_too_long(void **state)
{
    static const struct {
        const char *piece, *end;
    } rows[] = {
        {"\xef\xbf\xbd", ""},
        {"\xef\xbf\xbd", " <a@example.org>"},
        {"x", "@example.org"},
        {"x", " <a@example.org>"},
        {"x", ""},
        {"two words ", "<a@example.org>"},
        {"\xc3\xa9", "@example.org"},
        {"\"", " <a@example.org>"},
        {"=?utf-8?b?eA==?= ", ""},
        {"a@b", " (comment, or none)"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *value = repeated(rows[i].piece, 3000, rows[i].end);
        g_autoptr(eas_node) data = ITEM({E(To), value}, {E(From), value}, {E(Subject), value}, {E(ThreadTopic), value});
        g_autofree char *text = file_text(data);
        g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);

        for (char **line = lines; *line; line++)
            if (strlen(*line) > 998)
                fail_msg("row %zu: a line of %zu octets: %.80s", i, strlen(*line), *line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_message),
        cmocka_unit_test(headers_by_property),
        cmocka_unit_test(bodies_of_every_type),
        cmocka_unit_test(the_mime_of_2_5_is_the_file),
        cmocka_unit_test(long_lines_are_encoded),
        cmocka_unit_test(attachments_are_listed),
        cmocka_unit_test(attachments_of_2_5_are_listed),
        cmocka_unit_test(hostile_addresses_end),
        cmocka_unit_test(no_line_is_too_long),
        cmocka_unit_test(the_message_id_is_the_messages_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
