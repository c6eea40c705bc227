/* Faults on demand: what a network or a server does wrong only now and then, done when asked. A rule says
 * which fault, to which commands, and how often; of the rules that fit a request the first whose turn it is fires. */
#ifndef EASD_FAULT_H
#define EASD_FAULT_H

#include <glib.h>
#include <stdbool.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_DELAY,             /* the answer comes so many ms late */
    FAULT_TRICKLE,           /* ... so many bytes a second */
    FAULT_CUT,               /* ... and ends, with its connection, after so many bytes */
    FAULT_LOST_REQUEST,      /* the connection ends before anything was done */
    FAULT_LOST_ANSWER,       /* ... after all was done */
    FAULT_DUPLICATE,         /* the command's answer before this one, once more; nothing was done */
    FAULT_TWICE,             /* all was done twice; the second answer */
    FAULT_HTTP,              /* an HTTP code instead */
    FAULT_STATUS,            /* a Status instead */
    FAULT_COLLECTION_STATUS, /* ... of each collection or item that was asked for */
    FAULT_INVALID_KEY,       /* the SyncKeys were forgotten */
    FAULT_FOLDER_IDS,        /* every folder has another id from now on */
    FAULT_ITEM_STATUS,       /* ... of each Add, Change and Delete of a Sync, which is not done */
    FAULT_FORGET,            /* what was sent is accepted, and nothing is done */
    FAULT_WRONG_ID,          /* what was added is told by the id of something elsewhere */
    FAULT_DIE,               /* all was done, and the server ends before a byte of the answer */
    FAULT_KINDS
};

/* One that fires. */
struct fault {
    enum fault_kind kind;
    guint value;       /* as the kind counts: ms, bytes, a code */
    guint retry_after; /* seconds; 0: not said */
    bool writes;       /* only a request that writes something */
    guint rule;
};

/* What --help says of kinds and words: whole lines. Static. */
extern const char fault_help[];

struct faults; /* every function: from any thread */

struct faults *faults_new(void);
void faults_free(struct faults *faults);

/* Adds a rule: "KIND[=VALUE][,COMMAND]...[,next=N][,every=N][,after=N][,chance=P][,seed=N][,writes][,retry-after=S]".
 * False with a sentence in *error (g_free) where it is none. */
bool faults_add(struct faults *faults, const char *spec, char **error);
/* Takes all rules away; the counters stay. */
void faults_clear(struct faults *faults);

/* The fault for a request; documents: it is one of a command, so that every kind is possible. */
struct fault faults_pick(struct faults *faults, const char *command, bool documents);
/* Takes a pick back that could not be played. */
void faults_return(struct faults *faults, const struct fault *fault);

/* Whether a rule may ask for an answer once more: then answers are to be kept. */
bool faults_repeat(struct faults *faults);

/* Rules and counters as JSON: {"fired":{KIND:COUNT,...},"rules":[{"rule":SPEC,"seen":COUNT,"fired":COUNT},...]};
 * g_free. */
char *faults_tell(struct faults *faults);

/* Waits so long, or until faults_stop: false. */
bool faults_pause(struct faults *faults, guint ms);
void faults_stop(struct faults *faults);

#endif
