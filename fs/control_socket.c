#include "fs/control_socket.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cache/store/store.h"
#include "fs/control_verbs.h"
#include "fs/message.h"
#include "fs/port.h"

enum { SOCKET_CLIENTS = 16, SOCKET_REQUEST_BYTES = 4096, SOCKET_PATIENCE_S = 10 };

struct control_socket {
    const struct control_socket_config *config;
    char *path;
    int fd;
    GThread *thread;
    GThreadPool *clients;
    GMutex lock;
    GHashTable *open; /* descriptors of clients being served, to shut them at the end */
};

/* One request, which ends with a newline: a client that sends none in time is not waited for. */
static bool request_receive(int fd, char *request, size_t size)
{
    struct timeval patience = {.tv_sec = SOCKET_PATIENCE_S};
    size_t used = 0;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    while (used < size - 1) {
        ssize_t got = read(fd, request + used, size - 1 - used);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        used += (size_t)got;
        request[used] = '\0';
        if (strchr(request, '\n'))
            return true;
    }
    return false;
}

static void client_serve(struct control_socket *control, int fd)
{
    char request[SOCKET_REQUEST_BYTES];
    struct control_client client = {.config = control->config, .fd = fd};
    json_t *asked, *answer;

    if (!port_socket_is_own(fd) || !request_receive(fd, request, sizeof request))
        return;
    asked = json_loads(request, 0, NULL);
    explicit_bzero(request, sizeof request); /* it may have held a password */
    answer = control_verb_answer(&client, asked);
    control_client_send(&client, answer);
    json_decref(asked);
    if (client.linger) {
        /* The other side waits for our end: it sees the close when the process is gone. */
        g_mutex_lock(&control->lock);
        g_hash_table_steal(control->open, GINT_TO_POINTER(fd));
        g_mutex_unlock(&control->lock);
    }
}

static void client_run(void *data, void *ctx)
{
    struct control_socket *control = ctx;
    int fd = GPOINTER_TO_INT(data);
    bool ours;

    client_serve(control, fd);
    g_mutex_lock(&control->lock);
    ours = g_hash_table_remove(control->open, data);
    g_mutex_unlock(&control->lock);
    if (ours)
        close(fd);
}

static void *accept_run(void *data)
{
    struct control_socket *control = data;

    for (;;) {
        int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0)
            return NULL; /* shut by control_socket_stop */
        g_mutex_lock(&control->lock);
        g_hash_table_add(control->open, GINT_TO_POINTER(fd));
        g_mutex_unlock(&control->lock);
        g_thread_pool_push(control->clients, GINT_TO_POINTER(fd), NULL);
    }
}

struct control_socket *control_socket_start(const struct control_socket_config *config, char **why)
{
    g_autofree char *path = g_build_filename(store_dir(replica_store(config->replica)), CONTROL_SOCKET_NAME, NULL);
    struct control_socket *control;
    int fd = port_socket_bind(path);

    if (fd < 0) {
        *why = g_strdup_printf("%s: %s", path, g_strerror(-fd));
        return NULL;
    }
    control = g_new0(struct control_socket, 1);
    control->config = config;
    control->fd = fd;
    control->path = g_steal_pointer(&path);
    g_mutex_init(&control->lock);
    control->open = g_hash_table_new(NULL, NULL);
    control->clients = g_thread_pool_new(client_run, control, SOCKET_CLIENTS, FALSE, NULL);
    control->thread = g_thread_new("control", accept_run, control);
    return control;
}

void control_socket_stop(struct control_socket *control)
{
    GHashTableIter each;
    void *fd;

    unlink(control->path);
    shutdown(control->fd, SHUT_RDWR);
    g_thread_join(control->thread);
    close(control->fd);
    g_mutex_lock(&control->lock);
    g_hash_table_iter_init(&each, control->open);
    while (g_hash_table_iter_next(&each, &fd, NULL))
        shutdown(GPOINTER_TO_INT(fd), SHUT_RD);
    g_mutex_unlock(&control->lock);
    g_thread_pool_free(control->clients, FALSE, TRUE);
    g_hash_table_unref(control->open);
    g_mutex_clear(&control->lock);
    g_free(control->path);
    g_free(control);
}
