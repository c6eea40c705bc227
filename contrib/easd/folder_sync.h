#ifndef EASD_FOLDER_SYNC_H
#define EASD_FOLDER_SYNC_H

#include "contrib/easd/request.h"

/* Whether a FolderSync would tell the device anything, or it never asked for one. */
bool hierarchy_news(const struct request *request);

/* What a device has of the hierarchy at a key, a reference; NULL for no such key. */
GHashTable *hierarchy_at(struct device *device, const char *key);

/* Notes that a device at a key knows a folder as now says (NULL: nothing new), or that one is gone with all
 * below it (gone NULL: none); gives it a new key. What else changed it is told by FolderSync. */
void hierarchy_change(struct request *request, const char *key, const struct told_folder *now, const char *gone);

#endif
