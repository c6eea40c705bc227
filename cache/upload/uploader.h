/* What the files of this room share. */
#ifndef CACHE_UPLOAD_UPLOADER_H
#define CACHE_UPLOAD_UPLOADER_H

#include "cache/step.h"
#include "cache/store/files.h"
#include "cache/store/journal.h"
#include "cache/sync/gather.h"
#include "cache/upload/upload.h"
#include "codec/files/edit.h"

/* How many commands of a row were taken, of what the row said then: the user may write to it before the rest goes. */
struct progress {
    size_t taken;
    unsigned said;
};

/* What outlives a pass; everything that must outlive the process is in the journal. */
struct uploader {
    GHashTable *done;   /* row id to a struct progress */
    GArray *deleted_at; /* int64_t queued_ns of deletions that were sent, for the brake */
    int64_t newest;     /* row of the pass under way. Were those sent that come meanwhile, an mv of thousands or a cp -r
                           would be a request for each handful; so they gather */
    gint64 look_at;     /* monotonic time of the next look for something sent; 0: none */
};
struct uploader *uploader_of(struct sync_engine *engine);

/* One pass over the journal: what the tree is, and who has to wait for whom. */
struct upload {
    struct sync_engine *engine;
    GArray *collections; /* of struct collection */
    GHashTable *touched; /* the caller's */
    GHashTable *barred;  /* ids of collections that have to be asked before more is sent to them, as a set */
    int64_t now_ns;
};
/* NULL: the server does not know it, or not yet: then it is not gone. */
struct collection *upload_collection(const struct upload *upload, int64_t id);
bool upload_is_gone(const struct upload *upload, int64_t collection_id);
/* Whether it lies in Deleted Items, or is it. */
bool upload_is_deleted(const struct upload *upload, const struct collection *collection);
void upload_touch(const struct upload *upload, int64_t collection_id);
void upload_touch_type(const struct upload *upload, int type); /* a default folder (EAS_FOLDER_SENT ...) */
void upload_bar(const struct upload *upload, int64_t collection_id);
bool upload_is_stopping(const struct upload *upload);

/* Rows due, in order, of which no earlier row of the same item waits; kinds: a bit for each enum journal_kind. A GArray
 * of struct journal with its clear function set. */
GArray *upload_due(const struct upload *upload, unsigned kinds);
#define UPLOAD_KIND(kind) (1u << (kind))

/* Transactions that announce themselves as steps. */
int upload_begin(struct upload *upload);
int upload_end(struct upload *upload, int error); /* commits, or rolls back where error says so; 0 or the errno */

/* ---- outcome.c: what becomes of a row that was not taken. Within a transaction ---- */

/* The editor may have given the item another file since the row was read, and taken note of its name. -ENOENT: the row
 * is there no more. */
int row_refresh(struct upload *upload, struct journal *row);
/* It waits and is tried again, later every time; a row refused too often is held. */
int row_postpone(struct upload *upload, struct journal *row, const char *why);
/* Held for a person; but where the user wrote again while it was on its way, that is sent in its stead, and what they
 * removed meanwhile is gone. */
int row_hold(struct upload *upload, struct journal *row, const char *why);
/* It was not sent at all, or nobody took it: as before; what was removed meanwhile is gone. */
int row_requeue(struct upload *upload, struct journal *row);
/* By the status of a command or of a whole request. */
int row_refused(struct upload *upload, struct journal *row, const struct eas_result *refusal);
/* A refusal of a whole request that concerns nothing but what is in it: of the scope of an item, so that it does not
 * stop the account. Any other result comes back as it is. */
struct eas_result request_refusal(enum eas_command command, const struct eas_result *result);

/* Marks rows as on their way, durably, before the first byte. Rows that changed since they were read get id 0 and are
 * not to be sent. */
int rows_mark(struct upload *upload, struct journal *const *rows, size_t count, const char *const *keys);

/* ---- prepare.c: what has to be sent for a row, seen what the server has now ---- */

enum prepared {
    PREPARED_SEND,
    PREPARED_DONE, /* nothing has to be sent, or it is held: the row is settled */
    PREPARED_WAIT, /* not yet */
};
struct preparation {
    char *server_id;     /* of the item; NULL for an Add */
    GPtrArray *commands; /* of struct item_command: one after the other */
};
void preparation_clear(struct preparation *preparation);
/* Outside a transaction. *error: the store's. row->base and data are brought up to date by a merge. */
enum prepared row_prepare(struct upload *upload, struct journal *row, struct preparation *preparation, int *error);

/* added.c: the server has the new item under this id. Returns the item's id here, or a negative errno. Within a
 * transaction. */
int64_t row_added(struct upload *upload, struct journal *row, const struct collection *collection,
                  const char *server_id);

/* draft.c: lays a draft's fields against what the server holds of the item, and makes of them what a Change has to say.
 */
enum draft_meeting {
    DRAFT_UNKNOWN,  /* the server could not be asked */
    DRAFT_CHANGE,   /* nobody else changed it */
    DRAFT_SAME,     /* the server has it so already */
    DRAFT_CONFLICT, /* somebody else changed it as well */
};
enum draft_meeting draft_meet_server(struct upload *upload, const struct journal *row, const struct item *item,
                                     struct eas_node *fields);

/* A change of a file that has two versions: one that the server says to the last that it is in conflict is. */
bool row_may_conflict(const struct journal *row, enum eas_class class);

/* ---- doubt.c: what no answer came to ---- */

/* asked: the folders of the rows have been asked since. */
int upload_doubts(struct upload *upload, GHashTable *only, bool asked);

/* responding.c: up to 14.1 the client mails the people whom it invites, tells of a change or of the end (mine NULL):
 * the mail is queued, if the account says that anybody may be mailed, under the name of the event's file ino. Within
 * the transaction that stores the server's answer. */
int upload_invite(struct upload *upload, GBytes *base, GBytes *mine, const char *uid, int64_t ino);

/* responding.c: a meeting is gone, as one is that was declined; where no answer came to that, its organiser is told all
 * the same. Within the transaction that removes it, before. */
int upload_declined(struct upload *upload, const struct item *item);

/* brake.c: holds the deletions that are too many. 0 or a negative errno. */
int upload_brake(struct upload *upload);

/* ---- the ways up. Each sends what is due of its kinds ---- */
struct eas_result upload_folders(struct upload *upload);  /* hierarchy.c */
struct eas_result upload_moves(struct upload *upload);    /* moving.c */
struct eas_result upload_commands(struct upload *upload); /* batch.c */
struct eas_result upload_replies(struct upload *upload);  /* responding.c */
struct eas_result upload_mail(struct upload *upload);     /* sending.c */
/* sending.c: messages that may have been sent: found in Sent Items, or held in the end. 0 or a negative errno. */
int upload_look_for_mail(struct upload *upload);
bool row_is_letter(const struct journal *row);
/* doubt.c: what an item that is added will be known again by (properties_stamp); 0: nothing. */
uint64_t row_stamp(const struct collection *collection, const struct journal *row);
/* A message as the data of a row of JOURNAL_MAIL. */
GBytes *letter_pack(GBytes *message);
/* Adds Sent Items to only where something is looked for there. */
void upload_name_sent(struct upload *upload, GHashTable *only);

/* Properties as they are kept; NULL for NULL and for what cannot be read. */
struct eas_node *upload_node(GBytes *bytes);

#endif
