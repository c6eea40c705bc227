#include "contrib/easd/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contrib/easd/autodiscover.h"
#include "contrib/easd/command.h"
#include "contrib/easd/control.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/login.h"
#include "contrib/easd/query.h"
#include "contrib/easd/reply.h"

static const char endpoint[] = "/Microsoft-Server-ActiveSync";

struct http {
    struct server *server;
    struct MHD_Daemon *daemon;
    char *url;
    char *versions; /* as OPTIONS tells them */
};

/* A request while it arrives. */
struct call {
    char *uri; /* raw: a base64 query must not pass through a parser of pairs */
    GByteArray *body;
    bool begun, too_large;
};

static void *call_begin(void *ctx, const char *uri, struct MHD_Connection *connection)
{
    struct call *call = g_new0(struct call, 1);

    (void)ctx;
    (void)connection;
    call->uri = g_strdup(uri);
    call->body = g_byte_array_new();
    return call;
}

static void call_end(void *ctx, struct MHD_Connection *connection, void **data, enum MHD_RequestTerminationCode code)
{
    struct call *call = *data;

    (void)ctx;
    (void)connection;
    (void)code;
    if (!call)
        return;
    g_free(call->uri);
    g_byte_array_unref(call->body);
    g_free(call);
    *data = NULL;
}

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

    return value ? value : "";
}

/* "14.1" as 141; 0 for what is no version. */
static int read_version(const char *text)
{
    return g_ascii_isdigit(text[0]) ? (int)(g_ascii_strtod(text, NULL) * 10 + 0.5) : 0;
}

static bool version_spoken(const struct server *server, int version)
{
    for (guint i = 0; i < server->versions->len; i++)
        if (g_array_index(server->versions, int, i) == version)
            return true;
    return false;
}

/* What the base64 form left out, or the plain one never has, stands in headers. */
static void fill_request(struct request *request, const struct query *query, struct MHD_Connection *connection)
{
    request->query = query;
    request->command = command_find(query->command);
    request->device_id = query->device_id;
    request->device_type = query->device_type;
    request->version = query->version ? query->version : read_version(header_of(connection, "MS-ASProtocolVersion"));
    request->policy_key = query->has_policy_key
                              ? query->policy_key
                              : (guint32)g_ascii_strtoull(header_of(connection, "X-MS-PolicyKey"), NULL, 10);
    request->multipart =
        query->multipart || g_ascii_strcasecmp(header_of(connection, "MS-ASAcceptMultiPart"), "T") == 0;
    request->gzip =
        request->server->gzip && strstr(header_of(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING), "gzip") != NULL;
}

static bool type_accepted(struct MHD_Connection *connection, const struct request *request)
{
    const char *type = header_of(connection, MHD_HTTP_HEADER_CONTENT_TYPE);

    if (request->command->mail && request->version < 140)
        return g_str_has_prefix(type, "message/rfc822");
    return g_str_has_prefix(type, "application/vnd.ms-sync.wbxml") || g_str_has_prefix(type, "application/vnd.ms-sync");
}

static enum MHD_Result check_version(struct http *http, struct MHD_Connection *connection,
                                     const struct request *request, const GByteArray *body, bool *wrong)
{
    *wrong = true;
    if (!request->command)
        return reply_text(connection, 501, NULL, NULL, "unknown command\n");
    if (!version_spoken(http->server, request->version))
        return reply_text(connection, request->version ? 505 : 400, NULL, NULL, "protocol version not spoken here\n");
    if (body->len && !type_accepted(connection, request) && request->command->run)
        return reply_text(connection, 415, NULL, NULL,
                          "the body must be application/vnd.ms-sync.wbxml, of mail up to 12.1 message/rfc822\n");
    *wrong = false;
    return MHD_YES;
}

