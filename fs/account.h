/* Which account: the options that say it, shared by the verbs, and the configuration made of them. */
#ifndef FS_ACCOUNT_H
#define FS_ACCOUNT_H

#include <jansson.h>

#include "cache/replica.h"
#include "cache/server/session.h"
#include "fs/options.h"
#include "fs/password.h"

struct account_options {
    char *account; /* the section of easfs.conf; settled by account_settle where none was named */
    char *server, *user, *domain;
    char *auth;
    char *password; /* of easfs.conf alone */
    char *password_file, *password_command;
    char *token_command, *token_file;
    char *oauth_client_id, *oauth_tenant, *oauth_scope, *oauth_device_endpoint, *oauth_token_endpoint;
    char *ca_file;
    GPtrArray *pins;
    char *client_cert, *client_key;
    bool insecure_http;
    char *proxy, *resolver, *protocol, *classes;
    GPtrArray *folders;
    char *since, *vcard, *state;
    bool offline;
    char *trace;
    bool encrypt;
    char *key_command;
    /* how it is mounted */
    char *events, *layout;
    bool send_invitations;
    char *send_delay, *max_deletes; /* numbers */
    GPtrArray *mount_options;
};

/* The rows of an option table for a struct whose member is a struct account_options. */
#define ACCOUNT_ROW(type, member, name, kind, field, argument, help)                                                   \
    {                                                                                                                  \
        name, 0, kind, offsetof(type, member.field), argument, help                                                    \
    }
#define ACCOUNT_ROWS(type, member)                                                                                     \
    ACCOUNT_ROW(type, member, "account", OPTION_TEXT, account, "NAME", "the account of this name in easfs.conf"),      \
        ACCOUNT_KEY_ROWS(type, member),                                                                                \
        ACCOUNT_ROW(type, member, "offline", OPTION_FLAG, offline, NULL, "what is here; never ask the server")
#define ACCOUNT_KEY_ROWS(type, member)                                                                                 \
    ACCOUNT_ROW(type, member, "server", OPTION_TEXT, server, "HOST|URL", "the server"),                                \
        ACCOUNT_ROW(type, member, "user", OPTION_TEXT, user, "USER", "the user's name there"),                         \
        ACCOUNT_ROW(type, member, "domain", OPTION_TEXT, domain, "D", "its domain, sent as D\\USER"),                  \
        ACCOUNT_ROW(type, member, "auth", OPTION_TEXT, auth, "KIND",                                                   \
                    "any, basic, ntlm, negotiate, oauth or certificate (any)"),                                        \
        ACCOUNT_ROW(type, member, "password-file", OPTION_PATH, password_file, "F",                                    \
                    "the password is the first line of F, which only you may read"),                                   \
        ACCOUNT_ROW(type, member, "password-command", OPTION_TEXT, password_command, "C",                              \
                    "the password is the first line that the command C prints"),                                       \
        ACCOUNT_ROW(type, member, "token-command", OPTION_TEXT, token_command, "C",                                    \
                    "the OAuth access token is the first line that C prints"),                                         \
        ACCOUNT_ROW(type, member, "token-file", OPTION_PATH, token_file, "F",                                          \
                    "keep the OAuth log-in in F, which only you may read (the keyring)"),                              \
        ACCOUNT_ROW(type, member, "oauth-client-id", OPTION_TEXT, oauth_client_id, "ID",                               \
                    "log in by OAuth as this registered application"),                                                 \
        ACCOUNT_ROW(type, member, "oauth-tenant", OPTION_TEXT, oauth_tenant, "T",                                      \
                    "the organisation that gives the log-in (common)"),                                                \
        ACCOUNT_ROW(type, member, "oauth-scope", OPTION_TEXT, oauth_scope, "SCOPE", "what is asked for there"),        \
        ACCOUNT_ROW(type, member, "oauth-device-endpoint", OPTION_TEXT, oauth_device_endpoint, "URL",                  \
                    "where a log-in begins, if not at Microsoft"),                                                     \
        ACCOUNT_ROW(type, member, "oauth-token-endpoint", OPTION_TEXT, oauth_token_endpoint, "URL",                    \
                    "where tokens come from, if not from Microsoft"),                                                  \
        ACCOUNT_ROW(type, member, "ca-file", OPTION_PATH, ca_file, "PEM", "trust these certificates, too"),            \
        ACCOUNT_ROW(type, member, "pin", OPTION_LIST, pins, "SHA256",                                                  \
                    "trust only a key with this SHA-256 (may be repeated)"),                                           \
        ACCOUNT_ROW(type, member, "client-cert", OPTION_PATH, client_cert, "PEM", "a certificate of your own"),        \
        ACCOUNT_ROW(type, member, "client-key", OPTION_PATH, client_key, "PEM", "and its key"),                        \
        ACCOUNT_ROW(type, member, "insecure-http", OPTION_FLAG, insecure_http, NULL,                                   \
                    "allow http://, where everyone can read the password"),                                            \
        ACCOUNT_ROW(type, member, "proxy", OPTION_TEXT, proxy, "URL", "go through this proxy"),                        \
        ACCOUNT_ROW(type, member, "resolver", OPTION_TEXT, resolver, "ADDR[:PORT]",                                    \
                    "ask this name server instead of the system's"),                                                   \
        ACCOUNT_ROW(type, member, "protocol", OPTION_TEXT, protocol, "V", "speak this version: 12.1 to 16.1"),         \
        ACCOUNT_ROW(type, member, "classes", OPTION_TEXT, classes, "LIST",                                             \
                    "keep only these of mail,calendar,contacts,tasks,notes"),                                          \
        ACCOUNT_ROW(type, member, "folder", OPTION_LIST, folders, "GLOB",                                              \
                    "keep only folders like this: \"Mail/Projects*\", \"!Mail/Old\" (may be repeated)"),                              \
        ACCOUNT_ROW(type, member, "since", OPTION_TEXT, since, "AGE",                                                  \
                    "keep what is not older: all, 1d, 3d, 1w, 2w, 1m, 3m, 6m"),                                        \
        ACCOUNT_ROW(type, member, "vcard", OPTION_TEXT, vcard, "3|4", "the version of .vcf files (3)"),                \
        ACCOUNT_ROW(type, member, "state", OPTION_PATH, state, "DIR",                                                  \
                    "keep the replica here ($XDG_STATE_HOME/easfs/ACCOUNT)"),                                          \
        ACCOUNT_ROW(type, member, "encrypt", OPTION_FLAG, encrypt, NULL,                                               \
                    "encrypt the replica, from its beginning, by a key in the keyring"),                               \
        ACCOUNT_ROW(type, member, "key-command", OPTION_TEXT, key_command, "C",                                        \
                    "that key is what the command C prints: 64 hexadecimal digits"),                                   \
        ACCOUNT_ROW(type, member, "trace", OPTION_PATH, trace, "DIR",                                                  \
                    "write each exchange there as XML, without secrets and bodies")

