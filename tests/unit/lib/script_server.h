/* An HTTP(S) server on loopback that does what a test tells it: it reads whole requests, keeps a
 * log of them, and sends the very bytes a handler made, cut, paused or held back as it says. */
#ifndef TESTS_UNIT_LIB_SCRIPT_SERVER_H
#define TESTS_UNIT_LIB_SCRIPT_SERVER_H

#include <glib.h>
#include <openssl/ssl.h>
#include <stdbool.h>

#include "codec/wire/wbxml_tree.h"

/* A request as it came. command is the query's Cmd, or the method where there is none; GARBAGE for
 * bytes that are no HTTP. */
struct script_request {
    char *method, *target, *command;
    char *head; /* the header lines, as they came */
    GByteArray *body;
    unsigned connection; /* 0 for the first accepted */
    bool again;          /* its reply was put off, and it is looked at anew */
};
/* A header's value, to be freed, or NULL. */
char *script_request_header(const struct script_request *request, const char *name);

struct script_reply {
    GByteArray *bytes; /* what goes out */
    gsize cut;         /* only so many of them, then the connection is closed */
    bool close;        /* closed after the answer */
    bool later;        /* not answered yet: the handler is asked again after script_server_wake */
    bool hold;         /* nothing more is sent until the server stops */
    unsigned await;    /* sent only when so many requests are in the log */
    gsize piece;       /* sent in pieces of so many bytes */
    unsigned pause_ms; /* and between them */
};
/* Adds a status line, headers ("Name: value\r\n" each, or NULL), Content-Length and a body. */
void script_reply_http(struct script_reply *reply, int status, const char *headers, const void *body, gsize length);
/* 200 with a document and headers (or NULL); takes root. */
void script_reply_document(struct script_reply *reply, const char *headers, struct eas_node *root);

/* Called for every request, one at a time. An untouched reply closes the connection without a byte. */
typedef void (*script_handler)(void *ctx, const struct script_request *request, struct script_reply *reply);

struct script_server;
/* Listens on a free port of 127.0.0.1. tls NULL: plain. The server takes a reference of its own. */
struct script_server *script_server_new(script_handler handler, void *ctx, SSL_CTX *tls);
void script_server_free(struct script_server *server);
unsigned script_server_port(const struct script_server *server);
/* "http://127.0.0.1:PORT" or https; the caller frees it. */
char *script_server_url(const struct script_server *server);

/* Requests whose reply was put off are looked at again; those whose client has gone are not. */
void script_server_wake(struct script_server *server);

/* Waits until count requests are in the log. */
void script_server_await(struct script_server *server, unsigned count);
/* How many there are of a command; NULL: of all. How many connections were accepted. */
unsigned script_server_count(struct script_server *server, const char *command);
unsigned script_server_connections(struct script_server *server);
/* The nth request; lives as long as the server. NULL when there is none. */
const struct script_request *script_server_request(struct script_server *server, unsigned index);

#endif
