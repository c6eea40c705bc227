#include "cache/server/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

enum { PIN_BYTES = SHA256_DIGEST_LENGTH };

struct tls_trust {
    GPtrArray *roots; /* of X509 *, besides the system's */
    GArray *pins;     /* of PIN_BYTES each */
    char *client_cert, *client_key;
};

static int hex_value(char digit)
{
    return g_ascii_isxdigit(digit) ? g_ascii_xdigit_value(digit) : -1;
}

static bool parse_pin(const char *text, unsigned char pin[PIN_BYTES])
{
    if (g_str_has_prefix(text, "sha256//")) {
        gsize length = 0;
        g_autofree guchar *bytes = g_base64_decode(text + strlen("sha256//"), &length);

        if (length != PIN_BYTES)
            return false;
        memcpy(pin, bytes, PIN_BYTES);
        return true;
    }
    if (strlen(text) != 2 * PIN_BYTES)
        return false;
    for (size_t i = 0; i < PIN_BYTES; i++) {
        if (hex_value(text[2 * i]) < 0 || hex_value(text[2 * i + 1]) < 0)
            return false;
        pin[i] = (unsigned char)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
    }
    return true;
}

static bool add_pins(struct tls_trust *trust, GPtrArray *pins, struct eas_result *result)
{
    for (guint i = 0; pins && i < pins->len; i++) {
        unsigned char pin[PIN_BYTES];

        if (!parse_pin(g_ptr_array_index(pins, i), pin)) {
            *result = eas_refused(EAS_SCOPE_FATAL, 78, "a pin is 64 hex digits or sha256//BASE64, not \"%.80s\"",
                                  (const char *)g_ptr_array_index(pins, i));
            return false;
        }
        g_array_append_val(trust->pins, pin);
    }
    return true;
}

static bool add_roots(struct tls_trust *trust, const char *ca_file, struct eas_result *result)
{
    g_autofree char *pem = NULL;
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    X509 *root;

    if (!ca_file)
        return true;
    if (!g_file_get_contents(ca_file, &pem, &length, &error)) {
        *result = eas_caused(eas_refused(EAS_SCOPE_FATAL, 78, "the CA file cannot be read: %.200s", error->message),
                             EAS_CAUSE_CONFIG);
        return false;
    }
    BIO *bio = BIO_new_mem_buf(pem, (int)MIN(length, (gsize)G_MAXINT));

    while ((root = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL)))
        g_ptr_array_add(trust->roots, root);
    BIO_free(bio);
    if (trust->roots->len == 0)
        *result = eas_refused(EAS_SCOPE_FATAL, 78, "the CA file %.200s holds no certificate in PEM form", ca_file);
    return trust->roots->len > 0;
}

static bool check_readable(const char *file, const char *what, struct eas_result *result)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *bytes = NULL;
    gsize length = 0;
    bool readable = !file || g_file_get_contents(file, &bytes, &length, &error);

    if (!readable)
        *result = eas_refused(EAS_SCOPE_FATAL, 78, "the client %s cannot be read: %.200s", what, error->message);
    if (bytes)
        OPENSSL_cleanse(bytes, length);
    return readable;
}

static void free_root(gpointer root)
{
    X509_free(root);
}

struct tls_trust *tls_trust_new(const char *ca_file, GPtrArray *pins, const char *client_cert, const char *client_key,
                                struct eas_result *result)
{
    struct tls_trust *trust = g_new0(struct tls_trust, 1);

    trust->roots = g_ptr_array_new_with_free_func(free_root);
    trust->pins = g_array_new(FALSE, FALSE, PIN_BYTES);
    trust->client_cert = g_strdup(client_cert);
    trust->client_key = g_strdup(client_key);
    if (add_roots(trust, ca_file, result) && add_pins(trust, pins, result) &&
        check_readable(client_cert, "certificate", result) && check_readable(client_key, "key", result))
        return trust;
    tls_trust_free(trust);
    return NULL;
}

