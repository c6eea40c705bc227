#include "cache/server/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codec/wire/wbxml_xml.h"

enum {
    FLUSH_BYTES = 65536,
    PARTS_HEAD = 12, /* of a multipart answer: the count, then offset and length of the document */
};

struct trace_dir {
    char *path;
    gint next;
};

struct trace {
    struct trace_dir *dir;
    struct http *http;
    const struct answer_sink *sink; /* the request's own */
    void *ctx;
    int number;
    char *name;
    FILE *file;    /* of the answer's document, once it begins */
    GString *text; /* what waits to be written to it */
    struct wbxml_xml xml;
    struct wbxml_reader *reader;
    enum wbxml_error error;
    /* of a multipart answer */
    bool multipart;
    guint8 head[PARTS_HEAD];
    guint64 seen, from, until;
};

/* Earlier runs' files keep their numbers to themselves. */
static gint last_number(const char *path)
{
    GDir *entries = g_dir_open(path, 0, NULL);
    const char *name;
    gint last = 0;

    while (entries && (name = g_dir_read_name(entries)))
        last = MAX(last, (gint)CLAMP(g_ascii_strtoll(name, NULL, 10), 0, G_MAXINT / 2));
    if (entries)
        g_dir_close(entries);
    return last;
}

struct trace_dir *trace_dir_new(const char *path)
{
    if (g_mkdir_with_parents(path, 0700) != 0 || access(path, W_OK | X_OK) != 0)
        return NULL;
    struct trace_dir *dir = g_new0(struct trace_dir, 1);

    dir->path = g_strdup(path);
    dir->next = last_number(path);
    return dir;
}

void trace_dir_free(struct trace_dir *dir)
{
    if (!dir)
        return;
    g_free(dir->path);
    g_free(dir);
}

static FILE *open_file(const struct trace *trace, const char *what, const char *ending)
{
    g_autofree char *path =
        g_strdup_printf("%s/%04d-%s-%s.%s", trace->dir->path, trace->number, trace->name, what, ending);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    return fd < 0 ? NULL : fdopen(fd, "w");
}

/* Takes the next number; another run may be writing here too. */
static FILE *open_request(struct trace *trace, bool document)
{
    FILE *file;

    do
        trace->number = g_atomic_int_add(&trace->dir->next, 1) + 1;
    while (!(file = open_file(trace, "request", document ? "xml" : "txt")) && errno == EEXIST);
    return file;
}

/* A comment of XML must not hold two hyphens in a row. */
static void append_comment(GString *out, const GString *lines)
{
    g_string_append(out, "<!--\n");
    for (const char *at = lines->str; *at; at++) {
        g_string_append_c(out, *at);
        if (at[0] == '-' && at[1] == '-')
            g_string_append_c(out, ' ');
    }
    g_string_append(out, "-->\n");
}

static void append_request_head(GString *out, const struct http_request *request)
{
    g_string_append_printf(out, "%s %s\n", request->options ? "OPTIONS" : "POST", request->url);
    for (const struct curl_slist *line = request->headers; line; line = line->next)
        if (!g_str_has_suffix(line->data, ":"))
            g_string_append_printf(out, "%s\n", line->data);
    if (!request->options)
        g_string_append_printf(out, "(%zu bytes)\n", request->length);
}

static bool starts_like_wbxml(const struct http_request *request)
{
    return request->length > 2 && ((const guint8 *)request->body)[0] == 0x03;
}

static void write_request(struct trace *trace, const struct http_request *request)
{
    bool document = starts_like_wbxml(request);
    FILE *file = open_request(trace, document);
    g_autoptr(GString) head = g_string_new(NULL);
    g_autoptr(GString) text = g_string_new(NULL);

    if (!file)
        return;
    append_request_head(head, request);
    if (document) {
        append_comment(text, head);
        wbxml_xml_print(text, request->body, request->length, NULL);
    } else {
        g_string_append_len(text, head->str, (gssize)head->len);
    }
    fwrite(text->str, 1, text->len, file);
    fclose(file);
}

static void append_answer_head(GString *out, struct http *http, int status)
{
    static const char *const hidden[] = {"Set-Cookie", "Authorization", "Proxy-Authorization", "Authentication-Info"};
    struct curl_header *header = NULL;

    g_string_append_printf(out, "HTTP %d\n", status);
    while ((header = curl_easy_nextheader(http_handle(http), CURLH_HEADER, -1, header))) {
        bool shown = true;

        for (size_t i = 0; i < G_N_ELEMENTS(hidden); i++)
            shown = shown && g_ascii_strcasecmp(header->name, hidden[i]) != 0;
        g_string_append_printf(out, "%s: %s\n", header->name, shown ? header->value : "[not shown]");
    }
}

static void flush(struct trace *trace, size_t above)
{
    if (trace->text->len <= above)
        return;
    if (trace->file)
        fwrite(trace->text->str, 1, trace->text->len, trace->file);
    g_string_truncate(trace->text, 0);
}

