#include "cache/sync/window.h"

#include <glib.h>

#include "codec/limits.h"

int window_items(struct window *window)
{
    int top = window->last ? window->last * 4 : LIMIT_WINDOW_FIRST;

    if (window->mean > 0)
        top = (int)MIN((double)top, LIMIT_WINDOW_BYTES / window->mean);
    window->last = CLAMP(top, 1, LIMIT_WINDOW_ITEMS);
    return window->last;
}

void window_measure(struct window *window, long items, long long bytes)
{
    if (items <= 0)
        return;
    double mean = (double)bytes / (double)items;

    window->mean = window->mean > 0 ? (window->mean + mean) / 2 : mean;
}
