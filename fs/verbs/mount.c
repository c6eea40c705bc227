/* easfs mount: opens the replica, mounts it, and stays behind as its daemon. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/store/store.h"
#include "cache/wiped.h"
#include "codec/limits.h"
#include "fs/account.h"
#include "fs/control_socket.h"
#include "fs/daemon.h"
#include "fs/forget.h"
#include "fs/message.h"
#include "fs/mount/mount.h"
#include "fs/port.h"
#include "fs/progress.h"
#include "fs/secret_file.h"
#include "fs/verbs/verbs.h"

static const char what[] = "mount";

enum { UNSENT_NAMED = 3 };

struct mount_values {
    struct account_options account;
    bool foreground;
};

static const struct option_row mount_rows[] = {
    ACCOUNT_ROWS(struct mount_values, account),
    MOUNT_ROWS(struct mount_values, account),
    {"foreground", 'f', OPTION_FLAG, offsetof(struct mount_values, foreground), NULL, "stay in the foreground"},
    {0},
};

struct serving {
    struct replica *replica;
    struct mount *mount;
    struct mount_config config;
    struct control_socket_config control;
    struct control_socket *socket;
    struct progress *progress;
    struct forget forget;
    bool foreground;
};

/* ---- the command line ---- */

/* Sorts -o into ours and libfuse's. */
static void options_sort(struct account_options *account, struct mount_config *config)
{
    g_autoptr(GString) rest = g_string_new(NULL);

    for (guint i = 0; account->mount_options && i < account->mount_options->len; i++) {
        g_auto(GStrv) words = g_strsplit(account->mount_options->pdata[i], ",", -1);

        for (char **word = words; *word; word++) {
            if (strcmp(*word, "ro") == 0 || strcmp(*word, "rw") == 0) {
                config->read_only = **word == 'r' && (*word)[1] == 'o';
            } else if (strcmp(*word, "noxattr") == 0) {
                config->without_xattrs = true;
            } else if (strcmp(*word, "send_invitations") == 0) {
                account->send_invitations = true;
            } else if (g_str_has_prefix(*word, "layout=")) {
                g_free(account->layout);
                account->layout = g_strdup(*word + strlen("layout="));
            } else if (**word) {
                g_string_append_printf(rest, "%s%s", rest->len ? "," : "", *word);
            }
        }
    }
    config->fuse_options = rest->len ? g_strdup(rest->str) : NULL;
}

static int layout_check(const struct account_options *account)
{
    if (account->layout && strcmp(account->layout, "mount") != 0 && strcmp(account->layout, "maildir") != 0)
        return unable_to(EXIT_USAGE, what, "use mount or maildir", "-o layout=%s is neither", account->layout);
    return 0;
}

static int events_check(const char *events, struct mount_config *config)
{
    config->without_inotify = events && strcmp(events, "off") == 0;
    if (events && !config->without_inotify && strcmp(events, "on") != 0)
        return unable_to(EXIT_USAGE, what, "use on or off", "--events %s is neither", events);
    return 0;
}