static void on_begin(void *ctx, const char *content_type)
{
    struct trace *trace = ctx;
    g_autoptr(GString) head = g_string_new(NULL);

    trace->file = open_file(trace, "response", "xml");
    trace->multipart = strcmp(content_type, "application/vnd.ms-sync.multipart") == 0;
    append_answer_head(head, trace->http, 200);
    append_comment(trace->text, head);
    wbxml_xml_init(&trace->xml, trace->text, NULL);
    trace->reader = wbxml_reader_new(&wbxml_xml_handler, &trace->xml);
    if (trace->sink)
        trace->sink->begin(trace->ctx, content_type);
}

/* A little-endian number of a multipart answer's head. */
static guint64 head_number(const struct trace *trace, size_t at)
{
    return trace->head[at] | (guint64)trace->head[at + 1] << 8 | (guint64)trace->head[at + 2] << 16 |
           (guint64)trace->head[at + 3] << 24;
}

/* Prints what of bytes is the document: all, or the first part. */
static void print(struct trace *trace, const guint8 *bytes, size_t length)
{
    guint64 from = 0, until = length;

    if (trace->multipart) {
        for (size_t i = 0; i < length && trace->seen + i < PARTS_HEAD; i++)
            trace->head[trace->seen + i] = bytes[i];
        if (trace->seen + length >= PARTS_HEAD) {
            trace->from = head_number(trace, 4);
            trace->until = trace->from + head_number(trace, 8);
        }
        from = CLAMP(trace->from, trace->seen, trace->seen + length) - trace->seen;
        until = CLAMP(trace->until, trace->seen, trace->seen + length) - trace->seen;
        trace->seen += length;
    }
    if (until > from && trace->error == WBXML_OK)
        trace->error = wbxml_reader_feed(trace->reader, bytes + from, until - from);
    flush(trace, FLUSH_BYTES);
}

static enum wbxml_error on_feed(void *ctx, const void *bytes, size_t length)
{
    struct trace *trace = ctx;

    print(trace, bytes, length);
    return trace->sink ? trace->sink->feed(trace->ctx, bytes, length) : WBXML_OK;
}

static enum wbxml_error on_finish(void *ctx, int *status)
{
    struct trace *trace = ctx;

    return trace->sink ? trace->sink->finish(trace->ctx, status) : WBXML_OK;
}

static const struct answer_sink trace_sink = {.begin = on_begin, .feed = on_feed, .finish = on_finish};

struct trace *trace_begin(struct trace_dir *dir, const char *name, struct http *http, struct http_request *request)
{
    if (!dir)
        return NULL;
    struct trace *trace = g_new0(struct trace, 1);

    trace->dir = dir;
    trace->name = g_strdup(name);
    trace->http = http;
    trace->sink = request->sink;
    trace->ctx = request->ctx;
    trace->text = g_string_new(NULL);
    write_request(trace, request);
    request->sink = &trace_sink;
    request->ctx = trace;
    return trace;
}

/* The end of an answer that was read to its end, or a word on how it ended otherwise. */
static void end_document(struct trace *trace, const struct http_answer *answer)
{
    if (trace->error == WBXML_OK)
        trace->error = wbxml_reader_finish(trace->reader);
    if (trace->error != WBXML_OK)
        g_string_append_printf(trace->text, "%s\n<!-- %s -->\n", trace->xml.start_is_open ? ">" : "",
                               wbxml_error_text(trace->error));
    else if (trace->multipart)
        g_string_append_printf(trace->text,
                               "<!-- with %" G_GUINT64_FORMAT " parts, %" G_GUINT64_FORMAT " bytes in all -->\n",
                               head_number(trace, 0), trace->seen);
    if (answer->end == HTTP_FAILED)
        g_string_append_printf(trace->text, "<!-- the transfer broke: %s -->\n", curl_easy_strerror(answer->code));
}

/* The file of an answer without a document. */
static void write_head(struct trace *trace, const struct http_answer *answer)
{
    trace->file = open_file(trace, "response", "txt");
    if (answer->status)
        append_answer_head(trace->text, trace->http, answer->status);
    g_string_append_printf(trace->text, "(%s)\n",
                           answer->end == HTTP_FAILED     ? curl_easy_strerror(answer->code)
                           : answer->end != HTTP_ANSWERED ? "given up"
                           : answer->empty                ? "no body"
                                                          : "a body that is not ActiveSync");
}

void trace_end(struct trace *trace, const struct http_answer *answer)
{
    if (!trace)
        return;
    if (trace->reader)
        end_document(trace, answer);
    else
        write_head(trace, answer);
    flush(trace, 0);
    if (trace->file)
        fclose(trace->file);
    wbxml_reader_free(trace->reader);
    wbxml_xml_clear(&trace->xml);
    g_string_free(trace->text, TRUE);
    g_free(trace->name);
    g_free(trace);
}
