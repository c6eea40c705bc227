#include "contrib/easd/reply.h"

#include <stdio.h>
#include <string.h>

#include "contrib/easd/command.h"
#include "contrib/easd/limits.h"

static enum MHD_Result reply(struct MHD_Connection *connection, int code, struct MHD_Response *response)
{
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)code, response);

    MHD_destroy_response(response);
    return result;
}

enum MHD_Result reply_text(struct MHD_Connection *connection, int code, const char *header, const char *value,
                           const char *text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);

    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
    if (header)
        MHD_add_response_header(response, header, value);
    return reply(connection, code, response);
}

enum MHD_Result reply_typed(struct MHD_Connection *connection, int code, const char *type, const char *text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);

    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    return reply(connection, code, response);
}

enum MHD_Result reply_options(struct MHD_Connection *connection, const char *versions)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

    MHD_add_response_header(response, "MS-ASProtocolVersions", versions);
    MHD_add_response_header(response, "MS-ASProtocolCommands", command_list());
    MHD_add_response_header(response, "Public", "OPTIONS,POST");
    MHD_add_response_header(response, "Allow", "OPTIONS,POST");
    return reply(connection, MHD_HTTP_OK, response);
}

enum MHD_Result reply_fault(struct MHD_Connection *connection, const struct fault *fault, const char *url)
{
    char seconds[24];

    snprintf(seconds, sizeof seconds, "%u", fault->retry_after);
    if (fault->retry_after)
        return reply_text(connection, (int)fault->value, MHD_HTTP_HEADER_RETRY_AFTER, seconds, "a fault, as asked\n");
    if (fault->value == 401)
        return reply_text(connection, 401, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"easd\"",
                          "a fault, as asked\n");
    return reply_text(connection, (int)fault->value, fault->value == 451 ? "X-MS-Location" : NULL, url,
                      "a fault, as asked\n");
}

/* ---- a command's answer ---- */

struct stream {
    struct answer_reader *reader;
    struct faults *faults;
    struct fault fault;
};

static ssize_t stream_read(void *ctx, uint64_t position, char *out, size_t room)
{
    struct stream *stream = ctx;
    ssize_t got;

    if (stream->fault.kind == FAULT_CUT) {
        room = (size_t)MIN((uint64_t)room, stream->fault.value - MIN(position, stream->fault.value));
        if (room == 0)
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (stream->fault.kind == FAULT_TRICKLE) {
        room = MIN(room, MAX(1, stream->fault.value / (1000 / EASD_FAULT_TRICKLE_MS)));
        if (!faults_pause(stream->faults, EASD_FAULT_TRICKLE_MS))
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    got = answer_reader_read(stream->reader, out, room);
    if (got == 0 && stream->fault.kind != FAULT_CUT)
        return MHD_CONTENT_READER_END_OF_STREAM;
    return got > 0 ? got : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void stream_free(void *ctx)
{
    struct stream *stream = ctx;

    answer_reader_free(stream->reader);
    g_free(stream);
}

static struct MHD_Response *stream_response(struct answer *answer, uint64_t length, bool gzip, struct faults *faults,
                                            const struct fault *fault)
{
    struct stream *stream = g_new0(struct stream, 1);

    stream->reader = answer_reader_new(answer, gzip);
    stream->faults = faults;
    stream->fault = *fault;
    /* A cut behind the last byte would be none. */
    if (fault->kind == FAULT_CUT && !gzip)
        stream->fault.value = (guint)MIN(stream->fault.value, length - 1);
    return MHD_create_response_from_callback(gzip ? MHD_SIZE_UNKNOWN : length, EASD_STREAM_BLOCK, stream_read, stream,
                                             stream_free);
}

enum MHD_Result reply_answer(struct MHD_Connection *connection, struct answer *answer, bool gzip, struct faults *faults,
                             const struct fault *fault)
{
    uint64_t length = answer_length(answer);
    const char *type = answer->content_type ? answer->content_type : "application/vnd.ms-sync.wbxml";
    struct MHD_Response *response;
    int code = answer->http;

    gzip = gzip && length > 256;
    if (length == 0) {
        answer_free(answer);
        if (fault->kind == FAULT_CUT)
            return MHD_NO;
        response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    } else {
        response = stream_response(answer, length, gzip, faults, fault);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    }
    if (gzip)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    MHD_add_response_header(response, "MS-Server-ActiveSync", "16.1");
    MHD_add_response_header(response, "Server",
                            "Microsoft-IIS/10.0 (easd)"); /* as Exchange, which clients tell by it */
    return reply(connection, code, response);
}
