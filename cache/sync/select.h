/* What of a mailbox is kept: --classes, --folder and --since, as the protocol can say it. */
#ifndef CACHE_SYNC_SELECT_H
#define CACHE_SYNC_SELECT_H

#include "cache/replica.h"
#include "cache/store/store.h"
#include "codec/wire/policy.h"

/* Whether --classes and --folder want the folder of this class at this path ("Mail/Projects/2026"). */
bool select_wants(const struct replica_config *config, enum eas_class class, const char *path);

/* What --folder's globs say of a path alone: the last one that fits decides, "!GLOB" against it. Without any, or where
 * the first is against, everything else is wanted. */
bool select_matches(const GPtrArray *globs, const char *path);
/* The globs after one more word, "keep" or drop these: a new list. globs may be NULL. */
GPtrArray *select_changed(const GPtrArray *globs, const char *glob, bool keep);

/* The FilterType for --since: the nearest longer window that the class has (MS-ASCMD 2.2.3.68.2), or
 * SYNC_FILTER_NONE for a class without one. since NULL is "all". */
int select_filter(const char *since, enum eas_class class);
/* The same no longer than the policy allows. */
int select_cap(int filter, enum eas_class class, const struct policy_rules *rules);
/* The window a FilterType stands for: "all", "2w". Static. */
const char *select_window(int filter);
/* Whether since is one of the words the option takes. */
bool select_since_is_known(const char *since);

/* The path of a folder by its names, the others looked up by ServerId (char * to struct collection *);
 * a loop or a lost parent ends at the class directory. The caller frees it; NULL without a class. */
char *select_path(GHashTable *by_server_id, const struct collection *collection);

#endif
