/* A script for a scripted server: what it answers to one request after another. */
#ifndef TESTS_UNIT_LIB_SCRIPT_H
#define TESTS_UNIT_LIB_SCRIPT_H

#include "tests/unit/lib/rig.h"

enum step_kind {
    STEP_DOCUMENT,    /* 200 with a FolderSync whose Status is code */
    STEP_EMPTY,       /* 200 without a body */
    STEP_CODE,        /* the HTTP code, with a small page */
    STEP_LOST,        /* no answer: the connection closes */
    STEP_HOLD,        /* no answer, and the connection stays */
    STEP_POLICY,      /* a Provision answer with key; code is the policy's Status */
    STEP_BARE_POLICY, /* the same without a Status at the top */
    STEP_WIPE,        /* a Provision answer that orders to wipe */
};

struct step {
    enum step_kind kind;
    int code;
    const char *headers; /* "Name: value\r\n" each, or NULL */
    const char *key;
};

/* Steps in order; the last one is repeated for ever. */
struct script {
    const struct step *steps;
    size_t count;
    size_t next;
};
#define SCRIPT(...)                                                                                                    \
    (struct script)                                                                                                    \
    {                                                                                                                  \
        .steps = (const struct step[]){__VA_ARGS__},                                                                   \
        .count = sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step)                                      \
    }

/* A script_handler; ctx is a struct script *. */
void script_play(void *ctx, const struct script_request *request, struct script_reply *reply);

/* The commands so far, "OPTIONS Settings FolderSync"; the caller frees it. */
char *script_commands(struct script_server *server);

/* Fail the test unless the commands so far, or a header of the nth request (NULL: absent), are as expected. */
void expect_commands(struct rig *rig, const char *expected);
void expect_header(struct rig *rig, unsigned index, const char *name, const char *expected);

#endif