/* A mount whose daemon died is in the way of everything, also of looking: it goes first. */
static int mountpoint_prepare(const char *given, char **mountpoint)
{
    g_autofree char *path = g_canonicalize_filename(given, NULL);
    g_autoptr(GPtrArray) mounts = NULL;
    struct stat st;

    if (port_mount_is_dead(path))
        port_unmount(path, true);
    *mountpoint = realpath(path, NULL);
    if (!*mountpoint || stat(*mountpoint, &st) != 0)
        return unable_to(EXIT_MOUNTPOINT, what, "make the directory first", "%s: %s", path, g_strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return unable_to(EXIT_MOUNTPOINT, what, "name a directory", "%s is no directory", path);
    mounts = port_mounts();
    if (g_ptr_array_find_with_equal_func(mounts, *mountpoint, g_str_equal, NULL))
        return unable_to(EXIT_MOUNTPOINT, what, "easfs umount it first", "%s is a mount of easfs already", path);
    if (access("/dev/fuse", R_OK | W_OK) != 0)
        return unable_to(EXIT_NO_FUSE, what, exit_advice(EXIT_NO_FUSE, NULL), "/dev/fuse: %s", g_strerror(errno));
    return 0;
}

/* The daemon would wait for itself. */
static int state_check(const char *state, const char *mountpoint)
{
    size_t length = strlen(mountpoint);

    if (strncmp(state, mountpoint, length) == 0 && (state[length] == '/' || state[length] == '\0')) {
        return unable_to(EXIT_MOUNTPOINT, what, "give --state elsewhere", "the replica %s would lie in its own mount",
                         state);
    }
    return 0;
}

/* ---- the daemon ---- */

static void serving_ready(void *ctx)
{
    struct serving *serving = ctx;

    port_notify("READY=1");
    if (!serving->foreground) {
        progress_stop(g_steal_pointer(&serving->progress));
        daemon_ready();
    }
}

static void serving_stop(void *ctx)
{
    port_notify("STOPPING=1");
    mount_stop(((struct serving *)ctx)->mount);
}

/* These on a thread of the control socket. */
static void serving_settle(void *ctx)
{
    mount_settle(((struct serving *)ctx)->mount);
}

static int serving_unmount(void *ctx, char **why)
{
    struct serving *serving = ctx;
    const char *mountpoint = serving->config.mountpoint;
    g_autofree char *holder = NULL;
    int error = mount_unmount(serving->mount);

    if (error == 0)
        return 0;
    holder = error == -EBUSY ? port_mount_holder(mountpoint) : NULL;
    *why = holder ? g_strdup_printf("%s is in use by %s", mountpoint, holder)
                  : g_strdup_printf("%s: %s", mountpoint, g_strerror(-error));
    return EXIT_UNREACHABLE;
}

/* A replica that has a tree is mounted at once; a new one waits for it. */
static int serving_tree(struct serving *serving)
{
    struct eas_result result;

    replica_start(serving->replica);
    if (replica_is_warm(serving->replica))
        return 0;
    result = replica_wait_tree(serving->replica, LIMIT_FIRST_TREE_MS);
    if (eas_is_served(&result))
        return 0;
    progress_stop(g_steal_pointer(&serving->progress));
    if (result.action == EAS_ACTION_ENCRYPT)
        return EXIT_CONFIG; /* mount_account has the last word */
    return unable_to(result.exit_code, what, exit_advice(result.exit_code, result.text), "%s", result.text);
}

static int serving_run(struct serving *serving)
{
    g_autofree char *why = NULL;
    int code = 0;

    serving->mount = mount_new(serving->replica, &serving->config, &code, &why);
    if (!serving->mount)
        return unable_to(code, what, exit_advice(code, why), "%s", why);
    serving->progress = progress_start(serving->replica);
    code = serving_tree(serving);
    if (!code) {
        serving->socket = control_socket_start(&serving->control, &why);
        code = serving->socket ? 0 : unable_to(EXIT_STORE, what, exit_advice(EXIT_STORE, why), "%s", why);
    }
    if (!code) {
        daemon_on_signal(serving_stop, serving);
        code = mount_serve(serving->mount, &why);
        daemon_on_signal(NULL, NULL);
    }
    progress_stop(serving->progress);
    replica_stop(serving->replica);
    if (serving->socket)
        control_socket_stop(serving->socket);
    mount_free(serving->mount);
    return code && why ? unable_to(code, what, exit_advice(code, why), "%s", why) : code;
}

/* What would be lost if the replica began anew, "a, b and 3 more"; NULL: nothing. */
static char *unsent(struct replica *replica)
{
    struct replica_status *status = replica_status(replica);
    g_autoptr(GArray) queue = replica_queue(replica);
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < queue->len; i++)
        g_ptr_array_add(paths, g_array_index(queue, struct replica_waiting, i).path);
    g_ptr_array_extend(paths, status->conflicts, NULL, NULL);
    g_ptr_array_extend(paths, status->scratch, NULL, NULL);
    for (guint i = 0; i < MIN(paths->len, UNSENT_NAMED); i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "", (char *)paths->pdata[i]);
    if (paths->len > UNSENT_NAMED)
        g_string_append_printf(names, " and %u more", paths->len - UNSENT_NAMED);
    bool none = paths->len == 0;

    replica_status_free(status);
    return g_string_free(names, none);
}

/* The policy demands a replica that is encrypted: whether this one may make room for it. */
static int may_begin_anew(struct replica *replica)
{
    g_autofree char *names = unsent(replica);

    return names ? unable_to(EXIT_CONFIG, what, "mount it with --offline to see or discard them",
                             "the server's policy demands an encrypted replica, and this one, which is none, holds "
                             "changes that are not sent: %s",
                             names)
                 : 0;
}

