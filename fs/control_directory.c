#include "fs/control_directory.h"

#include <string.h>

#include "cache/directory.h"
#include "codec/limits.h"
#include "fs/message.h"
#include "fs/oof_text.h"

static json_t *failed(const struct eas_result *result)
{
    return json_pack("{s:i, s:s}", "code", result->exit_code ? result->exit_code : EXIT_UNREACHABLE, "error",
                     result->text);
}

static const char *query_of(const json_t *request)
{
    const char *query = json_string_value(json_object_get(request, "query"));

    return query && strlen(query) >= LIMIT_QUERY_LEAST && strlen(query) <= LIMIT_QUERY_BYTES ? query : NULL;
}

static json_t *bad_query(void)
{
    return json_pack("{s:i, s:s}", "code", EXIT_USAGE, "error", "a query has 2 to 200 bytes");
}

json_t *control_people(struct control_client *client, const json_t *request)
{
    const char *query = query_of(request);
    g_autoptr(GArray) all = NULL;
    json_t *cards;

    if (!query)
        return bad_query();
    struct eas_result result = directory_people(client->config->replica, query, &all);

    if (!eas_is_served(&result))
        return failed(&result);
    cards = json_array();
    for (guint i = 0; i < all->len; i++) {
        gsize size;
        const char *bytes = g_bytes_get_data(g_array_index(all, struct found, i).bytes, &size);

        json_array_append_new(cards, json_stringn(bytes, size));
    }
    return json_pack("{s:i, s:o}", "code", 0, "cards", cards);
}

json_t *control_messages(struct control_client *client, const json_t *request)
{
    const char *query = query_of(request);
    g_autofree char *escaped = query ? g_uri_escape_string(query, " !$&'()*+,;=:@", TRUE) : NULL;
    g_autoptr(GArray) all = NULL;
    json_t *paths;

    if (!query)
        return bad_query();
    struct eas_result result = directory_messages(client->config->replica, query, &all);

    if (!eas_is_served(&result))
        return failed(&result);
    paths = json_array();
    for (guint i = 0; i < all->len; i++) {
        const struct found *found = &g_array_index(all, struct found, i);
        g_autofree char *path =
            found->path ? g_strdup(found->path) : g_strdup_printf("Search/%s/%s", escaped, found->name);

        json_array_append_new(paths, json_string(path));
    }
    return json_pack("{s:i, s:o}", "code", 0, "paths", paths);
}

/* Not every server answers for an address that nobody has. */
static bool was_answered(const GArray *all, const char *address)
{
    for (guint i = 0; i < all->len; i++)
        if (!g_ascii_strcasecmp(g_array_index(all, struct recipient, i).asked, address))
            return true;
    return false;
}

json_t *control_free_busy(struct control_client *client, const json_t *request)
{
    const json_t *addresses = json_object_get(request, "addresses");
    const char *from = json_string_value(json_object_get(request, "from"));
    const char *until = json_string_value(json_object_get(request, "until"));
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    g_autoptr(GArray) all = NULL;
    json_t *people;

    for (size_t i = 0; i < json_array_size(addresses); i++)
        if (json_is_string(json_array_get(addresses, i)))
            g_ptr_array_add(list, (char *)json_string_value(json_array_get(addresses, i)));
    if (!from || !until || !list->len || list->len > LIMIT_RECIPIENTS)
        return json_pack("{s:i, s:s}", "code", EXIT_USAGE, "error", "1 to 100 addresses, from and until");
    struct eas_result result =
        directory_free_busy(client->config->replica, (const char *const *)list->pdata, list->len, from, until, &all);

    if (!eas_is_served(&result))
        return failed(&result);
    people = json_array();
    for (guint i = 0; i < all->len; i++) {
        const struct recipient *each = &g_array_index(all, struct recipient, i);

        json_array_append_new(people, json_pack("{s:s, s:s?, s:s?, s:i, s:s?}", "asked", each->asked, "name",
                                                each->display_name, "email", each->email, "status", each->status,
                                                "slots", each->free_busy));
    }
    for (guint i = 0; i < list->len; i++)
        if (!was_answered(all, list->pdata[i]))
            json_array_append_new(people, json_pack("{s:s, s:i}", "asked", list->pdata[i], "status", 0));
    return json_pack("{s:i, s:o}", "code", 0, "people", people);
}

json_t *control_oof(struct control_client *client, const json_t *request)
{
    const char *text = json_string_value(json_object_get(request, "text"));
    struct oof oof = {0};
    struct eas_result result;
    char *why = NULL;
    json_t *answer;

    if (text && !oof_parse(text, &oof, &why)) {
        answer = json_pack("{s:i, s:s}", "code", EXIT_DATA, "error", why);
        g_free(why);
        return answer;
    }
    if (text) {
        result = directory_oof_set(client->config->replica, &oof);
        oof_clear(&oof);
        if (!eas_is_served(&result))
            return failed(&result);
    }
    result = directory_oof(client->config->replica, &oof);
    if (eas_is_served(&result)) {
        g_autofree char *shown = oof_print(&oof);

        answer = json_pack("{s:i, s:s}", "code", 0, "text", shown);
    } else {
        answer = failed(&result);
    }
    oof_clear(&oof);
    return answer;
}
