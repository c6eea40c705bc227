/* Which account: the options that say it, shared by the verbs, and the configuration made of them. */
#ifndef FS_ACCOUNT_H
#define FS_ACCOUNT_H

#include "cache/replica.h"
#include "fs/options.h"

struct account_options {
    char *server, *user, *domain;
    char *password_file, *password_command;
    char *ca_file;
    GPtrArray *pins;
    char *client_cert, *client_key;
    bool insecure_http;
    char *proxy, *protocol, *classes;
    GPtrArray *folders;
    char *since, *vcard, *state;
    bool offline;
    char *trace;
};

/* The rows of an option table for a struct whose member is a struct account_options. */
#define ACCOUNT_ROW(type, member, name, kind, field, argument, help)                                                   \
    {                                                                                                                  \
        name, 0, kind, offsetof(type, member.field), argument, help                                                    \
    }
#define ACCOUNT_ROWS(type, member)                                                                                     \
    ACCOUNT_ROW(type, member, "server", OPTION_TEXT, server, "HOST|URL", "the server"),                                \
        ACCOUNT_ROW(type, member, "user", OPTION_TEXT, user, "USER", "the user's name there"),                         \
        ACCOUNT_ROW(type, member, "domain", OPTION_TEXT, domain, "D", "its domain, sent as D\\USER"),                  \
        ACCOUNT_ROW(type, member, "password-file", OPTION_TEXT, password_file, "F",                                    \
                    "the password is the first line of F, which only you may read"),                                   \
        ACCOUNT_ROW(type, member, "password-command", OPTION_TEXT, password_command, "C",                              \
                    "the password is the first line that the command C prints"),                                       \
        ACCOUNT_ROW(type, member, "ca-file", OPTION_TEXT, ca_file, "PEM", "trust these certificates, too"),            \
        ACCOUNT_ROW(type, member, "pin", OPTION_LIST, pins, "SHA256",                                                  \
                    "trust only a key with this SHA-256 (may be repeated)"),                                           \
        ACCOUNT_ROW(type, member, "client-cert", OPTION_TEXT, client_cert, "PEM", "a certificate of your own"),        \
        ACCOUNT_ROW(type, member, "client-key", OPTION_TEXT, client_key, "PEM", "and its key"),                        \
        ACCOUNT_ROW(type, member, "insecure-http", OPTION_FLAG, insecure_http, NULL,                                   \
                    "allow http://, where everyone can read the password"),                                            \
        ACCOUNT_ROW(type, member, "proxy", OPTION_TEXT, proxy, "URL", "go through this proxy"),                        \
        ACCOUNT_ROW(type, member, "protocol", OPTION_TEXT, protocol, "V", "speak this version: 12.1 to 16.1"),         \
        ACCOUNT_ROW(type, member, "classes", OPTION_TEXT, classes, "LIST",                                             \
                    "keep only these of mail,calendar,contacts,tasks,notes"),                                          \
        ACCOUNT_ROW(type, member, "folder", OPTION_LIST, folders, "GLOB",                                              \
                    "keep only folders like this: \"Mail/Projects*\" (may be repeated)"),                              \
        ACCOUNT_ROW(type, member, "since", OPTION_TEXT, since, "AGE",                                                  \
                    "keep what is not older: all, 1d, 3d, 1w, 2w, 1m, 3m, 6m"),                                        \
        ACCOUNT_ROW(type, member, "vcard", OPTION_TEXT, vcard, "3|4", "the version of .vcf files (3)"),                \
        ACCOUNT_ROW(type, member, "state", OPTION_TEXT, state, "DIR",                                                  \
                    "keep the replica here ($XDG_STATE_HOME/easfs/USER@HOST)"),                                        \
        ACCOUNT_ROW(type, member, "offline", OPTION_FLAG, offline, NULL, "what is here; never ask the server"),        \
        ACCOUNT_ROW(type, member, "trace", OPTION_TEXT, trace, "DIR",                                                  \
                    "write each exchange there as XML, without secrets and bodies")

/* The replica's configuration: 0 with *config (replica_config_free), asking for the password where no
 * option gives it; or an exit code after saying that what is not possible. Makes the parents of the state directory. */
int account_config(const struct account_options *options, const char *what, struct replica_config **config);

/* The state directory alone: 0 with *state (caller frees), or an exit code after saying why not. */
int account_state(const struct account_options *options, const char *what, char **state);

/* "alice@mail.example" of a user and a server given as host, host:port or URL; the caller frees it. */
char *account_name(const char *user, const char *server);

/* Words of "mail,calendar" as bits per enum eas_class; 0 for what is no such list. */
unsigned account_classes(const char *list);

#endif
