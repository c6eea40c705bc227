/* When a mailbox's owner has time, from the files of its calendars. */
#ifndef EASD_FREE_BUSY_H
#define EASD_FREE_BUSY_H

#include <glib.h>

/* A digit for each half hour from start on, up to end (seconds since 1970): 0 free, 1 tentative, 2 busy, 3 out of
 * office (MS-ASCMD 2.2.3.104). Reads the files below root; libical is locked meanwhile. Free with g_free. */
char *free_busy(const char *root, gint64 start, gint64 end);

#endif
