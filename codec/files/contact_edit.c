/* Contacts among the classes of edit_class.h: their properties, and what is sent of them. */
#include <string.h>

#include "codec/files/contact.h"
#include "codec/files/contact_read.h"
#include "codec/files/contact_refresh.h"
#include "codec/files/contact_value.h"
#include "codec/files/edit_class.h"
#include "codec/files/file_as.h"

static char *value_of(const struct edit_property *property, const struct eas_node *data);

static bool same_file_as(const struct edit_property *property, const struct eas_node *one, const struct eas_node *other)
{
    (void)property;
    return file_as_same(one, other);
}

/* What the server tells and does not take is nothing that a user can change. */
static bool same_told(const struct edit_property *property, const struct eas_node *one, const struct eas_node *other)
{
    (void)property;
    (void)one;
    (void)other;
    return true;
}

/* Row for row the table's, so that either leads to the other. */
#define C(name) TAG_Contacts_##name
#define C2(name) TAG_Contacts2_##name
static struct edit_property const properties[] = {
#define PROPERTY(sections, form, v3, v4, ...)                                                                          \
    {.name = v4,                                                                                                       \
     .tags = {__VA_ARGS__},                                                                                            \
     .value = value_of,                                                                                                \
     .by_empty = CONTACT_##form == CONTACT_BODY,                                                                       \
     .same = CONTACT_##form == CONTACT_FILE_AS ? same_file_as                                                          \
             : CONTACT_##form == CONTACT_TOLD  ? same_told                                                             \
                                               : NULL},
#include "codec/files/contact.def"
#undef PROPERTY
};

static const eas_tag server_only[] = {
    C(Alias), C(WeightedRank), C(Body), C(BodySize), C(BodyTruncated), TAG_AirSyncBase_NativeBodyType, EAS_TAG_NONE};

static char *value_of(const struct edit_property *property, const struct eas_node *data)
{
    return contact_value(data, &contact_properties[property - properties]);
}

/* ---- what is sent ---- */

static bool has(const struct eas_node *data, eas_tag tag)
{
    const struct eas_node *node = eas_node_child(data, tag);

    return node && (node->first || node->length > 0);
}

/* FileAs goes with the names that it is made of: lists on the server are sorted by it. Of a new contact, and of one
 * whose own was taken away, it is the full name. */
static void send_file_as(struct eas_node *data, const struct eas_node *base)
{
    const char *given = eas_node_text(data, C(FileAs)), *before = base ? eas_node_text(base, C(FileAs)) : NULL;
    g_autofree char *full = NULL;
    g_autofree char *follows = NULL;

    if (given && g_strcmp0(given, before) != 0)
        return;
    if (given)
        follows = file_as_follow(base, data);
    edit_take_all(data, C(FileAs));
    full = contact_full_name(data);
    if (follows || *full)
        eas_node_add(data, C(FileAs), follows ? follows : full);
}

static bool is_cleared_by_empty(const struct contact_property *row, enum eas_version version)
{
    return version < EAS_16_0 && row->form != CONTACT_DATE && row->form != CONTACT_BODY && row->form != CONTACT_TOLD;
}

/* Elements that base has and data lacks: up to 14.1 empty, for servers that take the absent for the unchanged; a date
 * cannot be empty. From 16.0 on absent. */
static void send_cleared(struct eas_node *data, const struct eas_node *base, enum eas_version version)
{
    for (size_t i = 0; i < CONTACT_PROPERTIES; i++) {
        const struct contact_property *row = &contact_properties[i];
        int count = row->form >= CONTACT_EACH ? 1 : row->count;

        for (int n = 0; n < count && is_cleared_by_empty(row, version); n++)
            if (has(base, row->elements[n]) && !eas_node_child(data, row->elements[n]))
                eas_node_add(data, row->elements[n], NULL);
    }
}

/* Empty elements of base that nothing stands behind. */
static void drop_empty(struct eas_node *data)
{
    for (size_t i = 0; i < CONTACT_PROPERTIES; i++)
        for (int n = 0; n < contact_properties[i].count; n++)
            if (!has(data, contact_properties[i].elements[n]))
                edit_take_all(data, contact_properties[i].elements[n]);
}

static void outgoing(struct eas_node *data, enum eas_version version, const struct eas_node *base,
                     const char *client_uid)
{
    (void)client_uid; /* a contact has no identity of its own */
    drop_empty(data);
    send_file_as(data, base);
    if (base)
        send_cleared(data, base, version);
}

const struct edit_class edit_contacts = {
    .read = contact_read,
    .properties = properties,
    .property_count = CONTACT_PROPERTIES,
    .server_only = server_only,
    .outgoing = outgoing,
    .refresh = contact_refresh,
};
