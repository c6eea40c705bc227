/* The file system's life: made of a replica, mounted, served by one dispatcher, unmounted. */
#include "fs/mount/ops.h"

#include <errno.h>
#include <fuse_log.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cache/store/store.h"
#include "fs/message.h"
#include "fs/mount/answers.h"
#include "fs/mount/control.h"
#include "fs/mount/errors.h"
#include "fs/mount/events.h"
#include "fs/mount/handles.h"
#include "fs/mount/notify.h"
#include "fs/mount/park.h"
#include "fs/mount/saving.h"
#include "fs/mount/self_ops.h"
#include "fs/port.h"

enum { OPS_BUFFER = 1 << 20, OPS_BACKGROUND = 64, OPS_WAKE_US = 10000 };

/* The last line that libfuse said, in pieces or at once: the reason when it gives no other. It knows only one log for
 * the process. */
static char last_log[256];

static void log_keep(enum fuse_log_level level, const char *format, va_list args)
{
    if (level <= FUSE_LOG_ERR) {
        size_t used = strchr(last_log, '\n') ? 0 : strlen(last_log);

        vsnprintf(last_log + used, sizeof last_log - used, format, args);
    } else {
        vfprintf(stderr, format, args);
    }
}

/* The kernel refuses them on a read-only mount. */
static void start_self_ops(struct mount *mount)
{
    if (!mount->config->read_only && !mount->config->without_inotify && !mount->config->maildir) {
        mount->expected = expected_new();
        mount->self_ops =
            self_ops_new(mount->expected, mount->config->mountpoint, store_dir(replica_store(mount->replica)));
    }
}

/* On -o ro with every body here, opens are answered ENOSYS: the kernel then never asks again. */
static void op_init(void *userdata, struct fuse_conn_info *conn)
{
    const unsigned both = FUSE_CAP_NO_OPEN_SUPPORT | FUSE_CAP_NO_OPENDIR_SUPPORT;
    struct mount *mount = userdata;

    conn->want |= conn->capable & (FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_PARALLEL_DIROPS |
                                   FUSE_CAP_ASYNC_READ | FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_ATOMIC_O_TRUNC);
    conn->want &= ~(unsigned)FUSE_CAP_WRITEBACK_CACHE;
    conn->max_background = OPS_BACKGROUND;
    conn->time_gran = 1;
    if (mount->config->read_only && (conn->capable & both) == both && view_all_local(mount->view)) {
        conn->want |= both;
        mount->without_opens = true;
    }
    start_self_ops(mount);
    notifier_start(mount->notifier);
    if (mount->config->ready)
        mount->config->ready(mount->config->ctx);
}

static char *log_said(const char *otherwise)
{
    return *last_log ? g_strchomp(g_strdup(last_log)) : g_strdup(otherwise);
}

static struct fuse_lowlevel_ops ops_table(bool read_only)
{
    struct fuse_lowlevel_ops ops = {
        .init = op_init,
        .lookup = op_lookup,
        .getattr = op_getattr,
        .opendir = op_opendir,
        .readdir = op_readdir,
        .readdirplus = op_readdirplus,
        .statfs = op_statfs,
        .open = op_open,
        .read = op_read,
        .release = op_release,
        .getxattr = op_getxattr,
        .listxattr = op_listxattr,
        .readlink = op_readlink,
        .setattr = op_setattr,
        .create = op_create,
        .mknod = op_mknod,
        .mkdir = op_mkdir,
        .symlink = op_symlink,
        .link = op_link,
        .unlink = op_unlink,
        .rmdir = op_rmdir,
        .rename = op_rename,
        .write = op_write,
        .flush = op_flush,
        .fsync = op_fsync,
        .fsyncdir = op_fsyncdir,
        .fallocate = op_fallocate,
        .setxattr = op_setxattr,
        .removexattr = op_removexattr,
        /* no forget: inodes are rows; no locks: the kernel's own do */
    };
    if (read_only)
        ops_refuse(&ops);
    return ops;
}

/* A comma ends a mount option and a backslash protects it. */
static char *option_escape(const char *value)
{
    GString *out = g_string_new(NULL);

    for (const char *at = value; *at; at++) {
        if (*at == ',' || *at == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *at);
    }
    return g_string_free(out, FALSE);
}

static struct fuse_session *session_make(struct mount *mount)
{
    const struct mount_config *config = mount->config;
    struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
    struct fuse_lowlevel_ops ops = ops_table(config->read_only);
    g_autofree char *source = option_escape(config->account);
    g_autofree char *options =
        g_strdup_printf("fsname=%s,subtype=easfs,default_permissions%s%s%s", source, config->read_only ? ",ro" : "",
                        config->fuse_options ? "," : "", config->fuse_options ? config->fuse_options : "");
    struct fuse_session *session = NULL;

