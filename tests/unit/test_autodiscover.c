/* Autodiscover's documents, good and hostile. Catches: an entity that is expanded, a document without end, a value that
 * is taken from the wrong place or schema, an address that breaks out of the request. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "codec/limits.h"
#include "codec/wire/autodiscover.h"

#define HEAD                                                                                                           \
    "<?xml version=\"1.0\"?><Autodiscover "                                                                            \
    "xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">"
#define RESPONSE                                                                                                       \
    "<Response xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006\">"
#define TAIL "</Response></Autodiscover>"

static void every_form_is_read(void **state)
{
    static const struct {
        const char *document;
        enum autodiscover_kind kind;
        const char *value; /* of url, address or why */
    } rows[] = {
        {HEAD RESPONSE "<Culture>en:us</Culture><User><EMailAddress>a@b.test</EMailAddress></User><Action><Settings>"
                       "<Server><Type>CertEnroll</Type><Url>https://cert.b.test/</Url></Server>"
                       "<Server><Type>MobileSync</Type><Url> https://m.b.test/Microsoft-Server-ActiveSync </Url>"
                       "<Name>https://m.b.test/</Name></Server></Settings></Action>" TAIL,
         AUTODISCOVER_SERVER, "https://m.b.test/Microsoft-Server-ActiveSync"},
        {"<a:Autodiscover xmlns:a=\"x\"><a:Response><a:Action><a:Redirect>c@d.test</a:Redirect></a:Action></a:Response>"
         "</a:Autodiscover>",
         AUTODISCOVER_ADDRESS, "c@d.test"},
        {HEAD "<Response><Account><Action>redirectUrl</Action><RedirectUrl>https://x.test/a.xml</RedirectUrl></"
              "Account>" TAIL,
         AUTODISCOVER_URL, "https://x.test/a.xml"},
        {HEAD "<Response><Account><Action>redirectAddr</Action><RedirectAddr>e@f.test</RedirectAddr></Account>" TAIL,
         AUTODISCOVER_ADDRESS, "e@f.test"},
        {HEAD RESPONSE
         "<Action><Error><Status>1</Status><Message>The directory is down</Message></Error></Action>" TAIL,
         AUTODISCOVER_ERROR, "The directory is down"},
        {HEAD "<Response><Error Time=\"1\" Id=\"2\"><ErrorCode>600</ErrorCode><Message>Invalid Request</Message>"
              "</Error>" TAIL,
         AUTODISCOVER_ERROR, "Invalid Request"},
        {HEAD "<Response><Account><Protocol><Type>EXCH</Type><Server>mb.b.test</Server></Protocol></Account>" TAIL,
         AUTODISCOVER_OTHER, NULL},
        {HEAD RESPONSE "<Action><Settings><Server><Type>MobileSync</Type><Url></Url></Server></Settings></Action>" TAIL,
         AUTODISCOVER_OTHER, NULL},
        {"<html><body>Welcome</body></html>", AUTODISCOVER_UNREADABLE, "it is no Autodiscover document"},
        {"not XML at all", AUTODISCOVER_UNREADABLE, "it is no XML"},
        {"", AUTODISCOVER_UNREADABLE, "it is no XML"},
        {HEAD RESPONSE "<Action><Settings><Server><Url>https://m.b.test</Url>", AUTODISCOVER_UNREADABLE,
         "it is no XML"},
        {"<!DOCTYPE a [<!ENTITY x \"https://evil.test\">]><Autodiscover><Response><Action><Settings><Server>"
         "<Url>&x;</Url></Server></Settings></Action>" TAIL,
         AUTODISCOVER_UNREADABLE, "it has a DTD, which may hide entities"},
        {"<!DOCTYPE Autodiscover SYSTEM \"file:///etc/passwd\"><Autodiscover/>", AUTODISCOVER_UNREADABLE,
         "it has a DTD, which may hide entities"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct autodiscover said;

        autodiscover_read(rows[i].document, strlen(rows[i].document), &said);
        const char *got = said.url ? said.url : said.address ? said.address : said.why;

        if (said.kind != rows[i].kind || g_strcmp0(got, rows[i].value) != 0)
            fail_msg("row %zu: kind %d, \"%s\"", i, said.kind, got ? got : "");
        autodiscover_clear(&said);
    }
}

static void every_size_is_bounded(void **state)
{
    g_autoptr(GString) large = g_string_new(HEAD RESPONSE), deep = g_string_new(HEAD RESPONSE);
    g_autoptr(GString) value = g_string_new(HEAD RESPONSE "<Action><Redirect>");
    struct autodiscover said;

    (void)state;
    while (large->len <= 10 << 20)
        g_string_append(large, "<Server><Type>MobileSync</Type><Url>https://m.b.test</Url></Server>");
    g_string_append(large, TAIL);
    autodiscover_read(large->str, large->len, &said);
    assert_string_equal(said.why, "it is too long");
    assert_null(said.url);
    autodiscover_clear(&said);

    for (int i = 0; i < LIMIT_AUTODISCOVER_DEPTH; i++)
        g_string_append(deep, "<a>");
    autodiscover_read(deep->str, deep->len, &said);
    assert_string_equal(said.why, "it is nested too deep");
    autodiscover_clear(&said);

    while (value->len <= 2 * LIMIT_AUTODISCOVER_VALUE)
        g_string_append(value, "aaaaaaaa");
    g_string_append(value, "</Redirect></Action>" TAIL);
    autodiscover_read(value->str, value->len, &said);
    assert_string_equal(said.why, "a value of it is too long");
    autodiscover_clear(&said);
}

static void the_second_version_is_read(void **state)
{
    static const struct {
        const char *document;
        enum autodiscover_kind kind;
        const char *value;
    } rows[] = {
        {"{\"Protocol\":\"ActiveSync\",\"Url\":\"https://outlook.office365.com/Microsoft-Server-ActiveSync\"}",
         AUTODISCOVER_SERVER, "https://outlook.office365.com/Microsoft-Server-ActiveSync"},
        {"{\"ErrorCode\":\"UserNotFound\",\"ErrorMessage\":\"The user was\\nnot found\"}", AUTODISCOVER_ERROR,
         "The user was?not found"},
        {"{\"Protocol\":\"Rest\",\"Url\":\"https://x.test/\"}", AUTODISCOVER_OTHER, NULL},
        {"{\"Url\":7}", AUTODISCOVER_OTHER, NULL},
        {"[]", AUTODISCOVER_UNREADABLE, "it is no JSON"},
        {"<html>", AUTODISCOVER_UNREADABLE, "it is no JSON"},
        {"", AUTODISCOVER_UNREADABLE, "it is no JSON"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct autodiscover said;

        autodiscover_read_json(rows[i].document, strlen(rows[i].document), &said);
        const char *got = said.url ? said.url : said.why;

        if (said.kind != rows[i].kind || g_strcmp0(got, rows[i].value) != 0)
            fail_msg("row %zu: kind %d, \"%s\"", i, said.kind, got ? got : "");
        autodiscover_clear(&said);
    }
}

static void an_address_stays_in_its_element(void **state)
{
    g_autofree char *document = autodiscover_request("a</EMailAddress><x>&\"'@b.test");

    (void)state;
    assert_non_null(
        strstr(document, "<EMailAddress>a&lt;/EMailAddress&gt;&lt;x&gt;&amp;&quot;&apos;@b.test</EMailAddress>"));
    assert_non_null(strstr(document, "mobilesync/requestschema/2006"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read),
        cmocka_unit_test(every_size_is_bounded),
        cmocka_unit_test(the_second_version_is_read),
        cmocka_unit_test(an_address_stays_in_its_element),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