static enum MHD_Result reply_command(struct http *http, struct MHD_Connection *connection, struct request *request,
                                     const GByteArray *body)
{
    struct faults *faults = http->server->faults;
    bool wrong;
    enum MHD_Result result = check_version(http, connection, request, body, &wrong);
    struct answer *answer;

    if (wrong)
        return result;
    request->fault = faults_pick(faults, request->command->name, true);
    if (request->fault.kind == FAULT_LOST_REQUEST)
        return MHD_NO;
    if (request->fault.kind == FAULT_HTTP)
        return reply_fault(connection, &request->fault, http->url);
    answer = answer_new();
    command_answer(request, body->data, body->len, answer);
    eas_node_free(request->root);
    if (request->fault.kind == FAULT_DELAY)
        faults_pause(faults, request->fault.value);
    if (request->fault.kind == FAULT_DIE)
        _exit(0);
    if (request->fault.kind != FAULT_LOST_ANSWER)
        return reply_answer(connection, answer, request->gzip, faults, &request->fault);
    answer_free(answer);
    return MHD_NO;
}

static enum MHD_Result reply_to_options(const struct http *http, struct MHD_Connection *connection)
{
    struct fault fault = faults_pick(http->server->faults, "OPTIONS", false);

    if (fault.kind == FAULT_HTTP)
        return reply_fault(connection, &fault, http->url);
    if (fault.kind == FAULT_DELAY)
        faults_pause(http->server->faults, fault.value);
    else if (fault.kind)
        return MHD_NO;
    return reply_options(connection, http->versions);
}

static enum MHD_Result reply_post(struct http *http, struct MHD_Connection *connection, const struct call *call,
                                  struct mailbox *mailbox)
{
    const char *text = strchr(call->uri, '?');
    struct request request = {.server = http->server, .mailbox = mailbox};
    struct query query;
    enum MHD_Result result;

    if (query_read(&query, text ? text + 1 : "")) {
        fill_request(&request, &query, connection);
        result = reply_command(http, connection, &request, call->body);
    } else {
        result = reply_text(connection, 400, NULL, NULL, "the query names no command\n");
    }
    query_clear(&query);
    return result;
}

static bool is_endpoint(const char *url)
{
    size_t length = sizeof endpoint - 1;

    return g_ascii_strncasecmp(url, endpoint, length) == 0 && (url[length] == '\0' || strcmp(url + length, "/") == 0 ||
                                                               g_ascii_strcasecmp(url + length, "/default.eas") == 0);
}

/* ---- Autodiscover ---- */

/* Where ActiveSync is for who asks: at the host they asked. */
static char *endpoint_url(const struct http *http, struct MHD_Connection *connection)
{
    const char *host = header_of(connection, MHD_HTTP_HEADER_HOST);

    return *host ? g_strdup_printf("%.*s://%s%s", (int)strcspn(http->url, ":"), http->url, host, endpoint)
                 : g_strdup(http->url);
}

static enum MHD_Result reply_autodiscover(struct http *http, struct MHD_Connection *connection, const struct call *call,
                                          bool json)
{
    g_autofree char *url = endpoint_url(http, connection), *text = NULL;
    int code;

    if (!json && !login_mailbox(http->server, connection, false))
        return reply_text(connection, 401, MHD_HTTP_HEADER_WWW_AUTHENTICATE, login_challenge(http->server),
                          "user or password wrong\n");
    text = json ? autodiscover_json(http->server, call->uri, url, &code)
                : autodiscover_xml(http->server, (const char *)call->body->data, call->body->len, url, &code);
    return reply_typed(connection, code, json ? "application/json" : "text/xml; charset=utf-8", text);
}

