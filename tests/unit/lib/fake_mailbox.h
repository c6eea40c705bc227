/* A mailbox behind the scripted server, with the ways of real ones: each folder is a log of changes, and a
 * SyncKey is a place in it ("EPOCH-PLACE"), so that a repeated key brings the same again. Counts what it gave. */
#ifndef TESTS_UNIT_LIB_FAKE_MAILBOX_H
#define TESTS_UNIT_LIB_FAKE_MAILBOX_H

#include "codec/item.h"
#include "tests/unit/lib/fake_ping.h"
#include "tests/unit/lib/script_server.h"

struct fake_item {
    char *id;
    char *subject, *uid;   /* uid: of events */
    GBytes *mime;          /* of mail */
    struct eas_node *data; /* as a client wrote it; NULL: made of the subject */
    int read, flag;
    bool poison; /* an answer that would hold its body is empty */
    bool broken; /* every request that would give it as MIME fails by HTTP 501 */
    bool gone;
    bool withheld; /* its body is refused */
    bool partial;  /* of events: a Change says the subject alone */
    unsigned hour;
    /* counted */
    unsigned given;  /* Adds */
    unsigned bodies; /* its body, any way */
};

enum fake_event_kind { FAKE_ADD, FAKE_CHANGE, FAKE_WHOLE_CHANGE, FAKE_DELETE, FAKE_SOFT_DELETE };

struct fake_event {
    enum fake_event_kind kind;
    struct fake_item *item;
    char *id; /* at that time */
    bool own; /* the client did it, and is not told */
};

struct fake_folder {
    char *id, *parent, *name;
    int type;
    enum eas_class class;
    GPtrArray *items; /* of struct fake_item */
    GArray *log;      /* of struct fake_event */
    unsigned epoch;   /* keys of another epoch are refused with status 3 */
    /* faults */
    int status;             /* instead of an answer */
    unsigned statuses;      /* so many times */
    bool silent;            /* left out of answers */
    bool endless;           /* MoreAvailable for ever */
    bool refuses;           /* HTTP 500 for any request that names it */
    int item_status;        /* of its next commands ... */
    unsigned item_statuses; /* ... so many of them */
    bool forgets;           /* takes what is added and does not keep it */
    bool chokes;            /* HTTP 500 for any request with a command whose subject is "poison" */
    unsigned asked;         /* how often a key other than 0 was sent for it */
};

struct fake_mailbox {
    struct script_server *server;
    GMutex lock;
    GPtrArray *folders; /* of struct fake_folder */
    unsigned hierarchy; /* epoch */
    unsigned place;     /* of the hierarchy: moves with every change */
    unsigned next_id;
    /* how it answers */
    bool text;           /* bodies as text, not as OPAQUE; U+000C is lost on the way */
    bool no_parts;       /* ItemOperations without multipart */
    bool parts_from_0;   /* counts parts from 0 */
    bool no_sizes;       /* no EstimatedDataSize */
    bool rebuilds;       /* another byte in every copy of a body */
    bool no_mime;        /* gives plain text, Type 1, whatever is asked */
    bool poison_fails;   /* a poison item fails by HTTP 500 instead of silence */
    bool forgetful;      /* keeps no state for a key: what the client did is never told it, a repeated Add adds again */
    unsigned lose_after; /* so many answers to requests that change something are lost ... */
    unsigned lose_before; /* ... or such requests */
    GPtrArray *mails;     /* of GBytes: sent */
    int send_status;      /* instead of sending, once */
    const char *announces; /* it speaks this from its answer to the next message on, and says so (X-MS-RP) */
    unsigned writes;      /* requests that changed something */
    unsigned limit;       /* collections a Sync takes, 0: any */
    unsigned cuts;        /* so many answers to Sync break off in the middle */
    bool dead;            /* HTTP 503 to everything */
    bool locked;          /* HTTP 401 to everything */
    bool portal;          /* a page to everything */
    int folder_status;    /* instead of a list of folders, once */
    bool holds_fetch;     /* ItemOperations is never answered */
    bool holds_bulk;      /* ... where it asks for more than one */
    bool misnames;        /* it answers for the last folder, whatever was asked */
    /* what happens at an exchange: called first, under no lock; false: no answer */
    bool (*at_request)(void *ctx, const struct script_request *request, unsigned number);
    void *ctx;
    struct fake_ping ping;
    unsigned requests, syncs;
    const char *version;
};

struct fake_mailbox *fake_new(void);
void fake_free(struct fake_mailbox *mailbox);

/* Everything below may be called while the server runs. parent NULL: the root. */
struct fake_folder *fake_folder(struct fake_mailbox *mailbox, const char *parent, const char *name, int type);
void fake_folder_remove(struct fake_mailbox *mailbox, struct fake_folder *folder);
struct fake_item *fake_mail(struct fake_mailbox *mailbox, struct fake_folder *folder, const char *subject,
                            const char *body);
struct fake_item *fake_bytes(struct fake_mailbox *mailbox, struct fake_folder *folder, const char *subject,
                             GBytes *mime);
struct fake_item *fake_other(struct fake_mailbox *mailbox, struct fake_folder *folder, const char *subject);
void fake_change(struct fake_mailbox *mailbox, struct fake_folder *folder, struct fake_item *item,
                 enum fake_event_kind kind);
/* The server forgets: keys of the folder are dead. renumber: its items get other ids too. */
void fake_forget(struct fake_mailbox *mailbox, struct fake_folder *folder, bool renumber);
/* All folders get other ids, and the hierarchy's key is dead. */
void fake_renumber_folders(struct fake_mailbox *mailbox);
struct fake_folder *fake_find(struct fake_mailbox *mailbox, const char *name);

/* ---- the rest of the server (fake_sync.c, fake_items.c) ---- */
void fake_sync(struct fake_mailbox *mailbox, const struct eas_node *root, struct script_reply *reply);
void fake_estimate(struct fake_mailbox *mailbox, const struct eas_node *root, struct script_reply *reply);
void fake_item_operations(struct fake_mailbox *mailbox, const struct script_request *request,
                          const struct eas_node *root, struct script_reply *reply);
struct eas_node *fake_data(struct fake_mailbox *mailbox, struct fake_folder *folder, struct fake_item *item,
                           long inline_bytes, bool whole);
struct fake_folder *fake_folder_by_id(struct fake_mailbox *mailbox, const char *id);
struct fake_item *fake_item_by_id(const struct fake_folder *folder, const char *id);
struct fake_item *fake_item_add(struct fake_mailbox *mailbox, struct fake_folder *folder, const char *subject);
void fake_log(struct fake_folder *folder, enum fake_event_kind kind, struct fake_item *item, bool own);

/* ---- what clients change (fake_changes.c); false: the answer is lost ---- */

/* The commands of one collection. key: a place in its log, moved on past what the client did where nothing else waits.
 * The answers are added to out. False: the server fails. */
bool fake_commands(struct fake_mailbox *mailbox, struct fake_folder *folder, const struct eas_node *asked,
                   unsigned *place, struct eas_node *out);
bool fake_changes(struct fake_mailbox *mailbox, const struct script_request *request, const struct eas_node *root,
                  struct script_reply *reply);
/* How many items a folder has; the only one with that subject, or NULL. */
unsigned fake_count(const struct fake_folder *folder);
struct fake_item *fake_only(const struct fake_folder *folder, const char *subject);

#endif
