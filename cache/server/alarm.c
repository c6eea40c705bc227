#include "cache/server/alarm.h"

static void *alarm_wait(void *data)
{
    struct alarm *alarm = data;

    g_mutex_lock(&alarm->lock);
    while (!alarm->over && !alarm->rang)
        alarm->rang = !g_cond_wait_until(&alarm->changed, &alarm->lock, alarm->at);
    if (alarm->rang)
        link_interrupt(alarm->link);
    g_mutex_unlock(&alarm->lock);
    return NULL;
}

void alarm_set(struct alarm *alarm, struct link *link, long ms)
{
    *alarm = (struct alarm){.link = link, .at = g_get_monotonic_time() + ms * 1000LL};
    g_mutex_init(&alarm->lock);
    g_cond_init(&alarm->changed);
    alarm->thread = g_thread_new("alarm", alarm_wait, alarm);
}

bool alarm_end(struct alarm *alarm)
{
    g_mutex_lock(&alarm->lock);
    alarm->over = true;
    g_cond_signal(&alarm->changed);
    g_mutex_unlock(&alarm->lock);
    g_thread_join(alarm->thread);
    g_mutex_clear(&alarm->lock);
    g_cond_clear(&alarm->changed);
    if (alarm->rang)
        link_reset(alarm->link);
    return alarm->rang;
}
