#ifndef EASD_FOLDER_SYNC_H
#define EASD_FOLDER_SYNC_H

#include "contrib/easd/request.h"

/* Whether a FolderSync would tell the device anything, or it never asked for one. */
bool hierarchy_news(const struct request *request);

#endif
