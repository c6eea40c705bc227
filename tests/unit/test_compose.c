/* Messages that users wrote, on their way out. Catches: half a message that is sent, one in another's name, one without
 * a recipient, a part that is not byte for byte what was written, a header field that is supplied twice or not at all,
 * a recipient of a command line that is forgotten, a draft that loses a part on the server. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/files/compose.h"
#include "codec/wire/sync.h"
#include "tests/unit/edit_check.h"
#include "tests/unit/item_data.h"

static const char *const aliases[] = {"j.doe@example.org", NULL};
static const struct compose_context context = {.user = "jane@example.org",
                                               .aliases = aliases,
                                               .name = "Jane Döe",
                                               .date = "Wed, 25 Nov 2026 10:00:00 +0000",
                                               .message_id = "1@easfs.invalid"};

#define SUPPLIED                                                                                                       \
    "Date: Wed, 25 Nov 2026 10:00:00 +0000\r\nFrom: Jane =?UTF-8?b?RMO2ZQ==?= <jane@example.org>\r\n"                  \
    "Message-ID: <1@easfs.invalid>\r\nMIME-Version: 1.0\r\n"
#define COMPLETE                                                                                                       \
    "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nFrom: Jane <JANE@example.org>\r\nMessage-ID: <own@x>\r\n"                \
    "MIME-Version: 1.0\r\nTo: you@example.org\r\n"

static struct composed composed_of(const char *text, const struct compose_context *how)
{
    struct composed composed;
    g_autofree char *reason = NULL;

    if (!compose(text, strlen(text), how, &composed, &reason))
        fail_msg("refused: %s\n%s", reason, text);
    return composed;
}

static char *text_of(const struct composed *composed)
{
    return g_strndup(g_bytes_get_data(composed->message, NULL), g_bytes_get_size(composed->message));
}

static void what_is_missing_is_supplied(void **state)
{
    static const struct {
        const char *written, *sent;
    } rows[] = {
        {"To: you@example.org\nSubject: hi\n\nhello\n",
         "To: you@example.org\r\nSubject: hi\r\n" SUPPLIED "\r\nhello\r\n"},
        {"To: you@example.org\n\nGr\xc3\xbc\xc3\x9f"
         "e\n",
         "To: you@example.org\r\n" SUPPLIED "Content-Type: text/plain; charset=utf-8\r\n"
         "Content-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9f"
         "e\r\n"},
        {"To: you@example.org\nSubject: Gr\xc3\xbc\xc3\x9f"
         "e\n\n\n",
         "To: you@example.org\r\nSubject: =?UTF-8?b?R3LDvMOfZQ==?=\r\n" SUPPLIED "\r\n\r\n"},
        {"To: J\xc3\xbcrgen M <you@example.org>, b@x\n\n",
         "To: =?UTF-8?b?SsO8cmdlbg==?= M <you@example.org>,\r\n b@x\r\n" SUPPLIED "\r\n"},
        {"From jane Tue Nov 24 10:00:00 2026\nTo: you@example.org\n\nx", "To: you@example.org\r\n" SUPPLIED "\r\nx"},
        {"bcc: you@example.org\n\n", "bcc: you@example.org\r\n" SUPPLIED "\r\n"},
        {"FROM: j.doe@example.org\nTO: Friends: a@x, b@x;\ndate: Tue, 24 Nov 2026 10:00:00 +0000\n\n",
         "FROM: j.doe@example.org\r\nTO: Friends: a@x, b@x;\r\ndate: Tue, 24 Nov 2026 10:00:00 +0000\r\n"
         "Message-ID: <1@easfs.invalid>\r\nMIME-Version: 1.0\r\n\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct composed composed = composed_of(rows[i].written, &context);
        g_autofree char *sent = text_of(&composed);

        assert_string_equal(sent, rows[i].sent);
        composed_clear(&composed);
    }
}

static void a_complete_message_is_unchanged(void **state)
{
    static const char *const bodies[] = {
        "\r\nhello\r\n.\r\nFrom here\r\n",
        "Content-Type: multipart/mixed;\r\n boundary=\"b\"\r\n\r\n--b\r\n\r\nx\r\n--b--\r\nepilogue",
        "X-Folded: a\r\n\tb\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nM\xfcller\r\n",
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autofree char *written = g_strconcat(COMPLETE, bodies[i], NULL);
        struct composed composed = composed_of(written, &context);
        g_autofree char *sent = text_of(&composed);

        assert_string_equal(sent, written);
        assert_string_equal(composed.message_id, "own@x");
        composed_clear(&composed);
        /* With the line ends of this system it is the same message. */
        g_auto(GStrv) lines = g_strsplit(written, "\r\n", -1);
        g_autofree char *bare = g_strjoinv("\n", lines);
        composed = composed_of(bare, &context);
        g_autofree char *again = text_of(&composed);
        assert_string_equal(again, written);
        composed_clear(&composed);
    }
}

