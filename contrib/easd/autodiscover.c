#include "contrib/easd/autodiscover.h"

#include <jansson.h>
#include <string.h>

#include "contrib/easd/event.h"

static const char xml_path[] = "/autodiscover/autodiscover.xml";
static const char json_path[] = "/autodiscover/autodiscover.json";
static const char schema[] = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006";

bool autodiscover_path(const char *path, bool *json)
{
    *json = g_ascii_strncasecmp(path, json_path, strlen(json_path)) == 0 &&
            (path[strlen(json_path)] == '\0' || path[strlen(json_path)] == '/');
    return *json || g_ascii_strcasecmp(path, xml_path) == 0;
}

static bool user_known(const struct server *server, const char *address)
{
    for (guint i = 0; address && i < server->mailboxes->len; i++)
        if (meeting_is_owner(address, ((const struct mailbox *)server->mailboxes->pdata[i])->user))
            return true;
    return false;
}

/* ---- the document ---- */

struct asked {
    char *address, *schema;
    char **open; /* where text goes; NULL: nowhere */
};

static const char *local_name(const char *name)
{
    const char *colon = strchr(name, ':');

    return colon ? colon + 1 : name;
}

static void start_element(GMarkupParseContext *context, const char *name, const char **names, const char **values,
                          void *data, GError **error)
{
    struct asked *asked = data;

    (void)context, (void)names, (void)values, (void)error;
    asked->open = strcmp(local_name(name), "EMailAddress") == 0               ? &asked->address
                  : strcmp(local_name(name), "AcceptableResponseSchema") == 0 ? &asked->schema
                                                                              : NULL;
}

static void take_text(GMarkupParseContext *context, const char *text, gsize length, void *data, GError **error)
{
    struct asked *asked = data;

    (void)context, (void)error;
    if (asked->open && !*asked->open)
        *asked->open = g_strstrip(g_strndup(text, length));
}

static void end_element(GMarkupParseContext *context, const char *name, void *data, GError **error)
{
    (void)context, (void)name, (void)error;
    ((struct asked *)data)->open = NULL;
}

static bool read_document(struct asked *asked, const char *body, gsize length)
{
    static const GMarkupParser parser = {.start_element = start_element, .end_element = end_element, .text = take_text};
    GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, asked, NULL);
    bool right = g_markup_parse_context_parse(context, body, (gssize)length, NULL) &&
                 g_markup_parse_context_end_parse(context, NULL);

    g_markup_parse_context_free(context);
    return right && asked->address && asked->schema;
}

/* An error of the schema that every client reads (MS-OXDSCLI 2.2.4.1.1.2). */
static char *xml_error(int code, const char *message)
{
    return g_strdup_printf(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
        "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">"
        "<Response><Error Time=\"00:00:00\" Id=\"1\"><ErrorCode>%d</ErrorCode><Message>%s</Message>"
        "<DebugData/></Error></Response></Autodiscover>\n",
        code, message);
}

static char *xml_answer(const char *address, const char *url)
{
    return g_markup_printf_escaped(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
        "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">"
        "<Response xmlns=\"%s\"><Culture>en:us</Culture><User><DisplayName>%s</DisplayName>"
        "<EMailAddress>%s</EMailAddress></User><Action><Settings><Server><Type>MobileSync</Type><Url>%s</Url>"
        "<Name>%s</Name></Server></Settings></Action></Response></Autodiscover>\n",
        schema, address, address, url, url);
}

char *autodiscover_xml(const struct server *server, const char *body, gsize length, const char *url, int *code)
{
    struct asked asked = {0};
    char *answer;

    *code = 200;
    if (!read_document(&asked, body, length))
        answer = xml_error(600, "Invalid Request");
    else if (strcmp(asked.schema, schema) != 0)
        answer = xml_error(601, "Provider is not available");
    else if (!user_known(server, asked.address))
        answer = xml_error(500, "The email address cannot be found.");
    else
        answer = xml_answer(asked.address, url);
    g_free(asked.address);
    g_free(asked.schema);
    return answer;
}

/* ---- the query ---- */

static char *parameter(const char *uri, const char *name)
{
    const char *query = strchr(uri, '?');
    g_auto(GStrv) pairs = g_strsplit(query ? query + 1 : "", "&", -1);

    for (char **pair = pairs; *pair; pair++) {
        size_t length = strcspn(*pair, "=");

        if ((*pair)[length] && strlen(name) == length && g_ascii_strncasecmp(*pair, name, length) == 0)
            return g_uri_unescape_string(*pair + length + 1, NULL);
    }
    return NULL;
}

/* Email=..., or behind the version in the path. */
static char *asked_address(const char *uri)
{
    char *address = parameter(uri, "Email");
    const char *version = strstr(uri, "/v1.0/");
    g_autofree char *raw = version ? g_strndup(version + 6, strcspn(version + 6, "?/")) : NULL;

    return address || !raw ? address : g_uri_unescape_string(raw, NULL);
}

static char *json_text(const char *one, const char *value, const char *other, const char *text)
{
    json_t *object = json_pack("{s:s, s:s}", one, value, other, text);
    char *dumped = object ? json_dumps(object, JSON_COMPACT) : NULL, *copy = g_strdup(dumped ? dumped : "{}");

    free(dumped);
    json_decref(object);
    return copy;
}

char *autodiscover_json(const struct server *server, const char *uri, const char *url, int *code)
{
    g_autofree char *address = asked_address(uri), *protocol = parameter(uri, "Protocol");

    *code = 400;
    if (!address || !protocol)
        return json_text("ErrorCode", "MandatoryParameterMissing", "ErrorMessage", "Email and Protocol are needed.");
    if (g_ascii_strcasecmp(protocol, "ActiveSync") != 0)
        return json_text("ErrorCode", "InvalidProtocol", "ErrorMessage", "Supported is ActiveSync.");
    *code = 404;
    if (!user_known(server, address))
        return json_text("ErrorCode", "UserNotFound", "ErrorMessage", "Nobody has this address.");
    *code = 200;
    return json_text("Protocol", "ActiveSync", "Url", url);
}
