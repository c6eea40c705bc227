#include "codec/wire/autodiscover.h"

#include <expat.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "codec/limits.h"

#define SCHEMA "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"

enum { NAME_BYTES = 24, TEXT_SHOWN = 120 };

struct reading {
    XML_Parser parser;
    struct autodiscover *answer;
    char names[LIMIT_AUTODISCOVER_DEPTH][NAME_BYTES]; /* of the open elements, without prefixes */
    unsigned depth;
    GString *value;
    const char *fault; /* why reading was stopped */
    /* of the Server element that is open */
    char *type, *url;
};

char *autodiscover_request(const char *address)
{
    return g_markup_printf_escaped("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                                   "<Autodiscover xmlns=\"" SCHEMA "requestschema/2006\">\n"
                                   "  <Request>\n"
                                   "    <EMailAddress>%s</EMailAddress>\n"
                                   "    <AcceptableResponseSchema>" SCHEMA "responseschema/2006"
                                   "</AcceptableResponseSchema>\n"
                                   "  </Request>\n"
                                   "</Autodiscover>\n",
                                   address);
}

static void stop(struct reading *reading, const char *fault)
{
    reading->fault = fault;
    XML_StopParser(reading->parser, XML_FALSE);
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                               int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    stop(ctx, "it has a DTD, which may hide entities");
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct reading *reading = ctx;
    const char *colon = strrchr(name, ':');

    (void)attributes;
    if (reading->depth >= LIMIT_AUTODISCOVER_DEPTH) {
        stop(reading, "it is nested too deep");
        return;
    }
    g_strlcpy(reading->names[reading->depth++], colon ? colon + 1 : name, NAME_BYTES);
    g_string_truncate(reading->value, 0);
    if (reading->depth == 1 && g_ascii_strcasecmp(reading->names[0], "Autodiscover") != 0)
        stop(reading, "it is no Autodiscover document");
}

static void XMLCALL on_text(void *ctx, const XML_Char *bytes, int length)
{
    struct reading *reading = ctx;

    if (reading->value->len + (size_t)length > LIMIT_AUTODISCOVER_VALUE)
        stop(reading, "a value of it is too long");
    else
        g_string_append_len(reading->value, bytes, length);
}

static bool is_named(const struct reading *reading, unsigned up, const char *name)
{
    return reading->depth > up && strcmp(reading->names[reading->depth - 1 - up], name) == 0;
}

/* The first of its kind counts. */
static void keep(struct autodiscover *answer, enum autodiscover_kind kind, char **place, const char *value)
{
    if (answer->kind != AUTODISCOVER_OTHER || !*value)
        return;
    answer->kind = kind;
    *place = g_strdup(value);
}

static char *words(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *cut = g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), (glong)TEXT_SHOWN));

    for (char *at = cut; *at; at = g_utf8_next_char(at))
        if (!g_unichar_isprint(g_utf8_get_char(at)))
            memset(at, '?', (size_t)(g_utf8_next_char(at) - at));
    return g_steal_pointer(&cut);
}

static void end_server(struct reading *reading)
{
    if (reading->url && (!reading->type || g_ascii_strcasecmp(reading->type, "MobileSync") == 0))
        keep(reading->answer, AUTODISCOVER_SERVER, &reading->answer->url, reading->url);
    g_clear_pointer(&reading->type, g_free);
    g_clear_pointer(&reading->url, g_free);
}

/* What an element said, by its own and its parent's name: both schemas at once, since servers mix them. */
static void end_value(struct reading *reading, const char *value)
{
    struct autodiscover *answer = reading->answer;

    if (is_named(reading, 1, "Server") && is_named(reading, 0, "Type")) {
        g_free(reading->type);
        reading->type = g_strdup(value);
    } else if (is_named(reading, 1, "Server") && is_named(reading, 0, "Url")) {
        g_free(reading->url);
        reading->url = g_strdup(value);
    } else if (is_named(reading, 1, "Action") && is_named(reading, 0, "Redirect")) {
        keep(answer, AUTODISCOVER_ADDRESS, &answer->address, value);
    } else if (is_named(reading, 1, "Account") && is_named(reading, 0, "RedirectAddr")) {
        keep(answer, AUTODISCOVER_ADDRESS, &answer->address, value);
    } else if (is_named(reading, 1, "Account") && is_named(reading, 0, "RedirectUrl")) {
        keep(answer, AUTODISCOVER_URL, &answer->url, value);
    } else if (is_named(reading, 1, "Error") && is_named(reading, 0, "Message")) {
        g_free(answer->why);
        answer->why = words(value);
    } else if (is_named(reading, 0, "Error") && answer->kind == AUTODISCOVER_OTHER) {
        answer->kind = AUTODISCOVER_ERROR;
    }
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
    struct reading *reading = ctx;
    char *value = g_strstrip(g_strdup(reading->value->str));

    (void)name;
    end_value(reading, value);
    if (is_named(reading, 0, "Server"))
        end_server(reading);
    reading->depth--;
    g_string_truncate(reading->value, 0);
    g_free(value);
}

void autodiscover_read(const char *bytes, size_t length, struct autodiscover *answer)
{
    struct reading reading = {.answer = answer, .value = g_string_new(NULL)};

    *answer = (struct autodiscover){.kind = AUTODISCOVER_OTHER};
    if (length > LIMIT_AUTODISCOVER_BYTES) {
        reading.fault = "it is too long";
    } else {
        reading.parser = XML_ParserCreate(NULL);
        XML_SetUserData(reading.parser, &reading);
        XML_SetStartDoctypeDeclHandler(reading.parser, on_doctype);
        XML_SetElementHandler(reading.parser, on_start, on_end);
        XML_SetCharacterDataHandler(reading.parser, on_text);
        if (XML_Parse(reading.parser, bytes, (int)length, XML_TRUE) != XML_STATUS_OK && !reading.fault)
            reading.fault = "it is no XML";
        XML_ParserFree(reading.parser);
    }
    if (reading.fault) {
        autodiscover_clear(answer);
        answer->why = g_strdup(reading.fault);
    }
    g_free(reading.type);
    g_free(reading.url);
    g_string_free(reading.value, TRUE);
}

static const char *json_text(const json_t *root, const char *key)
{
    const char *text = json_string_value(json_object_get(root, key));

    return text && strlen(text) <= LIMIT_AUTODISCOVER_VALUE ? text : NULL;
}

void autodiscover_read_json(const char *bytes, size_t length, struct autodiscover *answer)
{
    json_t *root = length <= LIMIT_AUTODISCOVER_BYTES ? json_loadb(bytes, length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *url = json_text(root, "Url"), *error = json_text(root, "ErrorCode");

    *answer = (struct autodiscover){0};
    if (!json_is_object(root)) {
        answer->why = g_strdup("it is no JSON");
    } else if (url && g_ascii_strcasecmp(json_text(root, "Protocol") ? json_text(root, "Protocol") : "ActiveSync",
                                         "ActiveSync") == 0) {
        answer->kind = AUTODISCOVER_SERVER;
        answer->url = g_strdup(url);
    } else if (error) {
        answer->kind = AUTODISCOVER_ERROR;
        answer->why = words(json_text(root, "ErrorMessage") ? json_text(root, "ErrorMessage") : error);
    } else {
        answer->kind = AUTODISCOVER_OTHER;
    }
    json_decref(root);
}

void autodiscover_clear(struct autodiscover *answer)
{
    g_free(answer->url);
    g_free(answer->address);
    g_free(answer->why);
    *answer = (struct autodiscover){0};
}