void tls_trust_free(struct tls_trust *trust)
{
    if (!trust)
        return;
    g_ptr_array_unref(trust->roots);
    g_array_unref(trust->pins);
    g_free(trust->client_cert);
    g_free(trust->client_key);
    g_free(trust);
}

bool tls_trust_shows_certificate(const struct tls_trust *trust)
{
    return trust->client_cert != NULL;
}

/* Replaces OpenSSL's whole verification where there are pins. Only the server's own key is looked
 * at: in a chain that nobody checked, a match further up would prove nothing. */
static int verify_pin(X509_STORE_CTX *store, void *ctx)
{
    const struct tls_trust *trust = ctx;
    unsigned char *der = NULL, digest[PIN_BYTES];
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    int length = leaf ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der) : -1;

    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    if (length <= 0)
        return 0;
    SHA256(der, (size_t)length, digest);
    OPENSSL_free(der);
    for (guint i = 0; i < trust->pins->len; i++)
        if (memcmp(trust->pins->data + (size_t)i * PIN_BYTES, digest, PIN_BYTES) == 0) {
            X509_STORE_CTX_set_error(store, X509_V_OK);
            return 1;
        }
    return 0;
}

/* Called when the server asks for a certificate and none is configured: there is none to give. */
static int note_request(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
    struct tls_watch *watch = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    (void)certificate, (void)key;
    if (watch)
        watch->wants_certificate = true;
    return 0;
}

static CURLcode prepare_context(CURL *easy, void *ssl_ctx, void *ctx)
{
    struct tls_watch *watch = ctx;
    const struct tls_trust *trust = watch->trust;
    X509_STORE *store = SSL_CTX_get_cert_store(ssl_ctx);

    (void)easy;
    watch->begun = true;
    SSL_CTX_set_app_data(ssl_ctx, watch);
    if (!trust->client_cert)
        SSL_CTX_set_client_cert_cb(ssl_ctx, note_request);
    if (trust->pins->len > 0) {
        SSL_CTX_set_cert_verify_callback(ssl_ctx, verify_pin, (void *)trust);
        return CURLE_OK;
    }
    SSL_CTX_set_default_verify_paths(ssl_ctx);
    for (guint i = 0; i < trust->roots->len; i++)
        X509_STORE_add_cert(store, g_ptr_array_index(trust->roots, i));
    return CURLE_OK;
}

void tls_apply(struct tls_watch *watch, CURL *easy)
{
    const struct tls_trust *trust = watch->trust;

    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, trust->pins->len > 0 ? 0L : 2L);
    /* OpenSSL's own default paths look roots up one by one; curl's bundle would be read whole by every connection. */
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, prepare_context);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, watch);
    curl_easy_setopt(easy, CURLOPT_SSLCERT, trust->client_cert);
    curl_easy_setopt(easy, CURLOPT_SSLKEY, trust->client_key);
}

