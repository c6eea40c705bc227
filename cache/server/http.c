#include "cache/server/http.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cache/server/proxy.h"
#include "cache/server/resolve.h"
#include "codec/limits.h"

struct http {
    CURL *easy;
    struct tls_watch tls;
    bool connected; /* a socket of this exchange, or one closed in it, had a peer */
    GMutex lock;    /* of multi, which is woken from other threads */
    CURLM *multi;   /* with the kept connections */
    gint64 made_at; /* monotonic */
    gint interrupted;
    gint64 stop_us; /* monotonic: an interrupted exchange on its way is given up then; 0: not interrupted yet */
    char *proxy;    /* as set; NULL: by the environment */
    struct resolve *resolve;
    char error[CURL_ERROR_SIZE];
    bool proxied; /* the last exchange */
    /* of the exchange under way */
    const struct http_request *request;
    struct http_answer *answer;
    bool to_sink, headers_whole;
    long long header_bytes, body_bytes;
    gint64 mark_us;       /* when enough had last moved */
    long long mark_bytes; /* and how much that was by then */
};

static void begin_headers(struct http *http)
{
    http->answer->empty = true;
    http->to_sink = http->headers_whole = false;
    http->body_bytes = 0;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct http *http = ctx;

    http->answer->began = true;
    /* A log-in of several rounds: only the last answer counts. */
    if (size * count > 5 && memcmp(bytes, "HTTP/", 5) == 0)
        begin_headers(http);
    if (http->answer->empty)
        http->headers_whole = size * count <= 2 && (bytes[0] == '\r' || bytes[0] == '\n');
    http->header_bytes += (long long)(size * count);
    if (http->header_bytes <= LIMIT_HEADER_BYTES)
        return size * count;
    http->answer->end = HTTP_TOO_LARGE;
    return 0;
}

/* Copies a content type without parameters, in lower case. */
static void read_content_type(struct http *http)
{
    const char *type = http_header(http, "Content-Type");
    size_t length = type ? strcspn(type, "; \t") : 0;

    g_strlcpy(http->answer->content_type, type ? type : "", MIN(length + 1, sizeof http->answer->content_type));
    for (char *letter = http->answer->content_type; *letter; letter++)
        *letter = g_ascii_tolower(*letter);
}

/* Servers that name no type, or the plainest, may still mean WBXML: its first bytes tell. */
static bool is_active_sync(const char *type)
{
    return g_str_has_prefix(type, "application/vnd.ms-sync") || strcmp(type, "application/octet-stream") == 0 || !*type;
}

/* The first bytes of a body decide where the rest goes. */
static void begin_body(struct http *http)
{
    long status = 0;

    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    read_content_type(http);
    http->answer->empty = false;
    http->answer->page = status == 200 && !is_active_sync(http->answer->content_type);
    http->to_sink = (http->request->any || (status == 200 && !http->answer->page)) && http->request->sink;
    if (http->to_sink)
        http->request->sink->begin(http->request->ctx, http->answer->content_type);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct http *http = ctx;
    struct http_answer *answer = http->answer;
    long long limit = http->request->limit ? http->request->limit : LIMIT_DOCUMENT_BYTES;

    if (answer->empty)
        begin_body(http);
    http->body_bytes += (long long)(size * count);
    if (!http->to_sink)
        return http->body_bytes <= LIMIT_ERROR_BODY_BYTES ? size * count : 0;
    if (http->body_bytes > limit) {
        answer->end = HTTP_TOO_LARGE;
        return 0;
    }
    answer->document = http->request->sink->feed(http->request->ctx, bytes, size * count);
    if (answer->document == WBXML_OK)
        return size * count;
    answer->end = HTTP_DOCUMENT;
    return 0;
}

/* Without it the kernel goes on for a quarter of an hour before it says that nobody is there. */
static int on_socket(void *ctx, curl_socket_t socket, curlsocktype purpose)
{
    unsigned ms = LIMIT_UNHEARD_MS;

    (void)ctx, (void)purpose;
    setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
    return CURL_SOCKOPT_OK;
}

/* A socket that has a peer was connected, whatever became of it. */
static int on_close(void *ctx, curl_socket_t socket)
{
    struct http *http = ctx;
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;

    if (getpeername(socket, (struct sockaddr *)&peer, &length) == 0)
        http->connected = true;
    return close(socket);
}

