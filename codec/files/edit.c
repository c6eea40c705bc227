#include "codec/files/edit.h"

#include <string.h>

#include "codec/files/body.h"
#include "codec/files/date.h"
#include "codec/files/edit_class.h"

static const struct edit_class *const classes[EAS_CLASSES] = {
    [EAS_CALENDAR] = &edit_calendar,
    [EAS_CONTACTS] = &edit_contacts,
    [EAS_TASKS] = &edit_tasks,
    [EAS_NOTES] = &edit_notes,
};

void written_clear(struct written *written)
{
    eas_node_free(written->data);
    g_free(written->uid);
    g_free(written->title);
    memset(written, 0, sizeof *written);
}

bool file_read(enum eas_class class, const char *bytes, size_t length, const struct file_context *context,
               struct written *written, char **reason)
{
    memset(written, 0, sizeof *written);
    *reason = NULL;
    if (!classes[class]) {
        *reason = g_strdup_printf("files of %s cannot be written", eas_classes[class].directory);
        return false;
    }
    if (classes[class]->read(bytes, length, context, written, reason)) {
        if (!written->title)
            written->title = file_title(class, written->data);
        return true;
    }
    written_clear(written);
    return false;
}

/* ---- values ---- */

char *edit_text_of(const char *text)
{
    if (!text)
        return NULL;
    g_autoptr(GString) plain = g_string_sized_new(strlen(text));
    for (const char *at = text; *at; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '\r' && at[1] == '\n')
            continue;
        if (byte == '\n' || byte == '\r')
            g_string_append_c(plain, '\n');
        else if (byte == '\t' || (byte >= ' ' && byte != 0x7f))
            g_string_append_c(plain, *at);
    }
    g_strstrip(plain->str);
    return *plain->str ? g_strdup(plain->str) : NULL;
}

char *edit_text(const struct edit_property *property, const struct eas_node *data)
{
    return edit_text_of(eas_node_text(data, property->tags[0]));
}

char *edit_number(const struct edit_property *property, const struct eas_node *data)
{
    long long number = eas_node_number(data, property->tags[0], property->fallback);

    return number == property->fallback ? NULL : g_strdup_printf("%lld", number);
}

char *edit_date(const struct edit_property *property, const struct eas_node *data)
{
    struct eas_date date;

    if (!eas_date_read(eas_node_text(data, property->tags[0]), &date) || eas_date_is_none(&date))
        return NULL;
    return g_strdup_printf("%" G_GINT64_FORMAT, eas_date_seconds(&date));
}

static int compare_texts(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

char *edit_list(const struct edit_property *property, const struct eas_node *data)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    const struct eas_node *child = eas_node_child(eas_node_child(data, property->tags[0]), property->child);

    for (; child; child = eas_node_next(child)) {
        char *text = edit_text_of(child->text);
        if (text)
            g_ptr_array_add(texts, text);
    }
    if (!texts->len)
        return NULL;
    g_ptr_array_sort(texts, compare_texts);

    GString *all = g_string_new(NULL);
    const char *last = NULL;
    for (guint i = 0; i < texts->len; i++) {
        const char *text = texts->pdata[i];
        if (!last || strcmp(last, text) != 0)
            g_string_append_printf(all, "%s\001", text);
        last = text;
    }
    return g_string_free(all, FALSE);
}

/* Of RTF and MIME no text stands in a file, which only says that they are there (ical_add_body). */
char *edit_body(const struct edit_property *property, const struct eas_node *data)
{
    const struct eas_node *body = eas_node_child(data, TAG_AirSyncBase_Body);
    long long type = eas_node_number(body, TAG_AirSyncBase_Type, BODY_PLAIN);
    int held;

    if (type == BODY_RTF || type == BODY_MIME)
        return g_strdup_printf("\001%lld", type);
    if (!body_data(data, property->tags[1], &held))
        return NULL;
    g_autofree char *text = body_text(data, property->tags[1]);
    return edit_text_of(text);
}

/* ---- the same, or not ---- */

bool edit_same(const struct edit_property *property, const struct eas_node *one, const struct eas_node *other)
{
    if (property->same)
        return property->same(property, one, other);
    g_autofree char *first = property->value(property, one);
    g_autofree char *second = property->value(property, other);
    return g_strcmp0(first, second) == 0;
}

bool item_same(enum eas_class class, const struct eas_node *one, const struct eas_node *other, GPtrArray *names)
{
    const struct edit_class *row = classes[class];
    bool same = true;

    for (size_t i = 0; row && i < row->property_count; i++) {
        if (edit_same(&row->properties[i], one, other))
            continue;
        same = false;
        if (names)
            g_ptr_array_add(names, (char *)row->properties[i].name);
    }
    return same;
}

/* ---- laying one over the other ---- */

void edit_take_all(struct eas_node *data, eas_tag tag)
{
    struct eas_node *node;

    while ((node = eas_node_take(data, tag)))
        eas_node_free(node);
}

void edit_put(const struct edit_property *property, struct eas_node *data, const struct eas_node *from)
{
    for (size_t i = 0; i < G_N_ELEMENTS(property->tags) && property->tags[i]; i++) {
        edit_take_all(data, property->tags[i]);
        const struct eas_node *node = eas_node_child(from, property->tags[i]);
        for (; node; node = eas_node_next(node))
            eas_node_append(data, eas_node_copy(node));
    }
}

/* false: both changed it, and not to the same. */
static bool merge_property(const struct edit_property *property, const struct eas_node *base,
                           const struct eas_node *mine, const struct eas_node *theirs, struct eas_node *merged)
{
    if (property->merge)
        return property->merge(property, base, mine, theirs, merged);
    if (edit_same(property, base, mine) || edit_same(property, mine, theirs))
        return true;
    if (!edit_same(property, base, theirs))
        return false;
    edit_put(property, merged, mine);
    return true;
}

