#include "tests/unit/lib/script_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct script_server {
    script_handler handler;
    void *ctx;
    SSL_CTX *tls;
    int listener;
    unsigned port;
    GThread *acceptor;
    GMutex lock;
    GCond changed;
    bool stopping;
    unsigned wakes;
    GPtrArray *log;      /* of struct script_request * */
    GPtrArray *sessions; /* of struct talk *, joined by free */
};

/* One accepted connection. */
struct talk {
    struct script_server *server;
    GThread *thread;
    int socket;
    SSL *ssl;
    unsigned number;
};

static void request_free(gpointer data)
{
    struct script_request *request = data;

    g_free(request->method);
    g_free(request->target);
    g_free(request->command);
    g_free(request->head);
    g_byte_array_unref(request->body);
    g_free(request);
}

char *script_request_header(const struct script_request *request, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(request->head, "\r\n", -1);
    gsize length = strlen(name);

    for (char **line = lines; *line; line++)
        if (g_ascii_strncasecmp(*line, name, length) == 0 && (*line)[length] == ':')
            return g_strstrip(g_strdup(*line + length + 1));
    return NULL;
}

void script_reply_http(struct script_reply *reply, int status, const char *headers, const void *body, gsize length)
{
    g_autofree char *head = g_strdup_printf("HTTP/1.1 %d Scripted\r\n%sContent-Length: %zu\r\n\r\n", status,
                                            headers ? headers : "", length);

    g_byte_array_append(reply->bytes, (const guint8 *)head, (guint)strlen(head));
    g_byte_array_append(reply->bytes, body, (guint)length);
}