static void set_options(struct http *http, const struct http_settings *settings)
{
    CURL *easy = http->easy;

    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->error);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)LIMIT_KEEPALIVE_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)LIMIT_KEEPALIVE_PROBE_S);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, http);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 65536L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, settings->user_agent);
    curl_easy_setopt(easy, CURLOPT_SHARE, settings->cookies);
    curl_easy_setopt(easy, CURLOPT_COOKIEFILE, "");
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    if (settings->proxy)
        curl_easy_setopt(easy, CURLOPT_PROXY, settings->proxy);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, http);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
    /* Else an interrupted exchange would wait for a name server that does not answer. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    tls_apply(&http->tls, easy);
}

/* Without any connection. */
static void renew(struct http *http)
{
    g_mutex_lock(&http->lock);
    if (http->multi)
        curl_multi_cleanup(http->multi);
    http->multi = curl_multi_init();
    g_assert(http->multi);
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 2L);
    http->made_at = g_get_monotonic_time();
    g_mutex_unlock(&http->lock);
}

void http_start(void)
{
    static gsize once;

    if (g_once_init_enter(&once)) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        g_once_init_leave(&once, 1);
    }
}

struct http *http_new(const struct http_settings *settings)
{
    struct http *http = g_new0(struct http, 1);

    http_start();
    http->easy = curl_easy_init();
    g_assert(http->easy);
    g_mutex_init(&http->lock);
    http->tls.trust = settings->trust;
    renew(http);
    http->proxy = g_strdup(settings->proxy);
    http->resolve = resolve_new(settings->resolver, settings->proxy);
    set_options(http, settings);
    return http;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    curl_easy_cleanup(http->easy);
    curl_multi_cleanup(http->multi);
    resolve_free(http->resolve);
    g_mutex_clear(&http->lock);
    g_free(http->proxy);
    g_free(http);
}

void http_interrupt(struct http *http)
{
    g_atomic_int_set(&http->interrupted, 1);
    g_mutex_lock(&http->lock);
    curl_multi_wakeup(http->multi);
    g_mutex_unlock(&http->lock);
}

void http_reset(struct http *http)
{
    g_atomic_int_set(&http->interrupted, 0);
}

bool http_is_interrupted(const struct http *http)
{
    return g_atomic_int_get(&http->interrupted) != 0;
}

static void set_login(CURL *easy, const struct http_login *login)
{
    static const struct http_login nobody = {0};

    if (!login)
        login = &nobody;
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, login->methods);
    curl_easy_setopt(easy, CURLOPT_USERNAME, login->user);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, login->password);
    curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, login->bearer);
}

static void set_request(struct http *http, const struct http_request *request)
{
    CURL *easy = http->easy;

    set_login(easy, request->login);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, MIN(request->timeout_ms, (long)LIMIT_CONNECT_MS));
    /* Curl resends by itself what it wrote to a kept connection that then died: the server may have
     * acted on it. On a new connection it does not. */
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->once ? 1L : 0L);
    if (request->options) {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "OPTIONS");
        return;
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
    if (request->get) {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->length);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->length ? request->body : "");
}

/* Bytes that count as progress: what goes up, then what comes down of the body. Headers do not, or a
 * server could hold a connection for ever by one letter at a time. */
static long long moved_bytes(struct http *http)
{
    curl_off_t up = 0, down = 0;

    curl_easy_getinfo(http->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(http->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
    return up + down;
}

/* Milliseconds that the exchange may still wait for more; 0 or less: it is over. */
static long long patience_ms(struct http *http)
{
    bool flowing = !http->answer->empty;
    long long stall_ms = http->request->stall_ms ? http->request->stall_ms : LIMIT_STALL_MS;
    long long moved = moved_bytes(http), now_us = g_get_monotonic_time();

    if (moved - http->mark_bytes >= (flowing ? LIMIT_STALL_BYTES : 1)) {
        http->mark_us = now_us;
        http->mark_bytes = moved;
    }
    long long left = (flowing ? stall_ms : http->request->timeout_ms) - (now_us - http->mark_us) / 1000;

    return http->request->until ? MIN(left, (http->request->until - now_us) / 1000) : left;
}

static bool is_stopped(void *ctx)
{
    return http_is_interrupted(ctx);
}

/* Whether an interruption ends the exchange now: one whose answer must not be lost has its grace. */
static bool gives_way(struct http *http)
{
    long sent = 0;

    if (!http_is_interrupted(http))
        return false;
    curl_easy_getinfo(http->easy, CURLINFO_REQUEST_SIZE, &sent);
    if (!http->request->grace_ms || !sent)
        return true;
    if (!http->stop_us)
        http->stop_us = g_get_monotonic_time() + http->request->grace_ms * 1000LL;
    return g_get_monotonic_time() >= http->stop_us;
}

/* Asked when nothing moves: whether that is for good. */
static bool waits_in_vain(const struct http *http)
{
    char *local = NULL;

    if (http->request->once || !http->request->paths)
        return false;
    curl_easy_getinfo(http->easy, CURLINFO_LOCAL_IP, &local);
    return paths_end_nowhere(http->request->paths, local, http->made_at);
}

/* Drives the transfer until it is over or given up; the answer's end tells which, where it is not curl's to say. */
static void drive(struct http *http)
{
    int running = 1, moving = 1;

    for (;;) {
        if (gives_way(http)) {
            http->answer->end = HTTP_INTERRUPTED;
            return;
        }
        curl_multi_perform(http->multi, &running);
        if (!running)
            return;
        long long left = patience_ms(http);

        if (left <= 0) {
            http->answer->end = http->answer->empty ? HTTP_SILENT : HTTP_STALLED;
            return;
        }
        curl_multi_poll(http->multi, NULL, 0, (int)MIN(left, (long long)LIMIT_INTERRUPT_MS), &moving);
        if (!moving && waits_in_vain(http)) {
            http->answer->end = HTTP_OUTDATED;
            return;
        }
    }
}

static CURLcode transfer_code(struct http *http)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(http->multi, &left)))
        if (message->msg == CURLMSG_DONE)
            return message->data.result;
    return CURLE_ABORTED_BY_CALLBACK;
}

