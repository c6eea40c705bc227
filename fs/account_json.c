/* An account's options for another process of the same user; never a secret. */
#include <string.h>

#include "fs/account.h"

static bool is_secret(const struct option_row *row)
{
    return strcmp(row->name, "password") == 0;
}

static json_t *list_json(const GPtrArray *list)
{
    json_t *array = json_array();

    for (guint i = 0; i < list->len; i++)
        json_array_append_new(array, json_string(list->pdata[i]));
    return array;
}

static json_t *row_json(const struct option_row *row, const struct account_options *options)
{
    const char *place = (const char *)options + row->offset;

    switch (row->kind) {
    case OPTION_FLAG:
        return *(const bool *)place ? json_true() : NULL;
    case OPTION_TEXT:
    case OPTION_PATH:
        return *(char *const *)place ? json_string(*(char *const *)place) : NULL;
    case OPTION_LIST:
        return *(GPtrArray *const *)place ? list_json(*(GPtrArray *const *)place) : NULL;
    case OPTION_SECONDS:
        return *(const long *)place ? json_sprintf("%ld", *(const long *)place) : NULL;
    }
    return NULL;
}

json_t *account_json(const struct account_options *options)
{
    json_t *object = json_object();

    if (options->account)
        json_object_set_new(object, "account", json_string(options->account));
    for (const struct option_row *row = account_keys; row->name; row++) {
        json_t *value = is_secret(row) ? NULL : row_json(row, options);

        if (value)
            json_object_set_new(object, row->name, value);
    }
    return object;
}

void account_from_json(const json_t *json, struct account_options *options)
{
    const char *name = json_string_value(json_object_get(json, "account"));

    options->account = g_strdup(name);
    for (const struct option_row *row = account_keys; row->name; row++) {
        const json_t *value = json_object_get(json, row->name), *one;
        size_t i;

        if (json_is_true(value) || json_is_string(value))
            options_store(row, options, json_string_value(value));
        json_array_foreach(value, i, one) options_store(row, options, json_string_value(one));
    }
}