struct eas_node *item_merge(enum eas_class class, const struct eas_node *base, const struct eas_node *mine,
                            const struct eas_node *theirs, const char **property)
{
    const struct edit_class *row = classes[class];
    g_autoptr(eas_node) merged = eas_node_copy(theirs);

    if (property)
        *property = NULL;
    for (size_t i = 0; row && i < row->property_count; i++) {
        if (merge_property(&row->properties[i], base, mine, theirs, merged))
            continue;
        if (property)
            *property = row->properties[i].name;
        return NULL;
    }
    return g_steal_pointer(&merged);
}

/* ---- what travels ---- */

void item_command_free(struct item_command *command)
{
    if (!command)
        return;
    g_free(command->instance_id);
    eas_node_free(command->data);
    g_free(command);
}

GPtrArray *edit_no_commands(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)item_command_free);
}

void edit_add_command(GPtrArray *commands, int kind, const char *instance_id, struct eas_node *data)
{
    struct item_command *command = g_new0(struct item_command, 1);

    if (data)
        eas_node_keep_xml(data);
    command->kind = kind;
    command->instance_id = g_strdup(instance_id);
    command->data = data;
    g_ptr_array_add(commands, command);
}

void edit_clear(const struct edit_property *property, struct eas_node *data)
{
    if (property->by_empty) {
        eas_node_add(data, property->tags[0], NULL);
    } else if (property->value == edit_number) {
        g_autofree char *number = g_strdup_printf("%lld", property->fallback);
        eas_node_add(data, property->tags[0], number);
    }
}

/* Elements that a version before "since" does not know. */
static const struct {
    eas_tag tag;
    enum eas_version since;
} newer[] = {
    {TAG_Calendar_DisallowNewTimeProposal, EAS_14_0},
    {TAG_Calendar_ResponseRequested, EAS_14_0},
    {TAG_Calendar_CalendarType, EAS_14_0},
    {TAG_Calendar_IsLeapMonth, EAS_14_0},
    {TAG_Calendar_FirstDayOfWeek, EAS_14_1},
    {TAG_Tasks_CalendarType, EAS_14_0},
    {TAG_Tasks_IsLeapMonth, EAS_14_0},
    {TAG_Tasks_FirstDayOfWeek, EAS_14_1},
};

void edit_drop_newer(struct eas_node *data, enum eas_version version)
{
    for (size_t i = 0; i < G_N_ELEMENTS(newer); i++)
        if (version < newer[i].since)
            edit_take_all(data, newer[i].tag);
    for (struct eas_node *child = data->first; child; child = child->next)
        edit_drop_newer(child, version);
}

bool edit_is_sent(const struct edit_class *class, const struct edit_property *property)
{
    for (const eas_tag *tag = class->server_only; tag && *tag; tag++)
        if (*tag == property->tags[0])
            return false;
    return true;
}

void edit_trim_body(struct eas_node *data)
{
    struct eas_node *body = eas_node_take(data, TAG_AirSyncBase_Body);

    if (!body)
        return;
    const struct eas_node *text = eas_node_child(body, TAG_AirSyncBase_Data);
    if (!eas_node_number(body, TAG_AirSyncBase_Truncated, 0) && (text || !body->first)) {
        struct eas_node *kept = eas_node_append(data, eas_node_new(TAG_AirSyncBase_Body, NULL));
        const char *type = eas_node_text(body, TAG_AirSyncBase_Type);
        eas_node_add(kept, TAG_AirSyncBase_Type, type ? type : "1");
        if (text)
            eas_node_append(kept, eas_node_copy(text));
        else
            eas_node_add(kept, TAG_AirSyncBase_Data, NULL);
    }
    eas_node_free(body);
}

struct eas_node *edit_whole(const struct edit_class *class, const struct eas_node *base, const struct eas_node *mine)
{
    struct eas_node *whole = eas_node_copy(base ? base : mine);
    bool changed = !base;

    for (size_t i = 0; base && i < class->property_count; i++) {
        const struct edit_property *property = &class->properties[i];
        if (!edit_is_sent(class, property) || edit_same(property, base, mine))
            continue;
        changed = true;
        edit_put(property, whole, mine);
        g_autofree char *value = property->value ? property->value(property, mine) : NULL;
        if (!value && !eas_node_child(mine, property->tags[0]))
            edit_clear(property, whole);
    }
    if (!changed) {
        eas_node_free(whole);
        return NULL;
    }
    for (const eas_tag *tag = class->server_only; tag && *tag; tag++)
        edit_take_all(whole, *tag);
    edit_trim_body(whole);
    return whole;
}

GPtrArray *item_commands(enum eas_class class, enum eas_version version, const struct eas_node *base,
                         const struct eas_node *mine, const char *client_uid)
{
    const struct edit_class *row = classes[class];
    GPtrArray *commands = row && row->commands ? row->commands(version, base, mine, client_uid) : NULL;

    if (commands)
        return commands;
    commands = edit_no_commands();
    struct eas_node *whole = row ? edit_whole(row, base, mine) : NULL;
    if (!whole)
        return commands;
    edit_drop_newer(whole, version);
    if (row->outgoing)
        row->outgoing(whole, version, base, client_uid);
    edit_add_command(commands, base ? ITEM_CHANGE : ITEM_ADD, NULL, whole);
    return commands;
}

GBytes *file_refresh(enum eas_class class, const struct eas_node *data, const struct file_context *context,
                     GBytes *previous, char **reason)
{
    g_autoptr(GBytes) fresh = file_from_item(class, data, context, reason);

    if (!fresh || !previous || !classes[class])
        return g_steal_pointer(&fresh);
    return classes[class]->refresh(fresh, previous);
}
