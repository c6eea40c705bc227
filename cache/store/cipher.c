#include "cache/store/cipher.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

struct cipher {
    uint8_t pages[CIPHER_KEY_BYTES], bodies[CIPHER_KEY_BYTES];
};

struct cipher_stream {
    EVP_CIPHER_CTX *context;
};

enum { BLOCK_BYTES = 16 };

/* A key a purpose (NIST SP 800-108, counter mode with one round of HMAC-SHA-256). */
static bool derive(const uint8_t key[CIPHER_KEY_BYTES], const char *purpose, uint8_t out[CIPHER_KEY_BYTES])
{
    unsigned length = CIPHER_KEY_BYTES;

    return HMAC(EVP_sha256(), key, CIPHER_KEY_BYTES, (const uint8_t *)purpose, strlen(purpose), out, &length) != NULL;
}

struct cipher *cipher_new(const uint8_t key[CIPHER_KEY_BYTES])
{
    struct cipher *cipher = g_new0(struct cipher, 1);

    if (derive(key, "easfs pages", cipher->pages) && derive(key, "easfs bodies", cipher->bodies))
        return cipher;
    cipher_free(cipher);
    return NULL;
}

void cipher_free(struct cipher *cipher)
{
    if (!cipher)
        return;
    OPENSSL_cleanse(cipher, sizeof *cipher);
    g_free(cipher);
}

static void put_where(uint64_t where, uint8_t out[sizeof where])
{
    where = GUINT64_TO_LE(where);
    memcpy(out, &where, sizeof where);
}

bool cipher_seal(const struct cipher *cipher, uint64_t where, uint8_t *bytes, size_t length,
                 uint8_t nonce[CIPHER_NONCE_BYTES], uint8_t tag[CIPHER_TAG_BYTES])
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t place[sizeof where];
    int got;

    put_where(where, place);
    bool done = context && RAND_bytes(nonce, CIPHER_NONCE_BYTES) == 1 &&
                EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, cipher->pages, nonce) == 1 &&
                EVP_EncryptUpdate(context, NULL, &got, place, sizeof place) == 1 &&
                EVP_EncryptUpdate(context, bytes, &got, bytes, (int)length) == 1 &&
                EVP_EncryptFinal_ex(context, bytes + got, &got) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, CIPHER_TAG_BYTES, tag) == 1;

    EVP_CIPHER_CTX_free(context);
    return done;
}

bool cipher_open(const struct cipher *cipher, uint64_t where, uint8_t *bytes, size_t length,
                 const uint8_t nonce[CIPHER_NONCE_BYTES], const uint8_t tag[CIPHER_TAG_BYTES])
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t place[sizeof where];
    int got;

    put_where(where, place);
    bool done = context && EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, cipher->pages, nonce) == 1 &&
                EVP_DecryptUpdate(context, NULL, &got, place, sizeof place) == 1 &&
                EVP_DecryptUpdate(context, bytes, &got, bytes, (int)length) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, CIPHER_TAG_BYTES, (void *)tag) == 1 &&
                EVP_DecryptFinal_ex(context, bytes + got, &got) == 1;

    EVP_CIPHER_CTX_free(context);
    return done;
}

/* ---- bodies ---- */

uint64_t cipher_body_nonce(void)
{
    uint64_t nonce = 0;

    while (nonce == 0)
        if (RAND_bytes((uint8_t *)&nonce, sizeof nonce) != 1)
            return 0;
    return nonce & INT64_MAX; /* the store keeps it as a signed number */
}

static void body_iv(uint64_t nonce, uint8_t iv[CIPHER_NONCE_BYTES])
{
    memset(iv, 0, CIPHER_NONCE_BYTES);
    put_where(nonce, iv);
}

struct cipher_stream *cipher_stream_new(const struct cipher *cipher, uint64_t nonce)
{
    struct cipher_stream *stream = g_new0(struct cipher_stream, 1);
    uint8_t iv[CIPHER_NONCE_BYTES];

    body_iv(nonce, iv);
    stream->context = EVP_CIPHER_CTX_new();
    if (nonce && stream->context &&
        EVP_EncryptInit_ex(stream->context, EVP_aes_256_gcm(), NULL, cipher->bodies, iv) == 1)
        return stream;
    cipher_stream_end(stream, NULL);
    return NULL;
}

bool cipher_stream_seal(struct cipher_stream *stream, const void *plain, void *sealed, size_t length)
{
    int got;

    return EVP_EncryptUpdate(stream->context, sealed, &got, plain, (int)length) == 1 && got == (int)length;
}

bool cipher_stream_end(struct cipher_stream *stream, uint8_t tag[CIPHER_TAG_BYTES])
{
    uint8_t rest[BLOCK_BYTES];
    int got;

    if (!stream)
        return true;
    bool done = !tag || (EVP_EncryptFinal_ex(stream->context, rest, &got) == 1 &&
                         EVP_CIPHER_CTX_ctrl(stream->context, EVP_CTRL_GCM_GET_TAG, CIPHER_TAG_BYTES, tag) == 1);

    EVP_CIPHER_CTX_free(stream->context);
    g_free(stream);
    return done;
}

/* GCM encrypts by counter blocks of the IV and a number that begins at 2 (SP 800-38D 7.1): from any block on it is
 * AES-CTR. */
bool cipher_body_read(const struct cipher *cipher, uint64_t nonce, int64_t offset, void *bytes, size_t length)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t counter[BLOCK_BYTES], skipped[BLOCK_BYTES] = {0};
    guint32 number = GUINT32_TO_BE((guint32)(offset / BLOCK_BYTES) + 2);
    int got, skip = (int)(offset % BLOCK_BYTES);

    body_iv(nonce, counter);
    memcpy(counter + CIPHER_NONCE_BYTES, &number, sizeof number);
    bool done = context && EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), NULL, cipher->bodies, counter) == 1 &&
                (!skip || EVP_EncryptUpdate(context, skipped, &got, skipped, skip) == 1);

    for (uint8_t *at = bytes; done && length;) {
        int some = (int)MIN(length, (size_t)G_MAXINT / 2);

        done = EVP_EncryptUpdate(context, at, &got, at, some) == 1;
        at += some;
        length -= (size_t)some;
    }
    EVP_CIPHER_CTX_free(context);
    return done;
}
