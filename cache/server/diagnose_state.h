/* A diagnosis under way, for the files of it only. */
#ifndef CACHE_SERVER_DIAGNOSE_STATE_H
#define CACHE_SERVER_DIAGNOSE_STATE_H

#include "cache/server/diagnose.h"
#include "cache/server/look.h"
#include "cache/server/state.h"

struct exam {
    const struct diagnose_config *config;
    struct session_config *wanted; /* ours; NULL once a session has it */
    GPtrArray *findings;
    gint64 until; /* monotonic */
    const char *step;
    bool stopped; /* a fault: what comes after it cannot be known */

    /* the way there */
    struct tls_trust *trust;
    char *url; /* of the server; NULL: not known yet */
    char *password;
    bool asked_password;
    bool looked;
    struct look look;

    /* ActiveSync */
    struct session *session;
    struct link *link;
    GHashTable *memory; /* char * to char * */
    char *inbox;        /* its ServerId */
};

/* Keeps a finding, tells of it, and stops at a fault. */
void exam_note(struct exam *exam, struct finding *finding);
void exam_ok(struct exam *exam, const char *format, ...) __attribute__((format(printf, 2, 3)));
void exam_skip(struct exam *exam, const char *format, ...) __attribute__((format(printf, 2, 3)));
void exam_fault(struct exam *exam, enum eas_cause cause, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A fault by a result; otherwise where it has no cause. */
void exam_result(struct exam *exam, const struct eas_result *result, enum eas_cause otherwise);
/* Milliseconds for a step, at least 1. */
long exam_time(const struct exam *exam, long most_ms);
/* The password, asked for when it is first wanted; NULL: there is none. */
const char *exam_password(struct exam *exam);

/* The steps; each notes one finding or more. */
void exam_config(struct exam *exam);
void exam_names(struct exam *exam);
void exam_discover(struct exam *exam);
void exam_proxy(struct exam *exam);
void exam_tcp(struct exam *exam);
void exam_tls(struct exam *exam);
void exam_redirect(struct exam *exam);
void exam_http(struct exam *exam);
void exam_auth(struct exam *exam);
void exam_options(struct exam *exam);
void exam_provision(struct exam *exam);
void exam_folders(struct exam *exam);
void exam_item(struct exam *exam);
void exam_ping(struct exam *exam);

#endif