/* Everything from here on is the daemon's, the question for the password, too: the keyring's library has threads. */
static int mount_replica(const struct account_options *options, struct replica_config *replica_config,
                         const struct mount_config *config, bool foreground, bool *anew)
{
    struct serving serving = {.config = *config, .foreground = foreground};
    g_autofree char *account = g_strdup(replica_config->account);
    struct eas_result result = eas_served();
    int code;

    serving.config.account = account;
    serving.config.ready = serving_ready;
    serving.config.ctx = &serving;
    serving.forget = (struct forget){.account = options, .title = account, .state_dir = replica_config->state_dir};
    replica_config->forget = forget_secrets;
    replica_config->forget_ctx = &serving.forget;
    serving.replica = replica_open(replica_config, &result);
    if (!serving.replica)
        return unable_to(result.exit_code, what, exit_advice(result.exit_code, result.text), "%s", result.text);
    serving.control = (struct control_socket_config){.replica = serving.replica,
                                                     .account = options,
                                                     .mountpoint = config->mountpoint,
                                                     .unmount = serving_unmount,
                                                     .settle = serving_settle,
                                                     .ctx = &serving};
    /* Nothing of the caller's is held: neither its directory nor, in the end, its terminal. */
    if (chdir("/") != 0) {
        replica_close(serving.replica);
        return unable_to(EXIT_INTERNAL, what, NULL, "/: %s", g_strerror(errno));
    }
    code = replica_must_be_sealed(serving.replica) ? EXIT_CONFIG : serving_run(&serving);
    if (code == EXIT_CONFIG && replica_must_be_sealed(serving.replica)) {
        code = may_begin_anew(serving.replica);
        *anew = code == 0;
    }
    replica_close(serving.replica);
    return code;
}

/* The same once more, as the server's policy wants it: encrypted from its beginning, by a key that can be kept. */
static int mount_sealed(const struct account_options *options, const char *password, const struct mount_config *config,
                        bool foreground)
{
    struct account_options sealed = *options;
    struct replica_config *replica_config = NULL;
    g_autofree char *given = g_strdup(password);
    bool again = false;
    int code;

    sealed.encrypt = true;
    if (given) {
        sealed.password = given; /* nobody is asked twice */
        sealed.password_file = sealed.password_command = NULL;
    }
    fputs("easfs: the server's policy demands that the replica be encrypted: it begins anew\n", stderr);
    code = account_config(&sealed, what, &replica_config);
    if (given)
        explicit_bzero(given, strlen(given));
    if (code)
        return code;
    code = store_empty(replica_config->state_dir);
    if (code) {
        code = unable_to(EXIT_STORE, what, NULL, "%s: %s", replica_config->state_dir, g_strerror(-code));
        replica_config_free(replica_config);
        return code;
    }
    replica_config->read_only = config->read_only;
    return mount_replica(options, replica_config, config, foreground, &again);
}

/* Nothing is asked of anybody for what was wiped, once the server knows of it. */
static int wiped_check(const char *state)
{
    struct wiped wiped;
    int code = 0;

    if (wiped_read(state, &wiped) == 0 && wiped.acknowledged)
        code = unable_to(EXIT_CREDENTIALS, what, "easfs cache wipe makes room for a new beginning",
                         "it was wiped by the administrator on %s", wiped.date);
    wiped_clear(&wiped);
    return code;
}

static int mount_account(const struct account_options *options, const struct mount_config *config, bool foreground)
{
    struct replica_config *replica_config = NULL;
    g_autofree char *state = NULL;
    char *password;
    bool anew = false;
    int code = account_state(options, what, &state);

    if (!code)
        code = state_check(state, config->mountpoint);
    if (!code)
        code = wiped_check(state);
    if (code)
        return code;
    daemon_begin(foreground);
    port_keep_secrets();
    daemon_on_signal(NULL, NULL);
    code = account_config(options, what, &replica_config);
    if (code)
        return code;
    replica_config->read_only = config->read_only;
    password = replica_config->server ? g_strdup(replica_config->server->password) : NULL;
    code = mount_replica(options, replica_config, config, foreground, &anew);
    if (anew)
        code = mount_sealed(options, password, config, foreground);
    secret_free(password);
    return code;
}

static int mount_run(void *data, int argc, char **argv)
{
    struct mount_values *values = data;
    struct mount_config config = {0};
    char *mountpoint = NULL;
    int code = account_settle(&values->account, what);

    (void)argc;
    if (!code) {
        options_sort(&values->account, &config);
        code = layout_check(&values->account);
        config.maildir = values->account.layout && strcmp(values->account.layout, "maildir") == 0;
    }
    if (!code)
        code = events_check(values->account.events, &config);
    if (!code)
        code = mountpoint_prepare(argv[0], &mountpoint);
    if (!code) {
        config.mountpoint = mountpoint;
        code = mount_account(&values->account, &config, values->foreground);
    }
    account_options_clear(&values->account);
    g_free((char *)config.fuse_options);
    free(mountpoint);
    return code;
}

const struct verb verb_mount = {
    .name = "mount",
    .operands = "MOUNTPOINT",
    .help = "Mounts a mailbox; returns when its folders are there.",
    .options = mount_rows,
    .values_size = sizeof(struct mount_values),
    .least = 1,
    .most = 1,
    .run = mount_run,
};