static void what_must_not_be_sent_is_refused(void **state)
{
    static const struct {
        const char *text, *word;
    } rows[] = {
        {"", "no empty line"},
        {"To: you@example.org\nhello\n", "no field"},
        {"To: you@example.org\nSubject: hi\n", "no empty line"},
        {"\nhello\n", "no recipient"},
        {"Subject: hi\n\nhello\n", "no recipient"},
        {"To: undisclosed-recipients:;\n\nhello\n", "no recipient"},
        {"To: you\n\nhello\n", "no recipient"},
        {"To: a@x\nFrom: boss@example.org\n\nhello\n", "boss@example.org"},
        {"To: a@x\nFrom: jane@example.org, boss@example.org\n\nhello\n", "boss@example.org"},
        {"To: a@x\nFrom: Jane\n\nhello\n", "no address"},
        {"To: a@x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n", "closing boundary"},
        {"To: a@x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n --b--\n", "closing boundary"},
        {"To: a@x\nContent-Type: multipart/mixed\n\n--b--\n", "no boundary"},
        {"To: a@x\nSubject: \xff\n\nx\n", "UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct composed composed;
        g_autofree char *reason = NULL;

        if (compose(rows[i].text, strlen(rows[i].text), &context, &composed, &reason))
            fail_msg("sent: %s", rows[i].text);
        if (!strstr(reason, rows[i].word))
            fail_msg("\"%s\" says nothing of %s", reason, rows[i].word);
        assert_null(composed.message);
    }
}

static void recipients_of_a_command_line(void **state)
{
    static const char *const argv[] = {"you@example.org", "c@x", "d@x", NULL}, *const bad[] = {"root", NULL},
                             *const split[] = {"a@x\r\nSubject: evil", NULL};
    static const struct {
        const char *written, *has;
    } rows[] = {
        {"To: You <YOU@example.org>\n\n", "\r\nBcc: c@x,\r\n d@x\r\n"},
        {"Cc: you@example.org\nBcc: e@x\n\n", "\r\nBcc: c@x,\r\n d@x,\r\n e@x\r\n"},
        {"Subject: x\n\n", "\r\nBcc: you@example.org,\r\n c@x,\r\n d@x\r\n"},
    };
    struct compose_context how = context;

    (void)state;
    how.recipients_from_argv = true;
    how.recipients = argv;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct composed composed = composed_of(rows[i].written, &how);
        g_autofree char *sent = text_of(&composed);

        if (!strstr(sent, rows[i].has))
            fail_msg("no %s in %s", rows[i].has, sent);
        assert_ptr_equal(strstr(sent, "Bcc:"), strrchr(sent, 'B'));
        composed_clear(&composed);
    }
    for (size_t i = 0; i < 2; i++) {
        struct composed composed;
        g_autofree char *reason = NULL;

        how.recipients = i ? split : bad;
        assert_false(compose("To: a@x\n\n", 9, &how, &composed, &reason));
        assert_non_null(strstr(reason, "no address"));
    }
}

