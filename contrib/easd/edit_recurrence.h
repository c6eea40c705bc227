/* Recurrence (MS-ASCAL 2.2.2.37, MS-ASTASK 2.2.2.18) as RRULE. */
#ifndef EASD_EDIT_RECURRENCE_H
#define EASD_EDIT_RECURRENCE_H

#include <libical/ical.h>

#include "contrib/easd/edit.h"

/* Sets the rule of a component that begins at start (its own wall clock, or a date) in zone; an
 * absent or empty element takes it away. task: the names of the Tasks class. False with refusal. */
bool recurrence_edit(icalcomponent *component, struct edit *edit, const struct eas_node *recurrence, bool task,
                     icaltimetype start, icaltimezone *zone);

#endif
