/* Encryption at rest: AES-256-GCM by OpenSSL (NIST SP 800-38D), with a key for the database's pages and one for bodies,
 * both made of the one key that the user's keyring holds. From any thread. */
#ifndef CACHE_STORE_CIPHER_H
#define CACHE_STORE_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CIPHER_KEY_BYTES = 32, CIPHER_NONCE_BYTES = 12, CIPHER_TAG_BYTES = 16 };

struct cipher;
/* key is copied; NULL when OpenSSL has no such cipher. */
struct cipher *cipher_new(const uint8_t key[CIPHER_KEY_BYTES]);
void cipher_free(struct cipher *cipher); /* wipes; takes NULL */

/* A page: length bytes sealed in place with a fresh random nonce. where is bound to it, so that no page can stand
 * in another's place. false: OpenSSL failed. */
bool cipher_seal(const struct cipher *cipher, uint64_t where, uint8_t *bytes, size_t length,
                 uint8_t nonce[CIPHER_NONCE_BYTES], uint8_t tag[CIPHER_TAG_BYTES]);
/* false: these are not the bytes that were sealed. */
bool cipher_open(const struct cipher *cipher, uint64_t where, uint8_t *bytes, size_t length,
                 const uint8_t nonce[CIPHER_NONCE_BYTES], const uint8_t tag[CIPHER_TAG_BYTES]);

/* A body: sealed as it streams, under a nonce of its own (cipher_body_nonce). */
struct cipher_stream;
uint64_t cipher_body_nonce(void);
struct cipher_stream *cipher_stream_new(const struct cipher *cipher, uint64_t nonce);
bool cipher_stream_seal(struct cipher_stream *stream, const void *plain, void *sealed, size_t length);
/* Ends it, and frees it; takes NULL. tag may be NULL. */
bool cipher_stream_end(struct cipher_stream *stream, uint8_t tag[CIPHER_TAG_BYTES]);
/* Any piece of a body, in place, by the counter of its place in it: a reader at an offset cannot wait for the tag of
 * the whole, which `cache verify` checks. */
bool cipher_body_read(const struct cipher *cipher, uint64_t nonce, int64_t offset, void *bytes, size_t length);

#endif