static const struct {
    long verify;
    enum eas_cause cause;
    const char *reason;
} faults[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, EAS_CAUSE_TLS_EXPIRED,
     "has expired; check this computer's clock, or ask the administrator to renew it"},
    {X509_V_ERR_CERT_NOT_YET_VALID, EAS_CAUSE_TLS_NOT_YET, "is not valid yet; check this computer's clock"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, EAS_CAUSE_TLS_SELF_SIGNED,
     "is self-signed; if you know it is the right one, name its key with --pin or give it with --ca-file"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, EAS_CAUSE_TLS_UNTRUSTED,
     "comes from an authority that this computer does not know; give its certificate with --ca-file"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, EAS_CAUSE_TLS_UNTRUSTED,
     "comes from an authority that this computer does not know; give its certificate with --ca-file"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, EAS_CAUSE_TLS_UNTRUSTED,
     "comes from an authority that this computer does not know; give its certificate with --ca-file"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, EAS_CAUSE_TLS_UNTRUSTED,
     "comes without those between it and a known authority; ask the administrator to install the whole chain"},
    {X509_V_ERR_CERT_REVOKED, EAS_CAUSE_TLS_UNTRUSTED, "was revoked; tell the administrator"},
    {X509_V_ERR_EE_KEY_TOO_SMALL, EAS_CAUSE_TLS_WEAK,
     "has a key too short to be safe; ask the administrator for a new one"},
    {X509_V_ERR_CA_KEY_TOO_SMALL, EAS_CAUSE_TLS_WEAK,
     "has an authority with a key too short to be safe; tell the administrator"},
    {X509_V_ERR_CA_MD_TOO_WEAK, EAS_CAUSE_TLS_WEAK,
     "is signed in a way no longer safe; ask the administrator for a new one"},
    {X509_V_ERR_HOSTNAME_MISMATCH, EAS_CAUSE_TLS_NAME, "is for another name; check the server's address"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, EAS_CAUSE_TLS_NAME,
     "is for another name; use the server's name instead of its number"},
    {X509_V_ERR_APPLICATION_VERIFICATION, EAS_CAUSE_TLS_PIN,
     "has a key that matches no --pin; if the server has a new certificate, take "
     "its new pin, else somebody may be listening"},
    /* Curl itself compares the name after OpenSSL was content, and does not say so in the code: some releases leave it
     * as it was at the start. */
    {X509_V_OK, EAS_CAUSE_TLS_NAME, "is for another name; check the server's address"},
    {X509_V_ERR_UNSPECIFIED, EAS_CAUSE_TLS_NAME, "is for another name; check the server's address"},
};

/* A certificate names servers, hardly ever their numbers. */
static const char name_of_number[] = "is for another name, not for this number; use the server's name instead";

static struct eas_result certificate_fault(CURL *easy, const char *host)
{
    struct eas_result result;
    const char *reason = NULL;
    enum eas_cause cause = EAS_CAUSE_TLS_UNTRUSTED;
    long verify = X509_V_OK;

    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verify);
    for (size_t i = 0; i < G_N_ELEMENTS(faults) && !reason; i++)
        if (faults[i].verify == verify) {
            reason = faults[i].reason;
            cause = faults[i].cause;
        }
    if (cause == EAS_CAUSE_TLS_NAME && g_hostname_is_ip_address(host))
        reason = name_of_number;
    if (reason)
        result = eas_refused(EAS_SCOPE_FATAL, 77, "the certificate of %.60s %s", host, reason);
    else
        result = eas_refused(EAS_SCOPE_FATAL, 77, "the certificate of %.60s is not accepted: %s", host,
                             X509_verify_cert_error_string(verify));
    result.cause = cause;
    result.action = EAS_ACTION_STOP;
    return result;
}

