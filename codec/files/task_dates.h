/* The dates of a task: which of its four elements count, and in which form. */
#ifndef CODEC_FILES_TASK_DATES_H
#define CODEC_FILES_TASK_DATES_H

#include "codec/files/ical_common.h"

/* All of one form, as RFC 5545 3.8.2.3 asks of DTSTART and DUE. */
struct task_dates {
    enum ical_time_form form;
    struct eas_date start, due;
    bool has_start, has_due;
};
struct task_dates task_dates_read(const struct eas_node *data);

/* An element's date; false for none and for those that stand for none. */
bool task_date_read(const struct eas_node *data, eas_tag tag, struct eas_date *date);

#endif