static void what_it_answers(void **state)
{
    struct composed reply =
        composed_of("To: a@x\nSubject: =?utf-8?q?Re=3A_hi?=\nIn-Reply-To: <3@x>\nReferences: <1@x> <2@x>\n"
                    " <3@x>\n\n",
                    &context);

    (void)state;
    assert_string_equal(reply.subject, "Re: hi");
    assert_false(reply.forward);
    assert_int_equal(reply.references->len, 3);
    assert_string_equal(reply.references->pdata[0], "3@x");
    assert_string_equal(reply.references->pdata[1], "2@x");
    assert_string_equal(reply.references->pdata[2], "1@x");
    composed_clear(&reply);

    static const struct {
        const char *text;
        bool forward;
    } rows[] = {
        {"To: a@x\nSubject: Fwd: hi\n\n", true},
        {"To: a@x\nSubject: WG: hi\n\n", true},
        {"To: a@x\nSubject: Forest: hi\n\n", false},
        {"To: a@x\nReferences: <1@x>\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
         "message/rfc822\n\n"
         "message-id: <1@x>\n\n--b--\n",
         true},
        {"To: a@x\nReferences: <2@x>\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
         "message/rfc822\n\n"
         "Message-ID: <1@x>\n\n--b--\n",
         false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct composed composed = composed_of(rows[i].text, &context);

        assert_int_equal(composed.forward, rows[i].forward);
        composed_clear(&composed);
    }
}

/* ---- drafts ---- */

static struct eas_node *draft_of(const char *text, const struct eas_node *base)
{
    g_autofree char *reason = NULL;
    struct eas_node *data = draft_fields(text, strlen(text), &reason);

    if (!data)
        fail_msg("stays here: %s\n%s", reason, text);
    if (base)
        draft_change(data, base);
    return data;
}

static const char mixed[] =
    "To: =?utf-8?q?Doe=2C_J=C3=BCrgen?= <j@x>, b@x\nCc: c@x\nBcc: d@x\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n"
    "Importance: high\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nplain\n--c\n"
    "Content-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n"
    "<p>M=FCller</p>\n--c--\n"
    "--b\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nAAECAw==\n"
    "--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename*=utf-8''%C3%BC.txt\n\n"
    "notes\n--b--\n";

static void a_draft_as_fields(void **state)
{
    g_autoptr(eas_node) data = draft_of(mixed, NULL);
    const struct eas_node *body = eas_node_child(data, TAG_AirSyncBase_Body);
    const struct eas_node *first = eas_node_child(data, TAG_AirSyncBase_Attachments)->first, *second = first->next;
    const struct eas_node *content = eas_node_child(first, TAG_AirSyncBase_Content);

    (void)state;
    assert_string_equal(eas_node_text(data, TAG_Email_To), "\"Doe, Jürgen\" <j@x>, b@x");
    assert_string_equal(eas_node_text(data, TAG_Email_Cc), "c@x");
    assert_string_equal(eas_node_text(data, TAG_Email2_Bcc), "d@x");
    assert_string_equal(eas_node_text(data, TAG_Email_Subject), "Grüße");
    assert_string_equal(eas_node_text(data, TAG_Email_Importance), "2");
    assert_string_equal(eas_node_text(body, TAG_AirSyncBase_Type), "2");
    assert_non_null(strstr(eas_node_text(body, TAG_AirSyncBase_Data), "<p>Müller</p>"));
    assert_string_equal(eas_node_text(first, TAG_AirSyncBase_DisplayName), "a.pdf");
    assert_int_equal(content->length, 4);
    assert_memory_equal(content->text, "\0\1\2\3", 4);
    assert_string_equal(eas_node_text(second, TAG_AirSyncBase_DisplayName), "ü.txt");
    assert_null(second->next);

    g_autoptr(GPtrArray) commands = g_ptr_array_new();
    struct item_command add = {ITEM_ADD, NULL, data};
    g_ptr_array_add(commands, &add);
    assert_valid(EAS_MAIL, EAS_16_0, commands);
    assert_valid(EAS_MAIL, EAS_16_1, commands);
}

static void attachments_that_the_server_has_are_not_sent_again(void **state)
{
    g_autoptr(eas_node) base =
        ITEM({TAG_Email_To, "x@x"}, {TAG_Email_Cc, "c@x"}, {TAG_Email2_Bcc, "z@x"}, {TAG_AirSyncBase_Attachments, NULL},
             {TAG_AirSyncBase_Attachment, NULL}, {TAG_AirSyncBase_DisplayName, "a.pdf"},
             {TAG_AirSyncBase_FileReference, "5:1:0"}, {TAG_AirSyncBase_EstimatedDataSize, "4"}, {EAS_TAG_NONE, NULL},
             {TAG_AirSyncBase_Attachment, NULL}, {TAG_AirSyncBase_DisplayName, "old.doc"},
             {TAG_AirSyncBase_FileReference, "5:1:1"}, {TAG_AirSyncBase_EstimatedDataSize, "9"});
    g_autoptr(eas_node) data = draft_of(mixed, base);
    const struct eas_node *attachments = eas_node_child(data, TAG_AirSyncBase_Attachments);
    const struct eas_node *removed = attachments->first, *add = removed->next;

    (void)state;
    assert_int_equal(add->tag, TAG_AirSyncBase_Add);
    assert_string_equal(eas_node_text(add, TAG_AirSyncBase_DisplayName), "ü.txt");
    assert_int_equal(removed->tag, TAG_AirSyncBase_Delete);
    assert_string_equal(eas_node_text(removed, TAG_AirSyncBase_FileReference), "5:1:1");
    assert_null(add->next);

    g_autoptr(eas_node) bare = draft_of("To: x@x\n\nhello\n", base);
    assert_string_equal(eas_node_text(bare, TAG_Email2_Bcc), ""); /* cleared */
    assert_int_equal(eas_node_child(bare, TAG_AirSyncBase_Attachments)->last->tag, TAG_AirSyncBase_Delete);
    g_autoptr(GPtrArray) commands = g_ptr_array_new();
    struct item_command change = {ITEM_CHANGE, NULL, bare};
    g_ptr_array_add(commands, &change);
    assert_valid(EAS_MAIL, EAS_16_1, commands);
}

static void a_draft_that_the_server_has_already(void **state)
{
    static const struct {
        const char *text;
        bool same;
    } rows[] = {
        {"To: x@x\nSubject: s\n\nhello  you\n", true},
        {"To: x@x\nSubject: s\n\nhello me\n", false},
        {"To: y@x\nSubject: s\n\nhello you\n", false},
        {"To: x@x\nBcc: z@x\nSubject: s\n\nhello you\n", false},
        {"To: x@x\n\nhello you\n", false},
        {"To: x@x\nSubject: s\nImportance: high\n\nhello you\n", false},
    };
    g_autoptr(eas_node) held = ITEM({TAG_Email_To, "x@x"}, {TAG_Email_Subject, "s"});
    g_autoptr(eas_node) attached =
        ITEM({TAG_Email_To, "x@x"}, {TAG_Email_Subject, "s"}, {TAG_AirSyncBase_Attachments, NULL},
             {TAG_AirSyncBase_Attachment, NULL}, {TAG_AirSyncBase_DisplayName, "a.pdf"},
             {TAG_AirSyncBase_FileReference, "5:1:0"}, {TAG_AirSyncBase_EstimatedDataSize, "4"});

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(eas_node) data = draft_of(rows[i].text, held);

        if (draft_is(data, held, "hello you\r\n\r\n") != rows[i].same)
            fail_msg("row %zu", i);
    }
    g_autoptr(eas_node) bare = draft_of(rows[0].text, attached);
    assert_false(draft_is(bare, attached, "hello you")); /* the attachment is to go */
}

