/* What becomes of one item: the row and the file it shall have. */
#ifndef CACHE_SYNC_PLAN_H
#define CACHE_SYNC_PLAN_H

#include "cache/sync/gather.h"

/* A row as it shall be. */
struct plan {
    struct item item; /* id 0: to be made */
    bool removal;
    bool new_body; /* item.body and size are this window's; else the row's own stay */
    bool told;     /* something that was not known */
    bool rival;    /* a draft that both sides have changed */
    bool failed;   /* the row's fetch had failed before */
    char *error;   /* the item's, or NULL */
};

/* One answer about one collection, being stored. */
struct work {
    struct sync_engine *engine;
    struct collection *collection;
    GPtrArray *plans;
    GHashTable *by_server_id; /* of plans that are not written yet */
    char *folder_path;
    long progress;
};

/* Lays what came over the row: flags and body of mail, the file of anything else made from its properties.
 * incoming->data is there. 0 or the store's negative errno. */
int plan_item(struct work *work, struct plan *plan, struct incoming *incoming);

/* An edit that the server does not have yet: the bytes are the user's until both are laid side by side (cache/upload/).
 * Only within a transaction it stays so. */
bool item_has_edit(const struct work *work, const struct item *item);

/* The stamp of what came (properties_stamp). */
uint64_t incoming_stamp(const struct work *work, const struct incoming *incoming);

#endif