static enum MHD_Result respond(struct http *http, struct MHD_Connection *connection, const struct call *call,
                               const char *url, const char *method)
{
    struct mailbox *mailbox;
    bool json, control = control_path(url, connection);

    if (autodiscover_path(url, &json))
        return reply_autodiscover(http, connection, call, json);
    if (!is_endpoint(url) && !control)
        return reply_text(connection, 404, NULL, NULL, "nothing here; ActiveSync is at /Microsoft-Server-ActiveSync\n");
    if (!(mailbox = login_mailbox(http->server, connection, control)))
        return reply_text(connection, 401, MHD_HTTP_HEADER_WWW_AUTHENTICATE, login_challenge(http->server),
                          "user or password wrong\n");
    if (control)
        return control_reply(http->server, connection, mailbox, url, method, call->body);
    if (strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0)
        return reply_to_options(http, connection);
    if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
        return reply_text(connection, 405, MHD_HTTP_HEADER_ALLOW, "OPTIONS, POST", "ActiveSync wants POST\n");
    if (call->too_large)
        return reply_text(connection, 413, NULL, NULL, "the request is too large\n");
    return reply_post(http, connection, call, mailbox);
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **state)
{
    struct call *call = *state;

    (void)version;
    if (!call->begun) {
        call->begun = true;
        return MHD_YES;
    }
    if (*size) {
        if (call->body->len + *size > EASD_REQUEST_BYTES)
            call->too_large = true;
        else
            g_byte_array_append(call->body, (const guint8 *)data, (guint)*size);
        *size = 0;
        return MHD_YES;
    }
    return respond(ctx, connection, call, url, method);
}

static bool parse_listen(const char *listen, struct sockaddr_storage *address, char *host, size_t room)
{
    const char *colon = strrchr(listen, ':');
    guint64 port;

    if (!colon || !g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, &port, NULL) || (size_t)(colon - listen) >= room)
        return false;
    memset(address, 0, sizeof *address);
    g_strlcpy(host, listen, (size_t)(colon - listen) + 1);
    if (host[0] == '[') {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
        g_autofree char *bare = g_strndup(host + 1, strcspn(host + 1, "]"));

        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        return inet_pton(AF_INET6, bare, &six->sin6_addr) == 1;
    }
    struct sockaddr_in *four = (struct sockaddr_in *)address;

    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, host, &four->sin_addr) == 1;
}

static char *list_versions(const GArray *versions)
{
    GString *list = g_string_new(NULL);

    for (guint i = 0; i < versions->len; i++) {
        int version = g_array_index(versions, int, i);

        g_string_append_printf(list, "%s%d.%d", i ? "," : "", version / 10, version % 10);
    }
    return g_string_free(list, FALSE);
}

/* One thread a connection: a Ping holds its thread for an hour and nobody else's. */
static struct MHD_Daemon *start_daemon(struct http *http, const struct http_options *options,
                                       struct sockaddr_storage *address)
{
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                     (address->ss_family == AF_INET6 ? MHD_USE_IPv6 : 0) | (options->certificate ? MHD_USE_TLS : 0);
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)options->certificate},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)options->key},
                                   {MHD_OPTION_END, 0, NULL}};
    static struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

    return MHD_start_daemon(flags, 0, NULL, NULL, handle, http, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)address,
                            MHD_OPTION_URI_LOG_CALLBACK, call_begin, NULL, MHD_OPTION_NOTIFY_COMPLETED, call_end, NULL,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)EASD_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
                            (unsigned)EASD_IDLE_SECONDS, MHD_OPTION_ARRAY, options->certificate ? tls : none,
                            MHD_OPTION_END);
}

struct http *http_start(struct server *server, const struct http_options *options, char **error)
{
    struct http *http = g_new0(struct http, 1);
    struct sockaddr_storage address;
    char host[INET6_ADDRSTRLEN + 3];

    http->server = server;
    http->versions = list_versions(server->versions);
    if (!parse_listen(options->listen, &address, host, sizeof host)) {
        *error = g_strdup_printf("unable to listen on %s: not ADDRESS:PORT", options->listen);
    } else if (!(http->daemon = start_daemon(http, options, &address))) {
        *error = g_strdup_printf("unable to listen on %s: %s", options->listen,
                                 errno ? g_strerror(errno) : "the certificate or its key is not right");
    } else {
        http->url = g_strdup_printf("%s://%s:%u%s", options->certificate ? "https" : "http", host,
                                    MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT)->port, endpoint);
        return http;
    }
    http_stop(http);
    return NULL;
}

void http_stop(struct http *http)
{
    faults_stop(http->server->faults);
    if (http->daemon)
        MHD_stop_daemon(http->daemon);
    g_free(http->url);
    g_free(http->versions);
    g_free(http);
}

const char *http_url(const struct http *http)
{
    return http->url;
}