static void what_fields_cannot_carry_stays(void **state)
{
    static const struct {
        const char *type, *word;
    } rows[] = {
        {"multipart/signed; boundary=b\n\n--b\n\nx\n--b--\n", "signed"},
        {"multipart/encrypted; boundary=b\n\n--b\n\nx\n--b--\n", "encrypted"},
        {"application/pkcs7-mime\n\nx\n", "encrypted"},
        {"multipart/related; boundary=b\n\n--b\n\nx\n--b--\n", "pictures"},
        {"multipart/report; boundary=b\n\n--b\n\nx\n--b--\n", "kind of its own"},
        {"multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nTo: x\n\nx\n--b--\n", "another one"},
        {"multipart/mixed; boundary=b\n\n--b\n\nx\n--b\n\ny\n--b--\n", "several texts"},
        {"multipart/alternative; boundary=b\n\n--b\n\nx\n--b\nContent-Type: text/calendar\n\ny\n--b--\n",
         "neither plain"},
        {"text/plain; charset=nobody-knows\n\n\xff\xfe\n", "character set"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strconcat("To: a@x\nMIME-Version: 1.0\nContent-Type: ", rows[i].type, NULL);
        g_autofree char *reason = NULL;
        g_autoptr(eas_node) data = draft_fields(text, strlen(text), &reason);

        if (data)
            fail_msg("taken: %s", text);
        if (!strstr(reason, rows[i].word))
            fail_msg("\"%s\" says nothing of %s", reason, rows[i].word);
    }
}

/* ---- the corpus ---- */

/* Everything behind the header, as it goes out. */
static const char *body_of(const char *text)
{
    const char *body = strstr(text, "\r\n\r\n");

    return g_str_has_prefix(text, "\r\n") ? text + 2 : body ? body + 4 : NULL;
}

static char *crlf_of(const char *bytes, gsize length)
{
    GString *out = g_string_new(NULL);

    for (gsize i = 0; i < length; i++) {
        if (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r'))
            g_string_append_c(out, '\r');
        g_string_append_c(out, bytes[i]);
    }
    return g_string_free(out, FALSE);
}

static void count_reason(GHashTable *reasons, const char *reason)
{
    g_autofree char *kind = g_strndup(reason, strcspn(reason, "(;"));
    const char *from = strstr(kind, " is from ");
    char *key = from ? g_strndup(kind, (gsize)(from + 8 - kind)) : g_strdup(kind);

    g_hash_table_replace(reasons, key, GINT_TO_POINTER(GPOINTER_TO_INT(g_hash_table_lookup(reasons, key)) + 1));
}

static void print_reasons(GHashTable *reasons)
{
    g_autoptr(GList) kinds = g_list_sort(g_hash_table_get_keys(reasons), (GCompareFunc)strcmp);

    for (GList *kind = kinds; kind; kind = kind->next)
        print_message("%6d %s\n", GPOINTER_TO_INT(g_hash_table_lookup(reasons, kind->data)), (char *)kind->data);
}

static void messages_of_the_corpus(void **state)
{
    SKIP_WITHOUT(shared_has("corpus/eml"), "corpus/eml");
    g_autofree char *top = shared_path("corpus/eml");
    g_autoptr(GHashTable) unsent = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GDir) dir = g_dir_open(top, 0, NULL);
    const char *source;
    int all = 0, sent = 0, drafts = 0;
    struct compose_context anyone = context;

    (void)state;
    anyone.user = NULL; /* the corpus is not from one person */
    while ((source = g_dir_read_name(dir))) {
        g_autofree char *directory = g_build_filename("corpus/eml", source, NULL);
        g_autoptr(GPtrArray) names = shared_names(directory, ".eml");

        for (guint i = 0; i < names->len; i++) {
            g_autoptr(GBytes) bytes = shared_file(names->pdata[i]);
            gsize length;
            const char *text = g_bytes_get_data(bytes, &length);
            struct composed composed;
            g_autofree char *reason = NULL, *why = NULL;
            g_autoptr(eas_node) data = draft_fields(text, length, &why);

            all++;
            drafts += data != NULL;
            assert_int_equal(!data, why != NULL);
            if (!data)
                count_reason(kept, why);
            if (!compose(text, length, &anyone, &composed, &reason)) {
                assert_non_null(reason);
                count_reason(unsent, reason);
                continue;
            }
            sent++;
            gsize out_length;
            const char *out = g_bytes_get_data(composed.message, &out_length);
            g_autofree char *written = crlf_of(text, length);

            if (strlen(written) >= length && body_of(out) && body_of(written) && !strstr(written, "\r\n\r\n\r\n"))
                assert_string_equal(body_of(out), body_of(written));
            composed_clear(&composed);
        }
    }
    print_message("%d messages, %d can be sent; not:\n", all, sent);
    print_reasons(unsent);
    print_message("%d can be drafts of the server's; not:\n", drafts);
    print_reasons(kept);
    assert_true(sent > all / 2 && drafts > all / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_is_supplied),
        cmocka_unit_test(a_complete_message_is_unchanged),
        cmocka_unit_test(what_must_not_be_sent_is_refused),
        cmocka_unit_test(recipients_of_a_command_line),
        cmocka_unit_test(what_it_answers),
        cmocka_unit_test(a_draft_as_fields),
        cmocka_unit_test(a_draft_that_the_server_has_already),
        cmocka_unit_test(attachments_that_the_server_has_are_not_sent_again),
        cmocka_unit_test(what_fields_cannot_carry_stays),
        cmocka_unit_test(messages_of_the_corpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
