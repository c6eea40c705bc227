/* The inside of the editor, for cache/edit/ alone. Everything here runs on its thread, within the transaction of one
 * request, unless it says otherwise; functions return 0 or a negative errno, after which the transaction is rolled
 * back. */
#ifndef CACHE_EDIT_EDITOR_H
#define CACHE_EDIT_EDITOR_H

#include "cache/edit/edit.h"
#include "cache/store/files.h"
#include "cache/store/journal.h"
#include "codec/files/edit.h"

/* Why a request was refused of which nothing stays that could say so: told, with the path and the ServerId (NULL: none)
 * of the item that was not changed, and left on the file that stays (0: none). text NULL: no refusal. */
struct refusal {
    char *path, *server_id, *text;
    int64_t ino;
};

struct editor {
    struct replica *replica;
    struct store *store;
    struct view *view; /* its own */
    struct edit_config config;
    GThread *thread;
    GMutex lock; /* over what follows */
    GCond wake;
    GQueue queue; /* of struct edit */
    bool stopping;
    GQueue later;           /* of struct edit: what nobody waits for, and has to be done when the disk takes it */
    struct refusal refusal; /* of the request that is carried out; the thread's */
    gint64 unsynced_at;     /* monotonic time of the first commit not yet on disk; 0: none. The thread's */
};

/* ---- place.c: what a name may be where ---- */

struct place {
    int64_t dir;
    enum eas_class class; /* EAS_NO_CLASS: neither mail nor a vdir */
    bool outbox;
    bool drafts;
    bool deleted;                 /* Deleted Items, or below it */
    struct collection collection; /* id 0: the directory is of no collection */
};
void place_clear(struct place *place);
int place_read(struct editor *editor, int64_t dir, struct place *place);

/* USE_ITEM: an item of a vdir class; USE_LETTER: a message to be sent; USE_DRAFT: a message in Drafts; USE_SCRATCH: a
 * local file. */
enum name_use { USE_SCRATCH, USE_ITEM, USE_DRAFT, USE_LETTER };
/* The use of a name, or -EPERM, -EINVAL (bad UTF-8, control characters), -ENAMETOOLONG (CONTRACT 2). */
int place_use(const struct place *place, const char *name);

/* ---- judge.c: what bytes mean, and whether they may ---- */

struct verdict {
    int error;              /* 0; -EINVAL, -EPERM: it is held */
    char *reason;           /* with an error: one sentence */
    struct written written; /* data NULL: it cannot be read */
    char *method;           /* of a calendar file, or NULL */
    enum meeting_act act;
    int response;
    bool unchanged; /* means what the server has */
    bool doubles;   /* its UID is all that is wrong with it */
    bool replaces;  /* another UID than the item's: the old item goes, a new one comes */
};
void verdict_clear(struct verdict *verdict);
/* Judges bytes as a file of the place. item: the identity they would have, with base its properties when the edit
 * began; NULL: a new one. */
void judge(struct editor *editor, const struct place *place, GBytes *bytes, const struct item *item, GBytes *base,
           int64_t ino, struct verdict *verdict);
/* Whether the removal of an item would mail anyone who must not be mailed: 0 or -EPERM. */
int judge_removal(struct editor *editor, const struct item *item);
extern const char judge_invites[]; /* why that may not be */

/* ---- commit.c: edits of items become rows ---- */

/* The identity that a file under this name has or takes: its own, that whose place it is, or, in the graves, that
 * with the same UID. -ENOENT: none. */
int commit_identity(struct editor *editor, const struct place *place, const struct file_row *file, const char *name,
                    struct item *item);
/* What was judged becomes the file's: identity, row in the journal, state. complete: no writer is left. */
int commit_verdict(struct editor *editor, const struct place *place, int64_t ino, const struct item *item, GBytes *base,
                   struct verdict *verdict, bool complete);
/* The last writer has gone: what was open is queued, or held. */
int commit_complete(struct editor *editor, int64_t ino);
/* An item's file is left empty. */
int commit_empty(struct editor *editor, const struct place *place, const struct item *item, int64_t ino);

/* ---- letter.c: Outbox ---- */
int letter_commit(struct editor *editor, const struct place *place, int64_t ino, GBytes *bytes, bool complete);

/* ---- draft.c: Drafts ---- */

/* The file takes the identity whose place it is. */
int draft_commit(struct editor *editor, const struct place *place, int64_t ino, GBytes *bytes, bool complete);
/* A draft that the server knows (file: as it was) stands in Outbox now, with these bytes. */
int draft_send(struct editor *editor, const struct file_row *file, const struct place *outbox, GBytes *bytes);

/* ---- tree.c: what is made and removed ---- */

/* An addition that is on its way, whose file has left this name since, is the file ino's from now on; and the name that
 * such a file leaves, for that to be known. */
int tree_take_addition(struct editor *editor, int64_t dir, const char *name, int64_t ino);
int tree_remember_origin(struct editor *editor, const struct file_row *file);

/* A file goes: what the server never had at once, an item into the graves, from which its name brings it back within
 * the grace. */
int tree_remove(struct editor *editor, const struct file_row *file);
int tree_remove_item(struct editor *editor, const struct file_row *file);
/* What waits to be sent of a file is dropped; whether something is on its way already. */
int tree_drop_unsent(struct editor *editor, const struct file_row *file, bool *on_its_way);

/* ---- refuse.c: refusals that undo their request ---- */

/* Remembers why; dir, name: the item's, or to be. item: NULL or the item. */
void refuse(struct editor *editor, int64_t dir, const char *name, const struct item *item, int64_t ino,
            const char *text);
/* After the request: tells it, if it failed by that, and forgets it. */
void refuse_tell(struct editor *editor, bool failed);

/* ---- one request each ---- */
int edit_do_create(struct editor *editor, struct edit *edit);
int edit_do_unlink(struct editor *editor, struct edit *edit);
int edit_do_rename(struct editor *editor, struct edit *edit);
int edit_do_link(struct editor *editor, struct edit *edit);
int edit_do_mkdir(struct editor *editor, struct edit *edit);
int edit_do_rmdir(struct editor *editor, struct edit *edit);
int folder_rename(struct editor *editor, struct edit *edit, const struct file_row *folder);
int edit_do_store(struct editor *editor, struct edit *edit, int64_t body, GBytes *bytes);
int edit_do_times(struct editor *editor, struct edit *edit);
int edit_do_xattr(struct editor *editor, struct edit *edit);
int edit_do_retry(struct editor *editor, struct edit *edit);
int edit_do_discard(struct editor *editor, struct edit *edit);

/* ---- helpers of several ---- */

enum eas_version editor_version(struct editor *editor);
char *editor_address(struct editor *editor); /* the account's own, "" while not known; the caller frees it */
int64_t editor_now_ns(void);
/* The bytes of a file as they are; NULL with a negative errno in *error. Any thread's view. */
GBytes *editor_bytes(struct editor *editor, int64_t ino, int *error);
/* A row that is empty but for what every one has. */
struct journal editor_row(enum journal_kind kind, int64_t ino);
/* Writes bytes as a body that the transaction can take. */
int editor_body(struct editor *editor, GBytes *bytes, int64_t *body);

#endif