void script_reply_document(struct script_reply *reply, const char *headers, struct eas_node *root)
{
    g_autofree char *all = g_strconcat("Content-Type: application/vnd.ms-sync.wbxml\r\n", headers ? headers : "", NULL);
    g_autoptr(GBytes) bytes = eas_node_bytes(root);

    script_reply_http(reply, 200, all, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    eas_node_free(root);
}

static gssize talk_read(struct talk *talk, void *buffer, gsize size)
{
    return talk->ssl ? SSL_read(talk->ssl, buffer, (int)size) : recv(talk->socket, buffer, size, 0);
}

static bool talk_write(struct talk *talk, const guint8 *bytes, gsize length)
{
    while (length > 0) {
        gssize sent =
            talk->ssl ? SSL_write(talk->ssl, bytes, (int)length) : send(talk->socket, bytes, length, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (gsize)sent;
    }
    return true;
}

/* The value of Cmd in the target, or the method. */
static char *command_of(const char *method, const char *target)
{
    const char *found = strstr(target, "Cmd=");

    return found ? g_strndup(found + 4, strcspn(found + 4, "&")) : g_strdup(method);
}

/* Reads one request; NULL at the connection's end. */
static struct script_request *read_request(struct talk *talk)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[16384];
    const char *end = NULL;

    while (!(end = strstr(text->str, "\r\n\r\n"))) {
        gssize got = talk_read(talk, buffer, sizeof buffer);

        if (got <= 0)
            return NULL;
        g_string_append_len(text, buffer, got);
        if (!g_ascii_isalpha(text->str[0]))
            g_string_assign(text, "GARBAGE / HTTP/1.1\r\n\r\n");
    }
    gsize head = (gsize)(end - text->str) + 4;
    struct script_request *request = g_new0(struct script_request, 1);
    g_auto(GStrv) words = g_strsplit(text->str, " ", 3);

    request->method = g_strdup(words[0]);
    request->target = g_strdup(words[1]);
    request->command = command_of(words[0], words[1]);
    request->head = g_strndup(text->str, head);
    request->connection = talk->number;
    request->body = g_byte_array_new();
    g_byte_array_append(request->body, (const guint8 *)text->str + head, (guint)(text->len - head));
    g_autofree char *announced = script_request_header(request, "Content-Length");
    gsize length = announced ? g_ascii_strtoull(announced, NULL, 10) : 0;

    while (request->body->len < length) {
        gssize got = talk_read(talk, buffer, sizeof buffer);

        if (got <= 0)
            break;
        g_byte_array_append(request->body, (const guint8 *)buffer, (guint)got);
    }
    return request;
}

/* Waits under the lock until enough requests are logged or the server stops. */
static void await_log(struct script_server *server, unsigned count)
{
    while (!server->stopping && server->log->len < count)
        g_cond_wait(&server->changed, &server->lock);
}

/* Waits, holding nothing else up; false when the server stops meanwhile. */
static bool talk_pause(struct script_server *server, gint64 ms)
{
    gint64 until = g_get_monotonic_time() + ms * 1000;

    g_mutex_lock(&server->lock);
    while (!server->stopping && (ms < 0 || g_get_monotonic_time() < until))
        if (ms < 0)
            g_cond_wait(&server->changed, &server->lock);
        else
            g_cond_wait_until(&server->changed, &server->lock, until);
    bool going = !server->stopping;
    g_mutex_unlock(&server->lock);
    return going;
}

static bool send_reply(struct talk *talk, const struct script_reply *reply)
{
    gsize length = MIN(reply->bytes->len, reply->cut);
    gsize piece = reply->piece ? reply->piece : MAX(length, 1);

    for (gsize at = 0; at < length; at += piece) {
        if (at > 0 && reply->pause_ms && !talk_pause(talk->server, reply->pause_ms))
            return false;
        if (!talk_write(talk, reply->bytes->data + at, MIN(piece, length - at)))
            return false;
    }
    if (reply->hold)
        talk_pause(talk->server, -1);
    return !reply->close && !reply->hold && reply->cut >= reply->bytes->len && reply->bytes->len > 0;
}

static bool client_has_gone(const struct talk *talk)
{
    char byte;

    return recv(talk->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Under the lock: asks the handler until it decides; false when nobody waits for the reply any more. */
static bool decide(struct talk *talk, struct script_request *request, struct script_reply *reply)
{
    struct script_server *server = talk->server;

    for (;;) {
        unsigned wakes = server->wakes;

        server->handler(server->ctx, request, reply);
        if (!reply->later)
            return true;
        while (!server->stopping && server->wakes == wakes)
            g_cond_wait(&server->changed, &server->lock);
        if (server->stopping || client_has_gone(talk))
            return false;
        reply->later = false;
        request->again = true;
    }
}

/* Handles one request; false ends the connection. */
static bool serve(struct talk *talk, struct script_request *request)
{
    struct script_server *server = talk->server;
    struct script_reply reply = {.bytes = g_byte_array_new(), .cut = G_MAXSIZE};

    g_mutex_lock(&server->lock);
    g_ptr_array_add(server->log, request);
    g_cond_broadcast(&server->changed);
    bool going = decide(talk, request, &reply);

    await_log(server, reply.await);
    going = going && !server->stopping;
    g_mutex_unlock(&server->lock);
    going = going && send_reply(talk, &reply);
    g_byte_array_unref(reply.bytes);
    return going;
}

static gpointer talk_run(gpointer data)
{
    struct talk *talk = data;
    struct script_request *request;

    if (talk->server->tls) {
        talk->ssl = SSL_new(talk->server->tls);
        SSL_set_fd(talk->ssl, talk->socket);
    }
    if (!talk->ssl || SSL_accept(talk->ssl) == 1)
        while ((request = read_request(talk)) && serve(talk, request))
            continue;
    if (talk->ssl)
        SSL_free(talk->ssl);
    shutdown(talk->socket, SHUT_RDWR);
    return NULL;
}

static gpointer accept_run(gpointer data)
{
    struct script_server *server = data;

    for (;;) {
        int accepted = accept(server->listener, NULL, NULL);

        if (accepted < 0)
            return NULL;
        struct talk *talk = g_new0(struct talk, 1);

        talk->server = server;
        talk->socket = accepted;
        g_mutex_lock(&server->lock);
        talk->number = server->sessions->len;
        g_ptr_array_add(server->sessions, talk);
        talk->thread = g_thread_new("talk", talk_run, talk);
        g_mutex_unlock(&server->lock);
    }
}

struct script_server *script_server_new(script_handler handler, void *ctx, SSL_CTX *tls)
{
    struct script_server *server = g_new0(struct script_server, 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;

    signal(SIGPIPE, SIG_IGN);
    server->handler = handler;
    server->ctx = ctx;
    server->tls = tls;
    if (tls)
        SSL_CTX_up_ref(tls);
    g_mutex_init(&server->lock);
    g_cond_init(&server->changed);
    server->log = g_ptr_array_new_with_free_func(request_free);
    server->sessions = g_ptr_array_new_with_free_func(g_free);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server->listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(server->listener, 64) != 0)
        g_error("no port to listen on");
    getsockname(server->listener, (struct sockaddr *)&address, &length);
    server->port = ntohs(address.sin_port);
    server->acceptor = g_thread_new("accept", accept_run, server);
    return server;
}

void script_server_free(struct script_server *server)
{
    g_mutex_lock(&server->lock);
    server->stopping = true;
    g_cond_broadcast(&server->changed);
    g_mutex_unlock(&server->lock);
    shutdown(server->listener, SHUT_RDWR);
    g_thread_join(server->acceptor);
    for (guint i = 0; i < server->sessions->len; i++) {
        struct talk *talk = g_ptr_array_index(server->sessions, i);

        shutdown(talk->socket, SHUT_RDWR);
        g_thread_join(talk->thread);
        close(talk->socket);
    }
    close(server->listener);
    if (server->tls)
        SSL_CTX_free(server->tls);
    g_ptr_array_unref(server->sessions);
    g_ptr_array_unref(server->log);
    g_mutex_clear(&server->lock);
    g_cond_clear(&server->changed);
    g_free(server);
}

void script_server_wake(struct script_server *server)
{
    g_mutex_lock(&server->lock);
    server->wakes++;
    g_cond_broadcast(&server->changed);
    g_mutex_unlock(&server->lock);
}

unsigned script_server_port(const struct script_server *server)
{
    return server->port;
}

char *script_server_url(const struct script_server *server)
{
    return g_strdup_printf("%s://127.0.0.1:%u", server->tls ? "https" : "http", server->port);
}

void script_server_await(struct script_server *server, unsigned count)
{
    g_mutex_lock(&server->lock);
    await_log(server, count);
    g_mutex_unlock(&server->lock);
}

unsigned script_server_count(struct script_server *server, const char *command)
{
    unsigned count = 0;

    g_mutex_lock(&server->lock);
    for (guint i = 0; i < server->log->len; i++) {
        struct script_request *request = g_ptr_array_index(server->log, i);

        count += !command || strcmp(request->command, command) == 0;
    }
    g_mutex_unlock(&server->lock);
    return count;
}

unsigned script_server_connections(struct script_server *server)
{
    g_mutex_lock(&server->lock);
    unsigned count = server->sessions->len;
    g_mutex_unlock(&server->lock);
    return count;
}

const struct script_request *script_server_request(struct script_server *server, unsigned index)
{
    g_mutex_lock(&server->lock);
    const struct script_request *request = index < server->log->len ? g_ptr_array_index(server->log, index) : NULL;
    g_mutex_unlock(&server->lock);
    return request;
}
