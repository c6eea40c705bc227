/* From the properties a client gives to the bytes of a file. What the file says already and what it
 * is to say are compared, property by property: only what differs is written, so that whatever else
 * stands in a file, and whatever the protocol has no word for, stays. */
#ifndef EASD_EDIT_H
#define EASD_EDIT_H

#include "codec/wire/wbxml_tree.h"
#include "contrib/easd/mailbox.h"

struct edit {
    /* in */
    int version;       /* ten times the protocol's */
    const char *owner; /* the mailbox's user, and the address of theirs */
    const char *address;
    gint64 now;                            /* seconds since 1970 */
    const struct eas_node *before, *after; /* before: NULL for a new item */
    const char *bytes;                     /* of the file so far; NULL for a new one */
    gsize length;
    /* out */
    GString *file;       /* NULL until it is made */
    char *wish;          /* what a new file might be called; NULL: nothing known */
    char *refusal;       /* why it cannot be: Status 6 */
    GPtrArray *attached; /* of char *, the ClientIds of attachments that were added, by their place; NULL: none */
};

/* Makes file of the rest; false with refusal set. Clear the edit in any case. */
typedef bool edit_run(struct edit *edit);
edit_run edit_event, edit_contact, edit_task, edit_note;

/* The editor of a class; NULL for mail, which is not edited this way. */
edit_run *edit_of(enum item_class class);
void edit_clear(struct edit *edit);

/* Sets refusal unless one is set. Always false. */
bool edit_refuse(struct edit *edit, const char *reason);

/* Whether a property is to be another one than it is; absent and empty are the same. */
bool edit_differs(const struct edit *edit, eas_tag tag);
bool edit_node_differs(const struct eas_node *before, const struct eas_node *after, eas_tag tag);

/* A property's text; NULL where it is absent or empty. */
const char *edit_text(const struct eas_node *node, eas_tag tag);

/* A property that is a number from low to high; false for anything else. Absent: fallback. */
bool edit_number(const struct eas_node *node, eas_tag tag, gint64 low, gint64 high, gint64 fallback, gint64 *number);

/* The Body as plain text with line feeds, "" for none; NULL with refusal set for what cannot be kept. g_free. */
char *edit_body(struct edit *edit, const struct eas_node *node);

/* Lays a change of one occurrence, named by its start, over what a series is to say; data NULL: it is
 * gone. False for what is no moment. */
bool edit_instance(struct eas_node *after, const char *instance, const struct eas_node *data);

/* Whether each property belongs to a class in a version, in a request (MS-ASCMD 2.2.3.11); instance: of one
 * occurrence. Else false with a reason in *refusal. */
bool edit_allowed(const struct eas_node *data, enum item_class class, int version, bool instance, char **refusal);

/* HTML as the text a person reads. Free with g_free. */
char *edit_plain_text(const char *html);

#endif