/* How the account is mounted, for mount alone; in easfs.conf beside the others. */
#define MOUNT_ROWS(type, member)                                                                                       \
    ACCOUNT_ROW(type, member, "events", OPTION_TEXT, events, "on|off",                                                 \
                "let inotify see what the server changes (on)"),                                                       \
        ACCOUNT_ROW(type, member, "layout", OPTION_TEXT, layout, "mount|maildir", "how mail folders look (mount)"),    \
        ACCOUNT_ROW(type, member, "send-invitations", OPTION_FLAG, send_invitations, NULL,                             \
                    "let edits of meetings mail their attendees"),                                                     \
        ACCOUNT_ROW(type, member, "send-delay", OPTION_TEXT, send_delay, "S",                                          \
                    "a message in Outbox waits so many seconds for second thoughts (10)"),                             \
        ACCOUNT_ROW(type, member, "max-deletes", OPTION_TEXT, max_deletes, "N",                                        \
                    "more deletions a minute than this wait for easfs retry (500; 0: no limit)"),                      \
    {                                                                                                                  \
        "options", 'o', OPTION_LIST, offsetof(type, member.mount_options), "OPT,OPT",                                  \
            "ro: read-only, the fastest; noxattr: no attributes, for ls -l; or any of FUSE's"                          \
    }

/* The keys of easfs.conf, with offsets into a struct account_options: the rows above and those without an option. */
extern const struct option_row account_keys[];

/* Frees what options hold, a password wiped. */
void account_options_clear(struct account_options *options);

/* Finds the account that is meant: fills what the options lack from easfs.conf, where --account names it, or where
 * neither server, user nor state does. 0, or an exit code after saying that what is not possible. */
int account_settle(struct account_options *options, const char *what);

/* Makes the replica's configuration of settled options: 0 with *config (replica_config_free), with the password from
 * where the options or the keyring have it, or asked for; or an exit code after saying that what is not possible. Makes
 * the parents of the state directory. Call it after daemon_begin. */
int account_config(const struct account_options *options, const char *what, struct replica_config **config);

/* The session alone, with tokens but without a password, of options that may lack server and user: 0 with *config (session_config_free),
 * or an exit code after saying which option is wrong. */
int account_session(const struct account_options *options, const char *what, struct session_config **config);

/* How settled options log in. */
enum session_auth account_auth(const struct account_options *options);
/* Whether that takes a password. */
bool account_takes_password(const struct account_options *options);

/* Settled options without their secrets as JSON, and back into empty options: for another process of this user. */
json_t *account_json(const struct account_options *options);
void account_from_json(const json_t *json, struct account_options *options);

/* Where the password of settled options comes from; nothing to free, it points into the options. name is
 * account_title's. */
struct password_source account_password(const struct account_options *options, const char *name);

/* What to call the account of settled options: its configured name, else USER@HOST, else the name of its state
 * directory. The caller frees it. */
char *account_title(const struct account_options *options);

/* The state directory of settled options: 0 with *state (caller frees), or an exit code after saying why not. */
int account_state(const struct account_options *options, const char *what, char **state);

/* "alice@mail.example" of a user and a server given as host, host:port or URL; the caller frees it. */
char *account_name(const char *user, const char *server);

/* Words of "mail,calendar" as bits per enum eas_class; 0 for what is no such list. */
unsigned account_classes(const char *list);

#endif
