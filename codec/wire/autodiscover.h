/* Autodiscover: from an address to the server's URL. Two forms: XML that is posted (POX, MS-ASCMD 2.2.1.1, with the
 * mobilesync schema) and JSON that is fetched (version 2, MS-OXDISCO 3.1.5). What comes back is hostile: sizes are
 * bounded, and a document with a DTD, so with any entity of its own, is refused. */
#ifndef CODEC_WIRE_AUTODISCOVER_H
#define CODEC_WIRE_AUTODISCOVER_H

#include <glib.h>
#include <stddef.h>

enum autodiscover_kind {
    AUTODISCOVER_UNREADABLE, /* no such document: why says what is wrong with it */
    AUTODISCOVER_SERVER,     /* url is the ActiveSync server's */
    AUTODISCOVER_ADDRESS,    /* begin again with address */
    AUTODISCOVER_URL,        /* ask at url instead */
    AUTODISCOVER_ERROR,      /* a no: why has the server's words */
    AUTODISCOVER_OTHER,      /* a good document that says nothing of ActiveSync (the schema of Outlook, say) */
};

struct autodiscover {
    enum autodiscover_kind kind;
    char *url, *address; /* as they came; to be checked before they are used */
    char *why;           /* fit for a sentence; NULL where there is nothing to say */
};

/* The document to post for an address; the caller frees it. */
char *autodiscover_request(const char *address);

/* Reads an answer to it. Clear it after use. */
void autodiscover_read(const char *bytes, size_t length, struct autodiscover *answer);
/* Reads an answer of version 2. */
void autodiscover_read_json(const char *bytes, size_t length, struct autodiscover *answer);
void autodiscover_clear(struct autodiscover *answer);

#endif
