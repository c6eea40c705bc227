/* What is written into a mailbox's directory: by temporary file and rename, so that nobody sees
 * half a file. Every change is noted in the mailbox at once. Wants the mailbox's lock. */
#ifndef EASD_STORE_H
#define EASD_STORE_H

#include "contrib/easd/mailbox.h"

/* Writes bytes as an entry's file, whose extended attributes stay; entry NULL: as a new one, named
 * after wish (NULL: nothing known) by a name that no item of the folder ever had, so that no ServerId
 * comes twice. Returns the entry; NULL where the file system refuses, with errno. */
struct entry *store_write(struct folder *folder, struct entry *entry, const char *wish, const void *bytes,
                          size_t length);

/* Takes an entry's file away. */
bool store_remove(struct folder *folder, struct entry *entry);

/* Moves an entry's file into another folder, where it gets a name and an id of its own; NULL with
 * errno. to may be of another class: then its bytes are kept there, unseen, and the old entry is
 * returned. */
struct entry *store_move(struct folder *from, struct entry *entry, struct folder *to);

/* Sets an extended attribute user.eas.NAME of an entry's file; value NULL or "": takes it away. */
bool store_set_state(struct folder *folder, struct entry *entry, const char *name, const char *value);

/* The value of one, or NULL. Free with g_free. */
char *store_state(const struct folder *folder, const struct entry *entry, const char *name);

/* A file name's stem for a message: "2026-11-02 09.15.33 Alice Smith - Budget review". g_free. */
char *store_mail_wish(gint64 date, const char *from, const char *subject);

/* Writes a new message into a directory below another mailbox's root, which need not be locked: it finds
 * the file by itself. */
bool store_deliver(const char *root, const char *directory, const char *wish, const void *bytes, size_t length);

/* Directories as folders. A new one below parent (NULL: below the class's own directory, or "Mail");
 * NULL with errno, EEXIST where there is one of the name. */
struct folder *store_make_folder(struct mailbox *mailbox, struct folder *parent, enum item_class class,
                                 const char *name);
bool store_rename_folder(struct folder *folder, struct folder *parent, const char *name);
bool store_remove_folder(struct folder *folder);

/* The folder of a type (MS-ASCMD 2.2.3.186.3): one of the default ones. */
struct folder *store_default_folder(const struct mailbox *mailbox, int type);

#endif
