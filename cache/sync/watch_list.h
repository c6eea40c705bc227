/* Which collections a Ping names. Where the server takes fewer than there are, the liveliest stay and the others
 * take turns; one of which the server tells changes that are none rests for a while. What is left out has to be
 * polled. Times are monotonic microseconds, given by the caller. */
#ifndef CACHE_SYNC_WATCH_LIST_H
#define CACHE_SYNC_WATCH_LIST_H

#include <glib.h>

#include "cache/store/store.h"

struct watch_list;
struct watch_list *watch_list_new(void);
void watch_list_free(struct watch_list *list);

/* Brings the list in line with the store's collections: those that are kept and were read to their end once. */
void watch_list_refresh(struct watch_list *list, GArray *collections);

struct watched {
    char *id; /* ServerId */
    enum eas_class class;
    gint64 lively_at;   /* when it last told something, 0: never */
    gint64 named_at;    /* in a Ping, 0: never */
    gint64 rests_until; /* left out before */
    bool empty;
    int idle; /* times in a row that it was said to have changed and had not */
};
/* Up to limit (0: any number) of them to be named now; of struct watched *, which the list keeps until the next
 * refresh. The caller frees the array. */
GPtrArray *watch_list_choose(struct watch_list *list, guint limit, gint64 now);
/* The ServerIds, of char * owned by the array, that the last choice left out; with empty those too that hold nothing:
 * some servers watch a collection only from its first item on. */
GPtrArray *watch_list_left_out(const struct watch_list *list, bool empty);

/* The server said that it had changed; told: whether that was so. True when the collection goes to rest for it. */
bool watch_list_judge(struct watch_list *list, const char *id, bool told, gint64 now);
/* It told something, whoever asked. */
void watch_list_stir(struct watch_list *list, const char *id, gint64 now);
bool watch_list_has(const struct watch_list *list, const char *id);

#endif
