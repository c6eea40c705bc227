#include "contrib/easd/control.h"

#include <arpa/inet.h>
#include <string.h>

#include "contrib/easd/limits.h"
#include "contrib/easd/wipe.h"

static const char fault_path[] = "/easd/faults", wipe_path[] = "/easd/wipe";

static bool from_loopback(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;

    if (address && address->sa_family == AF_INET)
        return (ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24) == 127;
    return address && address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/* A rule a line. Stops at the first that is none. */
static char *add_rules(struct faults *faults, const GByteArray *body)
{
    g_autofree char *text = g_strndup((const char *)body->data, body->len);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    char *error = NULL;

    for (char **line = lines; *line && !error; line++)
        if (*g_strstrip(*line))
            faults_add(faults, *line, &error);
    return error;
}

static enum MHD_Result reply_faults(struct faults *faults, struct MHD_Connection *connection, const char *method,
                                    const GByteArray *body)
{
    g_autofree char *error = NULL;

    if (strcmp(method, MHD_HTTP_METHOD_DELETE) == 0)
        faults_clear(faults);
    else if (strcmp(method, MHD_HTTP_METHOD_POST) == 0 && body->len <= EASD_FAULT_REQUEST_BYTES)
        error = add_rules(faults, body);
    else if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return reply_text(connection, 405, MHD_HTTP_HEADER_ALLOW, "GET, POST, DELETE", "GET, POST or DELETE\n");
    g_autofree char *text = error ? g_strconcat(error, "\n", NULL) : faults_tell(faults);

    return reply_text(connection, error ? 400 : 200, NULL, NULL, text);
}

/* POST a word, GET what came of it. */
static enum MHD_Result reply_wipe(struct mailbox *mailbox, struct MHD_Connection *connection, const char *method,
                                  const GByteArray *body)
{
    g_autofree char *order = g_strndup((const char *)body->data, body->len), *text = NULL;

    if (strcmp(method, MHD_HTTP_METHOD_POST) == 0 && !wipe_order(mailbox, g_strstrip(order)))
        return reply_text(connection, 400, NULL, NULL, "device, account or none\n");
    text = wipe_tell(mailbox);
    return reply_text(connection, 200, NULL, NULL, text);
}

bool control_path(const char *path, struct MHD_Connection *connection)
{
    return (strcmp(path, fault_path) == 0 || strcmp(path, wipe_path) == 0) && from_loopback(connection);
}

enum MHD_Result control_reply(struct server *server, struct MHD_Connection *connection, struct mailbox *mailbox,
                              const char *path, const char *method, const GByteArray *body)
{
    if (strcmp(path, wipe_path) == 0)
        return reply_wipe(mailbox, connection, method, body);
    return reply_faults(server->faults, connection, method, body);
}