/* What the handshake's end says, by OpenSSL's reason. */
static const struct {
    int reason;
    enum eas_outcome outcome; /* REFUSED: only a person can change it */
    int exit_code;
    enum eas_cause cause;
    const char *text;
} handshakes[] = {
    {SSL_R_WRONG_VERSION_NUMBER, EAS_UNREACHABLE, 76, EAS_CAUSE_TLS_NOT_TLS,
     "speaks no TLS at this port; check the port"},
    {SSL_R_HTTP_REQUEST, EAS_UNREACHABLE, 76, EAS_CAUSE_TLS_NOT_TLS, "speaks no TLS at this port; check the port"},
    {SSL_R_PACKET_LENGTH_TOO_LONG, EAS_UNREACHABLE, 76, EAS_CAUSE_TLS_NOT_TLS,
     "speaks no TLS at this port; check the port"},
    {SSL_R_UNSUPPORTED_PROTOCOL, EAS_REFUSED, 77, EAS_CAUSE_TLS_WEAK,
     "speaks no TLS of 1.2 or later; ask the administrator for it"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, EAS_REFUSED, 77, EAS_CAUSE_TLS_WEAK,
     "speaks no TLS of 1.2 or later; ask the administrator for it"},
    {SSL_R_DH_KEY_TOO_SMALL, EAS_REFUSED, 77, EAS_CAUSE_TLS_WEAK,
     "offers only encryption that is no longer safe; tell the administrator"},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, EAS_REFUSED, 77, EAS_CAUSE_TLS_WEAK,
     "agrees on no encryption; it may want a client certificate (--client-cert), or offer none that is safe"},
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, EAS_REFUSED, 77, EAS_CAUSE_TLS_CLIENT_CERT,
     "wants a client certificate; give one with --client-cert and --client-key"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, EAS_REFUSED, 77, EAS_CAUSE_TLS_CLIENT_CERT,
     "refuses the client certificate; ask the administrator for the right one"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, EAS_REFUSED, 77, EAS_CAUSE_TLS_CLIENT_CERT,
     "refuses the client certificate; ask the administrator for the right one"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, EAS_REFUSED, 77, EAS_CAUSE_TLS_CLIENT_CERT,
     "refuses the client certificate, which has expired; get a new one"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, EAS_REFUSED, 77, EAS_CAUSE_TLS_CLIENT_CERT,
     "refuses the client certificate, which was revoked; get a new one"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, EAS_REFUSED, 77, EAS_CAUSE_TLS_CLIENT_CERT,
     "does not know the authority of the client certificate; ask the administrator for the right one"},
    {SSL_R_TLSV1_UNRECOGNIZED_NAME, EAS_REFUSED, 77, EAS_CAUSE_TLS_NAME,
     "does not go by that name; check the server's address"},
};

/* Curl keeps OpenSSL's error only as words, "error:0A00045C:SSL routines:...": the reason is in the number. */
static int handshake_reason(const char *words)
{
    const char *number = strstr(words, "error:");

    return number ? ERR_GET_REASON(strtoul(number + strlen("error:"), NULL, 16)) : 0;
}

static bool handshake_fault(const struct tls_watch *watch, const char *words, const char *host,
                            struct eas_result *result)
{
    int reason = handshake_reason(words);

    /* With TLS 1.2 a server that misses a certificate says no more than that the handshake failed. */
    if (reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE && watch->wants_certificate)
        reason = SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED;

    for (size_t i = 0; i < G_N_ELEMENTS(handshakes); i++) {
        if (handshakes[i].reason != reason)
            continue;
        *result = handshakes[i].outcome == EAS_REFUSED
                      ? eas_refused(EAS_SCOPE_FATAL, handshakes[i].exit_code, "%.60s %s", host, handshakes[i].text)
                      : eas_unreachable(handshakes[i].exit_code, "%.60s %s", host, handshakes[i].text);
        result->cause = handshakes[i].cause;
        result->action = EAS_ACTION_STOP;
        return true;
    }
    return false;
}

bool tls_explain(const struct tls_watch *watch, CURL *easy, CURLcode code, const char *words, const char *host,
                 struct eas_result *result)
{
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        *result = certificate_fault(easy, host);
        return true;
    case CURLE_SSL_CERTPROBLEM:
        *result = eas_refused(EAS_SCOPE_FATAL, 77, "the client certificate %.80s or its key cannot be used",
                              watch->trust->client_cert ? watch->trust->client_cert : "");
        result->cause = EAS_CAUSE_TLS_CLIENT_CERT;
        result->action = EAS_ACTION_STOP;
        return true;
    case CURLE_SSL_CIPHER:
        *result = eas_refused(EAS_SCOPE_FATAL, 77, "%.60s offers only encryption that is no longer safe", host);
        result->cause = EAS_CAUSE_TLS_WEAK;
        result->action = EAS_ACTION_STOP;
        return true;
    case CURLE_SSL_CONNECT_ERROR:
        if (!handshake_fault(watch, words, host, result))
            *result = eas_caused(
                eas_unreachable(75, "no encrypted connection with %.60s could be made; a firewall may cut it", host),
                EAS_CAUSE_TLS_NOT_TLS);
        return true;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        /* With TLS 1.3 the server refuses a client after the handshake was done for it. */
        return handshake_fault(watch, words, host, result);
    default:
        return false;
    }
}
