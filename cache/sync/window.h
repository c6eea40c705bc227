/* How many items to ask for: by what items of the class weighed so far. */
#ifndef CACHE_SYNC_WINDOW_H
#define CACHE_SYNC_WINDOW_H

/* Zero-initialise. The mean forgets, so that a run of large messages does not rule the rest. */
struct window {
    double mean; /* bytes an item, 0: nothing measured */
    int last;    /* items of the last window that was asked */
};

/* WindowSize for the next request, 1 to LIMIT_WINDOW_ITEMS; grows at most fourfold a step. */
int window_items(struct window *window);
/* items came in bytes. */
void window_measure(struct window *window, long items, long long bytes);

#endif