    last_log[0] = '\0';
    fuse_set_log_func(log_keep);
    if (fuse_opt_add_arg(&args, "easfs") == 0 && fuse_opt_add_arg(&args, "-o") == 0 &&
        fuse_opt_add_arg(&args, options) == 0)
        session = fuse_session_new(&args, &ops, sizeof ops, mount);
    fuse_opt_free_args(&args);
    return session;
}

struct mount *mount_new(struct replica *replica, const struct mount_config *config, int *code, char **why)
{
    struct mount *mount = g_new0(struct mount, 1);

    mount->replica = replica;
    mount->config = config;
    mount->uid = getuid();
    mount->gid = getgid();
    mount->ended = TRUE;
    mount->buffer_size = OPS_BUFFER;
    mount->buffer = g_malloc(mount->buffer_size);
    mount->notifier = notifier_new(mount);
    mount->control = control_new(mount);
    mount->answers = answers_new(mount);
    mount->handles = handles_new();
    mount->session = session_make(mount);
    if (!mount->session) {
        *code = EXIT_USAGE;
        *why = log_said("libfuse does not take the mount options");
        mount_free(mount);
        return NULL;
    }
    mount->view = replica_view(replica);
    mount->park = mount->view ? park_new(mount) : NULL;
    mount->events = mount->park
                        ? events_new(store_is_sealed(replica_store(replica)) ? NULL : store_dir(replica_store(replica)))
                        : NULL;
    mount->errors = mount->events ? errors_new(replica) : NULL;
    if (!mount->errors) {
        *code = EXIT_STORE;
        *why = mount->park ? g_strdup_printf("the files of events and errors: %s", g_strerror(errno))
                           : g_strdup("the store cannot be read");
        mount_free(mount);
        return NULL;
    }
    replica_listen(replica, notifier_listen, mount->notifier);
    replica_listen_state(replica, notifier_state, mount->notifier);
    return mount;
}

static void wake(int signal)
{
    (void)signal;
}

int mount_serve(struct mount *mount, char **why)
{
    struct sigaction action = {.sa_handler = wake};

    if (fuse_session_mount(mount->session, mount->config->mountpoint) != 0) {
        *why = log_said("the kernel refused it");
        return EXIT_MOUNTPOINT;
    }
    sigaction(SIGUSR1, &action, NULL);
    mount->dispatcher = pthread_self();
    g_atomic_int_set(&mount->ended, FALSE);
    fuse_session_loop(mount->session);
    g_atomic_int_set(&mount->ended, TRUE);
    save_all(mount);
    notifier_stop(mount->notifier);
    /* Not twice: the same path may be another mount by now. */
    if (!g_atomic_int_get(&mount->unmounted))
        fuse_session_unmount(mount->session);
    return 0;
}

static void pause_self_ops(struct mount *mount, bool pause)
{
    if (mount->self_ops)
        self_ops_pause(mount->self_ops, pause);
}

void mount_settle(struct mount *mount)
{
    notifier_settle(mount->notifier);
}

int mount_unmount(struct mount *mount)
{
    int error;

    pause_self_ops(mount, true);
    error = port_unmount(mount->config->mountpoint, false);
    if (error)
        pause_self_ops(mount, false);
    return error;
}

void mount_stop(struct mount *mount)
{
    const char *mountpoint = mount->config->mountpoint;

    pause_self_ops(mount, true);
    if (port_unmount(mountpoint, false) == 0 || port_unmount(mountpoint, true) == 0)
        g_atomic_int_set(&mount->unmounted, TRUE);
    fuse_session_exit(mount->session);
    /* The dispatcher looks at the flag before it reads: a signal that falls between is lost, so it is sent again. */
    while (!g_atomic_int_get(&mount->ended)) {
        pthread_kill(mount->dispatcher, SIGUSR1);
        g_usleep(OPS_WAKE_US);
    }
}

void mount_free(struct mount *mount)
{
    replica_listen(mount->replica, NULL, NULL);
    replica_listen_state(mount->replica, NULL, NULL);
    control_free(mount->control);
    answers_free(mount->answers);
    g_clear_pointer(&mount->park, park_free);
    g_clear_pointer(&mount->view, view_free);
    notifier_free(mount->notifier);
    g_clear_pointer(&mount->session, fuse_session_destroy);
    g_clear_pointer(&mount->self_ops, self_ops_free);
    g_clear_pointer(&mount->events, events_free);
    g_clear_pointer(&mount->errors, errors_free);
    g_clear_pointer(&mount->handles, handles_free);
    g_free(mount->buffer);
    g_free(mount);
}
