/* From a file to the properties and the body that Sync and ItemOperations give. */
#ifndef EASD_ITEM_H
#define EASD_ITEM_H

#include "codec/wire/wbxml_tree.h"
#include "contrib/easd/answer.h"
#include "contrib/easd/mailbox.h"
#include "contrib/easd/options.h"

/* Where a body goes that is to be a part of its own (MS-ASCMD 2.2.2.10.1). */
struct item_parts {
    GPtrArray *parts; /* of struct answer; a Part's number is its index + 1 */
};

struct item_writer {
    struct answer *answer;
    struct wbxml_writer wbxml; /* into answer->bytes */
    int version;               /* ten times the protocol's: 121 to 161 */
    struct item_parts *parts;  /* NULL: bodies inline */
    bool state_only;           /* mail: read, flag and categories alone have changed */
    GByteArray *buffer;        /* for files, reused from one to the next */
};

/* What writing an item came to. */
enum item_result { ITEM_WRITTEN, ITEM_GONE, ITEM_REFUSED };

/* Writes the children of ApplicationData or Properties. On anything but ITEM_WRITTEN nothing was
 * written; ITEM_REFUSED marked the entry and said why. */
enum item_result item_write(struct item_writer *writer, const struct folder *folder, struct entry *entry,
                            const struct options *options);

/* What a file of any class but mail says in a version, its text as a Body, for changes to be laid over; its
 * bytes go into bytes. NULL where it is gone or cannot be said. Free with eas_node_free. */
struct eas_node *item_read(const struct folder *folder, struct entry *entry, int version, GByteArray *bytes);

/* Whether such bytes can be served as an item of the folder in a version; else why not, in *refusal (g_free),
 * and what they say in *properties (may be NULL; eas_node_free). */
bool item_check(const struct folder *folder, const char *bytes, gsize length, int version, char **refusal,
                struct eas_node **properties);

/* How many bytes of memory an item will take in an answer, roughly; *files counts the files that
 * stay open for it. */
gint64 item_cost(const struct folder *folder, const struct entry *entry, const struct options *options, guint *files);

/* Whether an entry reaches into the time since a FilterType's beginning; since 1 asks whether a task
 * is incomplete. */
bool item_in_filter(const struct folder *folder, struct entry *entry, gint64 since);

#endif
