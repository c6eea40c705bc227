/* Translation of items into files: ApplicationData in, bytes out. No I/O, no clock, no globals;
 * what depends on the mailbox comes in struct file_context. */
#ifndef CODEC_FILES_FILES_H
#define CODEC_FILES_FILES_H

#include <glib.h>

#include "codec/item.h"
#include "codec/wire/wbxml_tree.h"

struct file_context {
    const char *uid;          /* for items without one of their own: a urn:uuid:, kept for ever */
    const char *user;         /* the account's own address, or NULL: whose PARTSTAT is it */
    const char *home_zone;    /* the IANA zone to prefer among equals, or NULL */
    int vcard_version;        /* 3 or 4 */
    enum eas_version version; /* the protocol the data came by */
    gint64 now;               /* seconds since 1970, for a date that a written file owes; 0: not known */
};

/* The bytes of the file for one item. Takes the item's ApplicationData; for mail only what a server
 * without MIME gave (else the MIME itself is the file and this is not called). Returns bytes the
 * caller unrefs, or NULL with *reason (caller frees) saying what cannot be expressed.
 * CRLF line ends throughout, as RFC 5545 3.1, RFC 6350 3.2 and RFC 5322 2.1 ask. */
GBytes *file_from_mail(const struct eas_node *data, const struct file_context *context, char **reason);
GBytes *file_from_contact(const struct eas_node *data, const struct file_context *context, char **reason);
GBytes *file_from_event(const struct eas_node *data, const struct file_context *context, char **reason);
GBytes *file_from_task(const struct eas_node *data, const struct file_context *context, char **reason);
GBytes *file_from_note(const struct eas_node *data, const struct file_context *context, char **reason);

/* The same by class (a table). */
GBytes *file_from_item(enum eas_class class, const struct eas_node *data, const struct file_context *context,
                       char **reason);

/* What a file is called after, before it is cleaned and made unique (CONTRACT 2): the subject of an
 * event, task or note, a contact's full name; for mail "From - Subject" where From is the display
 * name, else the address. "" where the item has none. The caller frees it. */
char *file_title(enum eas_class class, const struct eas_node *data);

/* The UID an item itself carries (calendar UID; NULL for the rest). Lives as long as data. */
const char *file_uid(enum eas_class class, const struct eas_node *data);

/* Dates of the wire, both forms ("2026-01-31T13:45:00.000Z", "20260131T134500Z"), as ns since 1970;
 * false for what is no date. Years 1601 to 4501 are dates; what nanoseconds cannot reach (before 1677,
 * after 2262) becomes G_MININT64 or G_MAXINT64. */
bool eas_date_parse(const char *text, gint64 *ns);

#endif
