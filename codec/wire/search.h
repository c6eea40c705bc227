/* Search (MS-ASCMD 2.2.1.16) and Find (2.2.1.5; 16.1): the address list, and the messages of the mailbox. */
#ifndef CODEC_WIRE_SEARCH_H
#define CODEC_WIRE_SEARCH_H

#include "codec/item.h"
#include "codec/wire/wbxml_tree.h"

/* What is asked. Find where the version has it (16.1) and find is set, else Search. */
struct search_question {
    const char *text;          /* the address list: a prefix of names or addresses; the mailbox: free text */
    const char *collection_id; /* mailbox: only this folder and those below it; NULL: all */
    const char *search_id;     /* Find: a number that is new for each search, as text */
    int count;                 /* hits wanted, 1 to LIMIT_SEARCH_HITS */
    bool pictures;             /* the address list: with photos, from 14.1 on */
    bool find;
};

/* Append a whole request each. */
void search_gal_request(GByteArray *out, enum eas_version version, const struct search_question *question);
void search_mailbox_request(GByteArray *out, enum eas_version version, const struct search_question *question);

/* One entry of the address list (MS-ASCMD 2.2.3.185, MS-ASDTYPE): what is absent is NULL. */
struct gal_entry {
    char *display_name, *first_name, *last_name, *email, *alias;
    char *phone, *mobile_phone, *home_phone, *office, *title, *company;
    GBytes *picture; /* JPEG */
};

/* One message. Search names it by long_id, Find by server_id and collection_id. */
struct search_hit {
    char *long_id, *collection_id, *server_id; /* NULL: not given */
    char *class;                               /* "Email" ... */
    struct eas_node *properties;               /* Subject, From, DateReceived ...; never NULL */
};

struct search_answer {
    int status;      /* of the store or the response, else the document's own; 1 is success */
    GArray *entries; /* of struct gal_entry, or NULL */
    GArray *hits;    /* of struct search_hit, or NULL */
};
/* Reads an answer of either command from its root, within LIMIT_SEARCH_HITS; what is no answer has status 0 and no
 * hits. */
void search_gal_read(const struct eas_node *root, struct search_answer *answer);
void search_mailbox_read(const struct eas_node *root, struct search_answer *answer);
void search_answer_clear(struct search_answer *answer);

#endif
