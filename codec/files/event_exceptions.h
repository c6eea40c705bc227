/* The changed and removed occurrences of a series, compared by what each of them then is. */
#ifndef CODEC_FILES_EVENT_EXCEPTIONS_H
#define CODEC_FILES_EVENT_EXCEPTIONS_H

#include "codec/files/edit_class.h"

/* Functions of the row "Exceptions". An occurrence is one property: two sides may change different ones of a series
 * that neither moved. */
bool event_same_exceptions(const struct edit_property *property, const struct eas_node *one,
                           const struct eas_node *other);
bool event_merge_exceptions(const struct edit_property *property, const struct eas_node *base,
                            const struct eas_node *mine, const struct eas_node *theirs, struct eas_node *merged);

/* The starts (event_original_key) of every Exception of the items, each once, in order; NULLs among them are passed
 * over. A GArray of gint64. */
GArray *event_exception_keys(const struct eas_node *one, const struct eas_node *other, const struct eas_node *third);

/* What the occurrence at key is in data: NULL for one that is removed. The caller frees it. */
struct eas_node *event_occurrence_at(const struct eas_node *data, gint64 key);

/* Whether it is the same in both, removed in both or neither. */
bool event_same_occurrence(const struct eas_node *one, const struct eas_node *other, gint64 key);

/* Makes series say, in Exceptions of its own, that the occurrence at key is as in source; kept, which may be NULL, is
 * an Exception whose elements stay where they say the same. */
void event_add_exception(struct eas_node *series, const struct eas_node *source, gint64 key,
                         const struct eas_node *kept);

#endif
