/* How an exchange, or any part of it, ended. Three outcomes that are never mixed up: SERVED is the
 * server's answer to the question; REFUSED is the server's no, with a code; UNREACHABLE means that
 * nobody answered, or not in ActiveSync. Only SERVED may delete or replace anything.
 *
 * A result is a value: copy it freely, nothing to free. */
#ifndef CODEC_RESULT_H
#define CODEC_RESULT_H

#include <stdbool.h>

#include "codec/cause.h"

enum eas_outcome { EAS_SERVED, EAS_REFUSED, EAS_UNREACHABLE };

/* What a refusal or failure may stop. A bad item never stops its folder, a bad folder never stops
 * the account. */
enum eas_scope { EAS_SCOPE_NONE, EAS_SCOPE_ITEM, EAS_SCOPE_FOLDER, EAS_SCOPE_ACCOUNT, EAS_SCOPE_FATAL };

/* What the caller should do next; one word a row in status.def. */
enum eas_action {
    EAS_ACTION_NONE,
    EAS_ACTION_RETRY,       /* the same again, after a growing delay */
    EAS_ACTION_RESYNC,      /* this folder from SyncKey 0, reconciled with what is held */
    EAS_ACTION_FOLDERS,     /* FolderSync, then go on with the same keys */
    EAS_ACTION_FOLDERS_NEW, /* FolderSync from key 0 */
    EAS_ACTION_PROVISION,   /* both phases of Provision, then the same again */
    EAS_ACTION_SEND_FULL,   /* the server forgot what it had cached: send everything */
    EAS_ACTION_SKIP,        /* leave this item, name it, go on */
    EAS_ACTION_LOGIN,       /* credentials: ask the user, never hammer */
    EAS_ACTION_STOP,        /* only a person can change this */
    EAS_ACTION_WIPE,        /* the administrator asked for this account's data to go */
    EAS_ACTION_NEGOTIATE,   /* ask OPTIONS again */
    EAS_ACTION_ENCRYPT,     /* the policy lets nothing be kept but encrypted: begin the replica anew, so */
};

struct eas_result {
    enum eas_outcome outcome;
    enum eas_scope scope;
    enum eas_action action;
    enum eas_cause cause; /* what is wrong, by the fixed words; EAS_NO_CAUSE where none fits */
    int status;           /* the command's Status, else 0 */
    int http;             /* the HTTP code, else 0 */
    int exit_code;        /* what the command ends with for this (CONTRACT 6): 69, 75, 76, 77 ... */
    int retry_after_s;    /* seconds the server asks to wait, or 0 */
    char text[256];       /* one sentence for a person; never a secret */
};

/* A served result: everything else zero. */
struct eas_result eas_served(void);

/* Prints a sentence into a result of the given outcome and scope. */
struct eas_result eas_refused(enum eas_scope scope, int exit_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct eas_result eas_unreachable(int exit_code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same result with a cause. */
static inline struct eas_result eas_caused(struct eas_result result, enum eas_cause cause)
{
    result.cause = cause;
    return result;
}

static inline bool eas_is_served(const struct eas_result *result)
{
    return result->outcome == EAS_SERVED;
}

#endif
