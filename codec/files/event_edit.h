/* Events compared and taken apart: what the parts of the calendar's row in edit.c's table share. */
#ifndef CODEC_FILES_EVENT_EDIT_H
#define CODEC_FILES_EVENT_EDIT_H

#include "codec/files/edit_class.h"

/* The row's read. */
bool event_read(const char *bytes, size_t length, const struct file_context *context, struct written *written,
                char **reason);
/* The row's commands, for 16.0 and up; NULL below. */
GPtrArray *event_commands(enum eas_version version, const struct eas_node *base, const struct eas_node *mine,
                          const char *client_uid);

/* The properties of a whole item; and those that one occurrence may have otherwise than its series. */
extern const struct edit_property event_properties[], occurrence_properties[];
extern const size_t event_property_count, occurrence_property_count;

/* Appends to exception the elements in which full, a whole occurrence, differs from plain, the one it stands for; an
 * empty element where it says no more what plain says. */
void event_put_differences(struct eas_node *exception, const struct eas_node *plain, const struct eas_node *full);

/* Whether the property called so is the same in both. */
bool event_same_property(const char *name, const struct eas_node *one, const struct eas_node *other);

/* Whether two series happen at the same times by the same rule, exceptions apart. */
bool event_same_pattern(const struct eas_node *one, const struct eas_node *other);

/* Whether an item's recurrence is one that no RRULE can tell. */
bool event_is_unsupported(const struct eas_node *data);

#endif
