/* What a server of a version holds after the commands of item_commands: the other end of a Sync, for tests. */
#ifndef TESTS_UNIT_EDIT_SERVER_H
#define TESTS_UNIT_EDIT_SERVER_H

#include "codec/files/edit.h"

static inline void edit_server_drop(struct eas_node *data, eas_tag tag)
{
    eas_node_free(eas_node_take(data, tag));
}

static inline void edit_server_set(struct eas_node *data, const struct eas_node *from, eas_tag tag)
{
    edit_server_drop(data, tag);
    if (eas_node_child(from, tag))
        eas_node_append(data, eas_node_copy(eas_node_child(from, tag)));
}

/* An empty element takes the property away. */
static inline void edit_server_lay(struct eas_node *held, const struct eas_node *change)
{
    eas_node_merge(held, change);
    for (const struct eas_node *node = change->first; node; node = node->next)
        if (!node->first && !*node->text && node->tag != TAG_Calendar_Reminder)
            edit_server_drop(held, node->tag);
}

static inline struct eas_node *edit_server_instance(struct eas_node *held, const char *id)
{
    struct eas_node *list = eas_node_child(held, TAG_Calendar_Exceptions), *node;

    if (!list)
        list = eas_node_append(held, eas_node_new(TAG_Calendar_Exceptions, NULL));
    for (node = list->first; node; node = node->next)
        if (g_str_equal(eas_node_text(node, TAG_AirSyncBase_InstanceId), id))
            return node;
    node = eas_node_append(list, eas_node_new(TAG_Calendar_Exception, NULL));
    eas_node_add(node, TAG_AirSyncBase_InstanceId, id);
    return node;
}

/* Who answered what for one occurrence. */
static inline void edit_server_answers(struct eas_node *held, const struct eas_node *truth)
{
    struct eas_node *list = eas_node_child(held, TAG_Calendar_Exceptions);

    for (struct eas_node *node = list ? list->first : NULL; node; node = node->next) {
        const struct eas_node *known =
            eas_node_child(eas_node_child(truth, TAG_Calendar_Exceptions), TAG_Calendar_Exception);
        for (; known; known = eas_node_next(known))
            if (eas_node_child(node, TAG_Calendar_Attendees) &&
                g_str_equal(eas_node_text(known, TAG_Calendar_ExceptionStartTime),
                            eas_node_text(node, TAG_AirSyncBase_InstanceId)))
                edit_server_set(node, known, TAG_Calendar_Attendees);
    }
}

/* The item after the commands, held before (NULL: none); the caller frees it. What only a server of 16.x knows of a
 * meeting, it has as truth, the neutral form of what was meant, says. */
static inline struct eas_node *edit_server_apply(enum eas_class class, enum eas_version version,
                                                 const struct eas_node *before, const GPtrArray *commands,
                                                 const struct eas_node *truth)
{
    struct eas_node *held = before ? eas_node_copy(before) : NULL;

    for (guint i = 0; i < commands->len; i++) {
        const struct item_command *command = commands->pdata[i];
        bool partial = class == EAS_CALENDAR && version >= EAS_16_0;
        if (command->kind == ITEM_DELETE) {
            struct eas_node *node = edit_server_instance(held, command->instance_id);
            eas_node_add(node, TAG_Calendar_Deleted, "1");
        } else if (command->instance_id) {
            eas_node_merge(edit_server_instance(held, command->instance_id), command->data);
        } else if (!held || !partial) {
            eas_node_free(held);
            held = eas_node_copy(command->data);
        } else {
            if (eas_node_child(command->data, TAG_Calendar_StartTime) ||
                eas_node_child(command->data, TAG_Calendar_Recurrence))
                edit_server_drop(held, TAG_Calendar_Exceptions);
            edit_server_lay(held, command->data);
        }
    }
    if (held && class == EAS_CALENDAR && version >= EAS_16_0) {
        static const eas_tag known[] = {
            TAG_Calendar_OrganizerEmail, TAG_Calendar_OrganizerName, TAG_Calendar_UID,
            TAG_Calendar_Attendees,      TAG_Calendar_DtStamp,       TAG_Calendar_ResponseType};
        edit_server_drop(held, TAG_Calendar_ClientUid);
        for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
            edit_server_set(held, truth, known[i]);
        edit_server_answers(held, truth);
    }
    if (held && class == EAS_CALENDAR && version < EAS_16_0)
        edit_server_set(held, truth, TAG_Calendar_ResponseType);
    return held;
}

#endif
