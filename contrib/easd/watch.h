/* inotify on the directories of a mailbox. Wants the mailbox's lock. */
#ifndef EASD_WATCH_H
#define EASD_WATCH_H

#include "contrib/easd/mailbox.h"

/* Watches a folder's directory; leaves folder->watch at -1 where that is refused. */
void watch_folder(struct folder *folder);
void watch_forget(struct folder *folder);

/* Watches a directory that is no folder ("" is the root): what comes there changes the hierarchy. */
void watch_directory(struct mailbox *mailbox, const char *path);

/* Takes what inotify has to say: changes entries, or marks the hierarchy to be walked. */
bool watch_drain(struct mailbox *mailbox);

#endif
