/* What view.c and view_xattr.c share. */
#ifndef CACHE_VIEW_STATE_H
#define CACHE_VIEW_STATE_H

#include "cache/store/sql.h"
#include "cache/view.h"

struct view {
    struct store *store;
    struct sql sql;
};

#endif
