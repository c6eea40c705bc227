/* A view's tree written as real files. */
#ifndef FS_EXPORT_H
#define FS_EXPORT_H

#include "cache/view.h"

struct export_count {
    long written, kept, missing; /* files: new or changed; with this size and time already; not local */
};

/* Writes all below the view's root into directory (made if need be), each file beside and then renamed, with the
 * times of the mount. 0, or a negative errno with *why (caller frees). */
int export_tree(struct view *view, const char *directory, struct export_count *count, char **why);

#endif
