/* Server addresses and redirects. Catches: an address with a password in it, http without
 * permission, a path lost or doubled, credentials carried to somebody else's host. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <glib.h>

#include "cache/server/address.h"

#define PATH "/Microsoft-Server-ActiveSync"

static void an_address_becomes_a_url(void **state)
{
    static const struct {
        const char *server;
        bool insecure;
        const char *url; /* NULL: refused */
    } rows[] = {
        {"mail.example.org", false, "https://mail.example.org" PATH},
        {"  mail.example.org ", false, "https://mail.example.org" PATH},
        {"mail.example.org:8443", false, "https://mail.example.org:8443" PATH},
        {"192.0.2.7", false, "https://192.0.2.7" PATH},
        {"192.0.2.7:444", false, "https://192.0.2.7:444" PATH},
        {"2001:db8::7", false, "https://[2001:db8::7]" PATH},
        {"[2001:db8::7]:444", false, "https://[2001:db8::7]:444" PATH},
        {"https://mail.example.org", false, "https://mail.example.org" PATH},
        {"https://mail.example.org/", false, "https://mail.example.org" PATH},
        {"https://mail.example.org/eas/", false, "https://mail.example.org/eas"},
        {"https://mail.example.org" PATH, false, "https://mail.example.org" PATH},
        {"mail.example.org/eas", false, "https://mail.example.org/eas"},
        {"http://mail.example.org", true, "http://mail.example.org" PATH},
        {"http://mail.example.org", false, NULL},
        {"HTTP://mail.example.org", false, NULL},
        {"ftp://mail.example.org", true, NULL},
        {"file:///etc/passwd", true, NULL},
        {"https://user:secret@mail.example.org", false, NULL},
        {"user@mail.example.org", false, NULL},
        {"https://mail.example.org/?Cmd=Sync", false, NULL},
        {"https://mail.example.org/#x", false, NULL},
        {"mail.example.org:notaport", false, NULL},
        {"mail.example.org:70000", false, NULL},
        {"mail example.org", false, NULL},
        {"mail.example.org\r\nHost: x", false, NULL},
        {"m\xc3\xa4il.example.org", false, NULL},
        {"mail%ee.example.org", false, NULL},
        {"https://", false, NULL},
        {"", false, NULL},
        {NULL, false, NULL},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *why = NULL;
        g_autofree char *url = address_url(rows[i].server, rows[i].insecure, &why);

        if (g_strcmp0(url, rows[i].url) != 0 || (url == NULL) != (why != NULL))
            fail_msg("%s gives %s (%s)", rows[i].server, url, why);
    }
}

static void a_redirect_stays_with_the_owner(void **state)
{
    static const struct {
        const char *url, *location, *next; /* next NULL: refused */
    } rows[] = {
        {"https://a.example.org/x", "https://b.example.org/y", "https://b.example.org/y"},
        {"https://a.example.org/x", "https://B.EXAMPLE.org/y", "https://B.EXAMPLE.org/y"},
        {"https://a.example.org/x", "https://example.org", "https://example.org" PATH},
        {"https://example.org/x", "https://deep.down.example.org/y", "https://deep.down.example.org/y"},
        {"https://a.example.org/x", "/y", "https://a.example.org/y"},
        {"https://a.example.org/x", "https://a.example.org/y?Cmd=Sync&User=u#f", "https://a.example.org/y"},
        {"https://a.example.co.uk/x", "https://b.example.co.uk/y", "https://b.example.co.uk/y"},
        {"http://a.example.org/x", "https://a.example.org/x", "https://a.example.org/x"},
        {"http://127.0.0.1:81/x", "http://127.0.0.1:82/x", "http://127.0.0.1:82/x"},
        {"https://192.0.2.7/x", "https://192.0.2.7:444/y", "https://192.0.2.7:444/y"},
        {"https://a.example.org/x", "https://evil.test/y", NULL},
        {"https://a.example.org/x", "https://example.org.evil.test/y", NULL},
        {"https://a.example.org/x", "//evil.test/y", NULL},
        {"https://a.example.co.uk/x", "https://b.other.co.uk/y", NULL},
        {"https://example.co.uk/x", "https://other.co.uk/y", NULL},
        {"https://one.github.io/x", "https://two.github.io/y", NULL},
        {"https://a.example.org/x", "http://a.example.org/y", NULL},
        {"http://a.example.org/x", "http://b.example.org/y", NULL},
        {"https://a.example.org/x", "https://user:pw@a.example.org/y", NULL},
        {"https://192.0.2.7/x", "https://192.0.2.8/y", NULL},
        {"https://a.example.org/x", "ftp://a.example.org/y", NULL},
        {"https://a.example.org/x", "https://a.example.org/\r\nX: y", NULL},
        {"https://a.example.org/x", "https://evil.test%2f.example.org/y", NULL},
        {"https://localhost/x", "https://otherhost/y", NULL},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *why = NULL;
        g_autofree char *next = address_follow(rows[i].url, rows[i].location, &why);

        if (g_strcmp0(next, rows[i].next) != 0 || (next == NULL) != (why != NULL))
            fail_msg("%s sent on to %s gives %s (%s)", rows[i].url, rows[i].location, next, why);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_becomes_a_url),
        cmocka_unit_test(a_redirect_stays_with_the_owner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
