/* Keys and certificates made on the spot, for servers that a test wants trusted, expired or false. */
#ifndef TESTS_UNIT_LIB_TEST_IDENTITY_H
#define TESTS_UNIT_LIB_TEST_IDENTITY_H

#include <openssl/ssl.h>
#include <openssl/x509.h>

struct test_identity {
    EVP_PKEY *key;
    X509 *certificate;
};

/* A certificate for an IP address or host name, valid between two times in seconds from now, signed
 * by issuer, or by itself where that is NULL. An authority has name NULL. */
struct test_identity *test_identity_new(const char *name, const struct test_identity *issuer, long from_s,
                                        long until_s);
void test_identity_free(struct test_identity *identity);

/* A server's context with it; free with SSL_CTX_free. */
SSL_CTX *test_identity_server(const struct test_identity *identity);
/* Its pin as 64 hex digits, and as sha256//BASE64; the caller frees them (g_free). */
char *test_identity_pin(const struct test_identity *identity);
char *test_identity_pin_base64(const struct test_identity *identity);
/* Writes certificate, or key, as PEM to path. */
void test_identity_write(const struct test_identity *identity, const char *path);
void test_identity_write_key(const struct test_identity *identity, const char *path);

#endif
