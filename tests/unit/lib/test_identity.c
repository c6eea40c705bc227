#include "tests/unit/lib/test_identity.h"

#include <glib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

struct test_identity *test_identity_new(const char *name, const struct test_identity *issuer, long from_s, long until_s)
{
    static long serial = 1;
    struct test_identity *identity = g_new0(struct test_identity, 1);
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);
    g_autofree char *common = g_strdup_printf("%s %ld", name ? name : "Test Authority", serial);

    identity->key = EVP_EC_gen("P-256");
    identity->certificate = certificate;
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate), until_s);
    X509_set_pubkey(certificate, identity->key);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)common, -1, -1, 0);
    X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer->certificate) : subject);
    if (name) {
        g_autofree char *names = g_strdup_printf("%s:%s", g_hostname_is_ip_address(name) ? "IP" : "DNS", name);

        add_extension(certificate, NID_subject_alt_name, names);
    } else {
        add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    }
    X509_sign(certificate, issuer ? issuer->key : identity->key, EVP_sha256());
    return identity;
}

void test_identity_free(struct test_identity *identity)
{
    if (!identity)
        return;
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    g_free(identity);
}

SSL_CTX *test_identity_server(const struct test_identity *identity)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    SSL_CTX_use_certificate(context, identity->certificate);
    SSL_CTX_use_PrivateKey(context, identity->key);
    return context;
}

static void key_digest(const struct test_identity *identity, unsigned char digest[SHA256_DIGEST_LENGTH])
{
    unsigned char *der = NULL;
    int length = i2d_PUBKEY(identity->key, &der);

    SHA256(der, (size_t)length, digest);
    OPENSSL_free(der);
}

char *test_identity_pin(const struct test_identity *identity)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    GString *hex = g_string_new(NULL);

    key_digest(identity, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        g_string_append_printf(hex, "%02x", digest[i]);
    return g_string_free(hex, FALSE);
}

char *test_identity_pin_base64(const struct test_identity *identity)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];

    key_digest(identity, digest);
    g_autofree char *text = g_base64_encode(digest, sizeof digest);

    return g_strconcat("sha256//", text, NULL);
}

void test_identity_write(const struct test_identity *identity, const char *path)
{
    FILE *file = fopen(path, "w");

    PEM_write_X509(file, identity->certificate);
    fclose(file);
}

void test_identity_write_key(const struct test_identity *identity, const char *path)
{
    FILE *file = fopen(path, "w");

    PEM_write_PrivateKey(file, identity->key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
}
