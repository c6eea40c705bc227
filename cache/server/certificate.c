#include "cache/server/certificate.h"

#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "cache/server/http.h"
#include "cache/server/state.h"
#include "codec/limits.h"

enum { NAMES_SHOWN = 8 };

static char *shown(const char *bytes, int length)
{
    return g_strcanon(g_strndup(bytes, (gsize)CLAMP(length, 0, 80)),
                      G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS " .,-_*@:()/=", '?');
}

static char *common_name(X509_NAME *name)
{
    char text[128];
    int length = X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof text);

    return length > 0 ? shown(text, length) : g_strdup("no name");
}

static char *host_names(X509 *leaf)
{
    GENERAL_NAMES *list = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    GString *text = g_string_new(NULL);

    for (int i = 0; i < sk_GENERAL_NAME_num(list) && i < NAMES_SHOWN; i++) {
        int kind = 0;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(list, i), &kind);

        if (kind != GEN_DNS)
            continue;
        g_autofree char *name = shown((const char *)ASN1_STRING_get0_data(value), ASN1_STRING_length(value));

        g_string_append_printf(text, "%s%s", text->len ? ", " : "", name);
    }
    GENERAL_NAMES_free(list);
    return g_string_free(text, FALSE);
}

static gint64 unix_time(const ASN1_TIME *time)
{
    struct tm tm = {0};

    return ASN1_TIME_to_tm(time, &tm) == 1 ? (gint64)timegm(&tm) : 0;
}

static char *key_pin(X509 *leaf)
{
    unsigned char *der = NULL, digest[SHA256_DIGEST_LENGTH];
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der);
    GString *pin = g_string_new(NULL);

    if (length > 0) {
        SHA256(der, (size_t)length, digest);
        for (size_t i = 0; i < sizeof digest; i++)
            g_string_append_printf(pin, "%02x", digest[i]);
    }
    OPENSSL_free(der);
    return g_string_free(pin, FALSE);
}

/* In place of OpenSSL's verification: looks, and lets the handshake go on. */
static int note_certificate(X509_STORE_CTX *store, void *ctx)
{
    struct certificate *certificate = ctx;
    X509 *leaf = X509_STORE_CTX_get0_cert(store);

    if (!leaf || certificate->pin)
        return 1;
    certificate->subject = common_name(X509_get_subject_name(leaf));
    certificate->issuer = common_name(X509_get_issuer_name(leaf));
    certificate->names = host_names(leaf);
    certificate->from = unix_time(X509_get0_notBefore(leaf));
    certificate->until = unix_time(X509_get0_notAfter(leaf));
    certificate->self_signed = X509_NAME_cmp(X509_get_subject_name(leaf), X509_get_issuer_name(leaf)) == 0;
    certificate->pin = key_pin(leaf);
    return 1;
}

/* Old encryption is let in, too: it is only looked at. */
static CURLcode prepare(CURL *easy, void *ssl_ctx, void *ctx)
{
    (void)easy;
    SSL_CTX_set_security_level(ssl_ctx, 0);
    SSL_CTX_set_cert_verify_callback(ssl_ctx, note_certificate, ctx);
    return CURLE_OK;
}

bool certificate_look(const char *url, const char *proxy, const char *resolver, long timeout_ms,
                      struct certificate *certificate)
{
    struct eas_result result = eas_served();
    struct tls_trust *trust = tls_trust_new(NULL, NULL, NULL, NULL, &result);
    struct http_settings settings = {
        .trust = trust, .proxy = proxy, .resolver = resolver, .user_agent = SESSION_USER_AGENT};
    struct http *http = http_new(&settings);
    struct http_request request = {.options = true,
                                   .once = true,
                                   .url = url,
                                   .timeout_ms = timeout_ms,
                                   .until = g_get_monotonic_time() + timeout_ms * 1000};
    struct http_answer answer;

    *certificate = (struct certificate){0};
    curl_easy_setopt(http_handle(http), CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(http_handle(http), CURLOPT_SSL_CTX_FUNCTION, prepare);
    curl_easy_setopt(http_handle(http), CURLOPT_SSL_CTX_DATA, certificate);
    http_exchange(http, &request, &answer);
    if (http_header(http, "Date"))
        certificate->server_clock = MAX(curl_getdate(http_header(http, "Date"), NULL), 0);
    http_free(http);
    tls_trust_free(trust);
    return certificate->pin != NULL;
}

void certificate_clear(struct certificate *certificate)
{
    g_free(certificate->subject);
    g_free(certificate->issuer);
    g_free(certificate->names);
    g_free(certificate->pin);
    *certificate = (struct certificate){0};
}
