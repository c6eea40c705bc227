/* Content lines and HTML as text. Catches: a fold inside a character or past 75 octets, a value that
 * breaks out of its line, an escape forgotten or doubled, markup shown as text, input that hangs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/files/html_text.h"
#include "codec/files/ical_common.h"

static void folds_at_75_octets_between_characters(void **state)
{
    (void)state;
    for (size_t lead = 0; lead < 5; lead++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (size_t i = 0; i < lead; i++)
            g_string_append_c(text, 'x');
        for (int i = 0; i < 100; i++)
            g_string_append(text, "\U0001f600");
        g_autoptr(GString) out = g_string_new(NULL);
        content_line(out, "SUMMARY", text->str);
        g_auto(GStrv) lines = g_strsplit(out->str, "\r\n", -1);
        g_autoptr(GString) unfolded = g_string_new(NULL);
        for (size_t i = 0; lines[i]; i++) {
            assert_true(strlen(lines[i]) <= 75);
            assert_true(g_utf8_validate(lines[i], -1, NULL));
            g_string_append(unfolded, i && *lines[i] ? lines[i] + 1 : lines[i]);
        }
        assert_string_equal(unfolded->str + strlen("SUMMARY:"), text->str);
    }
}

static void a_line_of_75_octets_stays_whole(void **state)
{
    (void)state;
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *value = g_strnfill(73, 'x');
    content_line(out, "N", value);
    assert_int_equal(out->len, 77);
    assert_null(strstr(out->str, "\r\n "));
}

static void escapes_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line;
    } rows[] = {
        {"plain", "SUMMARY:plain\r\n"},
        {"a, b; c\\d", "SUMMARY:a\\, b\\; c\\\\d\r\n"},
        {"one\r\ntwo\nthree\rfour", "SUMMARY:one\\ntwo\\nthree\\nfour\r\n"},
        {"bell\a and \x1b[31m \x7f gone\tkept", "SUMMARY:bell and [31m  gone\tkept\r\n"},
        {"x\r\nEND:VEVENT\r\nBEGIN:VALARM", "SUMMARY:x\\nEND:VEVENT\\nBEGIN:VALARM\r\n"},
        {"", ""},
        {NULL, ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) out = g_string_new(NULL);
        content_line_text(out, "SUMMARY", rows[i].text);
        assert_string_equal(out->str, rows[i].line);
    }
}

static void a_raw_value_cannot_leave_its_line(void **state)
{
    (void)state;
    g_autoptr(GString) out = g_string_new(NULL);
    content_line(out, "URL", "https://example.org/\r\nATTENDEE:mailto:eve@example.org");
    assert_string_equal(out->str, "URL:https://example.org/ATTENDEE:mailto:eve@example.org\r\n");
}

static void quotes_parameters(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"Jane Doe", "Jane Doe"},         {"Doe, Jane", "\"Doe, Jane\""},
        {"a:b;c", "\"a:b;c\""},           {"Jane \"JD\" Doe^", "Jane ^'JD^' Doe^^"},
        {"two\r\nlines\a", "two^nlines"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *value = content_parameter(rows[i][0]);
        assert_string_equal(value, rows[i][1]);
    }
}

static void reads_html_as_a_person_does(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"plain", "plain"},
        {"<html><head><title>t</title><style>p{}</style></head><body><p>One</p><p>Two</p></body></html>", "One\nTwo"},
        {"a<br>b<br/>c<BR />d", "a\nb\nc\nd"},
        {"<div>one</div>\r\n<div>two  \r\n  words</div>", "one\ntwo words"},
        {"a &lt;b&gt; &amp; &quot;c&quot;&nbsp;&#228;&#xe4;", "a <b> & \"c\" \xc3\xa4\xc3\xa4"},
        {"AT&T &unknown; & &#0; &#x110000; &#xd800;", "AT&T &unknown; & &#0; &#x110000; &#xd800;"},
        {"1 < 2", "1 < 2"},
        {"a<!-- <p>hidden</p> -->b", "ab"},
        {"a<script>if (1 < 2) alert('</p>')</script>b", "ab"},
        {"a<!-- never ends", "a"},
        {"a<style>never ends", "a"},
        {"a<b", "a"},
        {"a &amp", "a &amp"},
        {"<b>bold</b>ly", "boldly"},
        {"", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = html_text(rows[i][0]);
        assert_string_equal(text, rows[i][1]);
    }
}

static void bodies_of_every_kind(void **state)
{
    (void)state;
    static const struct {
        const char *type, *data, *legacy, *lines;
    } rows[] = {
        {"1", "a\r\nb", NULL, "DESCRIPTION:a\\nb\r\n"},
        {"2", "<p>a, b</p>", NULL, "DESCRIPTION:a\\, b\r\nX-ALT-DESC;FMTTYPE=text/html:<p>a\\, b</p>\r\n"},
        {"3", "bm8gdGV4dA==", NULL, "X-EAS-BODY-OMITTED:RTF\r\n"},
        {NULL, "untyped", NULL, "DESCRIPTION:untyped\r\n"},
        {NULL, NULL, "of 2.5", "DESCRIPTION:of 2.5\r\n"},
        {"1", NULL, NULL, ""},
        {NULL, NULL, NULL, ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(eas_node) data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
        if (rows[i].type || rows[i].data) {
            struct eas_node *body = eas_node_add(data, TAG_AirSyncBase_Body, NULL);
            if (rows[i].type)
                eas_node_add(body, TAG_AirSyncBase_Type, rows[i].type);
            if (rows[i].data)
                eas_node_add(body, TAG_AirSyncBase_Data, rows[i].data);
        }
        if (rows[i].legacy)
            eas_node_add(data, TAG_Calendar_Body, rows[i].legacy);
        g_autoptr(GString) out = g_string_new(NULL);
        ical_add_body(out, data, TAG_Calendar_Body);
        assert_string_equal(out->str, rows[i].lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_at_75_octets_between_characters),
        cmocka_unit_test(a_line_of_75_octets_stays_whole),
        cmocka_unit_test(escapes_text),
        cmocka_unit_test(a_raw_value_cannot_leave_its_line),
        cmocka_unit_test(quotes_parameters),
        cmocka_unit_test(reads_html_as_a_person_does),
        cmocka_unit_test(bodies_of_every_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
