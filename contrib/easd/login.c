#include "contrib/easd/login.h"

#include <string.h>

/* The same time for every wrong password of a length. */
static bool same_secret(const char *a, const char *b)
{
    size_t length = strlen(a);
    unsigned char difference = length != strlen(b);

    for (size_t i = 0; i < length && !difference; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return !difference;
}

/* DOMAIN\user is user. */
static const char *without_domain(const char *user)
{
    const char *slash = strrchr(user, '\\');

    return slash ? slash + 1 : user;
}

static struct mailbox *find_mailbox(const struct server *server, const char *user)
{
    for (guint i = 0; i < server->mailboxes->len; i++) {
        struct mailbox *mailbox = server->mailboxes->pdata[i];

        if (g_ascii_strcasecmp(mailbox->user, user) == 0 ||
            g_ascii_strcasecmp(mailbox->user, without_domain(user)) == 0)
            return mailbox;
    }
    return NULL;
}

static struct mailbox *by_password(const struct server *server, const char *base64)
{
    gsize length;
    g_autofree guchar *bytes = g_base64_decode(base64, &length);
    g_autofree char *pair = g_strndup((const char *)bytes, length);
    char *colon = strchr(pair, ':');

    if (!colon)
        return NULL;
    *colon = '\0';
    struct mailbox *mailbox = find_mailbox(server, pair);

    return same_secret(colon + 1, server->password) ? mailbox : NULL;
}

/* The file is read at each request: a token is good as long as it stands there. */
static struct mailbox *by_token(const struct server *server, const char *token)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(server->token_file, &text, NULL, NULL))
        return NULL;
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        char *blank = strchr(*line, ' ');

        if (blank && same_secret(blank + 1, token)) {
            *blank = '\0';
            return find_mailbox(server, *line);
        }
    }
    return NULL;
}

struct mailbox *login_mailbox(const struct server *server, struct MHD_Connection *connection, bool password)
{
    const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);

    if (header && server->token_file && g_ascii_strncasecmp(header, "Bearer ", 7) == 0)
        return by_token(server, header + 7);
    if (server->token_file && !password)
        return NULL;
    return header && g_ascii_strncasecmp(header, "Basic ", 6) == 0 ? by_password(server, header + 6) : NULL;
}

const char *login_challenge(const struct server *server)
{
    return server->token_file ? "Bearer realm=\"easd\"" : "Basic realm=\"easd\", charset=\"UTF-8\"";
}