static void count_bytes(struct http *http)
{
    curl_off_t down = 0, up = 0;
    long sent = 0;

    curl_easy_getinfo(http->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
    curl_easy_getinfo(http->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(http->easy, CURLINFO_REQUEST_SIZE, &sent);
    http->answer->bytes_in = http->header_bytes + down;
    http->answer->unsent = !http->answer->began && http->request->length && up < (curl_off_t)http->request->length;
    /* Curl counts a short body among the request's own bytes already. */
    http->answer->bytes_out = sent >= up ? sent : sent + up;
}

/* Turns what curl says into an end, where no callback or deadline has given one. */
static void settle(struct http *http)
{
    struct http_answer *answer = http->answer;
    long status = 0;

    answer->code = transfer_code(http);
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (int)status;
    if (answer->end != HTTP_ANSWERED)
        return;
    /* To curl, headers that break off are the whole of an empty answer. */
    if (answer->code == CURLE_OK && !http->headers_whole)
        answer->code = CURLE_RECV_ERROR;
    /* A page longer than anyone reads was cut by on_body: it is known well enough. */
    if (answer->code != CURLE_OK && !(answer->code == CURLE_WRITE_ERROR && !answer->empty && !http->to_sink))
        answer->end = HTTP_FAILED;
    else if (http->to_sink) {
        answer->document = http->request->sink->finish(http->request->ctx, &answer->document_status);
        if (answer->document != WBXML_OK)
            answer->end = HTTP_DOCUMENT;
    }
    if (answer->empty)
        read_content_type(http);
}

void http_exchange(struct http *http, const struct http_request *request, struct http_answer *answer)
{
    g_autofree char *proxy = proxy_for(http->proxy, request->url);

    *answer = (struct http_answer){.end = HTTP_ANSWERED, .empty = true};
    http->proxied = proxy != NULL;
    http->request = request;
    http->answer = answer;
    if (request->paths && paths_are_old(request->paths, http->made_at))
        renew(http);
    http->to_sink = http->headers_whole = false;
    http->header_bytes = http->body_bytes = http->mark_bytes = 0;
    http->mark_us = g_get_monotonic_time();
    http->stop_us = 0;
    http->error[0] = '\0';
    http->tls.begun = http->tls.wants_certificate = http->connected = false;
    answer->code = resolve_apply(http->resolve, http->easy, request->url, is_stopped, http);
    if (answer->code != CURLE_OK) {
        answer->end = http_is_interrupted(http) ? HTTP_INTERRUPTED : HTTP_FAILED;
        answer->unsent = true;
        return;
    }
    set_request(http, request);
    curl_multi_add_handle(http->multi, http->easy);
    drive(http);
    settle(http);
    count_bytes(http);
    curl_multi_remove_handle(http->multi, http->easy);
    curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(http->easy, CURLOPT_POSTFIELDS, NULL);
    set_login(http->easy, NULL);
}

const char *http_header(struct http *http, const char *name)
{
    struct curl_header *header;

    if (curl_easy_header(http->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return NULL;
    return header->value;
}

long http_retry_after(struct http *http)
{
    curl_off_t seconds = 0;

    curl_easy_getinfo(http->easy, CURLINFO_RETRY_AFTER, &seconds);
    return (long)CLAMP(seconds, 0, LIMIT_RETRY_AFTER_S);
}

CURL *http_handle(struct http *http)
{
    return http->easy;
}

bool http_is_proxied(const struct http *http)
{
    return http->proxied;
}

const struct tls_watch *http_tls(const struct http *http)
{
    return &http->tls;
}

bool http_is_connected(const struct http *http)
{
    double seconds = 0;

    curl_easy_getinfo(http->easy, CURLINFO_CONNECT_TIME, &seconds);
    return http->connected || http->tls.begun || seconds > 0;
}

const struct tls_trust *http_trust(const struct http *http)
{
    return http->tls.trust;
}

const char *http_words(const struct http *http)
{
    return http->error;
}
