/* --trace: every exchange as two files a person can read, NNNN-Command-request.xml and
 * -response.xml (.txt where there is no document), mode 0600. Credentials, cookies and bodies are left out. */
#ifndef CACHE_SERVER_TRACE_H
#define CACHE_SERVER_TRACE_H

#include "cache/server/http.h"

struct trace_dir;

/* Makes dir where it is missing. NULL and errno set when it cannot be written. */
struct trace_dir *trace_dir_new(const char *path);
void trace_dir_free(struct trace_dir *dir);

/* Writes a request's file, and puts itself between the answer and the request's sink until trace_end. name
 * is the command's. dir NULL: does nothing and returns NULL. A file that cannot be written stops nothing. */
struct trace *trace_begin(struct trace_dir *dir, const char *name, struct http *http, struct http_request *request);
void trace_end(struct trace *trace, const struct http_answer *answer); /* frees trace; takes NULL */

#endif
