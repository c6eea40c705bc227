/* One request, taken apart: what a command needs to know of HTTP. */
#ifndef EASD_REQUEST_H
#define EASD_REQUEST_H

#include "codec/wire/wbxml_tree.h"
#include "contrib/easd/answer.h"
#include "contrib/easd/device.h"
#include "contrib/easd/fault.h"
#include "contrib/easd/mailbox.h"
#include "contrib/easd/query.h"

struct command;

struct server {
    GPtrArray *mailboxes; /* of struct mailbox */
    char *password;
    const char *token_file;      /* NULL: no Bearer tokens. Else lines "NAME TOKEN" */
    GArray *versions;            /* of int, ten times the protocol's, rising */
    bool policy;                 /* provisioning is demanded */
    bool policy_whole;           /* ... and no device that applies it only in part is served */
    GHashTable *policy_settings; /* tag to char *, of the policy file; NULL: none */
    bool gzip;                   /* compress what may be compressed */
    struct faults *faults;
    const char *mail_log; /* a file's path; NULL: none */
};

struct request {
    struct server *server;
    const struct command *command;
    int version; /* 0: none given */
    char *user, *device_id, *device_type;
    guint32 policy_key;
    bool multipart, gzip;
    struct mailbox *mailbox;
    struct device *device;
    const struct query *query;
    const char *body; /* where it is no document: a message; NULL: it is one */
    size_t body_length;
    struct eas_node *root; /* NULL: an empty body */
    struct fault fault;    /* what is to go wrong with it */
};

#endif
