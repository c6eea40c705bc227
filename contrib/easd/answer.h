/* The bytes of one answer: a document in memory with stretches of files between its bytes, so
 * that a message of any size goes out without being held. */
#ifndef EASD_ANSWER_H
#define EASD_ANSWER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct answer {
    int http;                 /* 200 unless a command says otherwise */
    const char *content_type; /* static; NULL: WBXML */
    GByteArray *bytes;
    GArray *splices; /* of struct splice, in order */
};

struct splice {
    guint at; /* its bytes go out before bytes[at] */
    int file; /* closed with the answer */
    off_t start;
    uint64_t length;
};

struct answer *answer_new(void);
void answer_free(struct answer *answer);

/* As it was when new. */
void answer_clear(struct answer *answer);

/* Appends length bytes of file from start; takes file over. */
void answer_splice(struct answer *answer, int file, off_t start, uint64_t length);

/* Appends all of another answer, which stays as it is; takes over its code and type. */
void answer_copy(struct answer *answer, const struct answer *other);

/* All bytes that will go out. */
uint64_t answer_length(const struct answer *answer);

/* Moves the answer's bytes and files to the end of another and leaves it empty. */
void answer_append(struct answer *answer, struct answer *tail);

/* A reader over a whole answer, which it owns; compressed as a gzip member on request. */
struct answer_reader;
struct answer_reader *answer_reader_new(struct answer *answer, bool gzip);
void answer_reader_free(struct answer_reader *reader);

/* Up to room bytes into out; 0 at the end, -1 when a file was cut short meanwhile. */
ssize_t answer_reader_read(struct answer_reader *reader, char *out, size_t room);

#endif
