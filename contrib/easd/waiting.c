#include "contrib/easd/waiting.h"

bool wait_for_change(struct request *request, gint64 deadline)
{
    struct mailbox *mailbox = request->mailbox;
    uint64_t before = mailbox->version, turn = ++request->device->waits;
    bool in_time = true;

    g_cond_broadcast(&mailbox->changed); /* so that an older wait of the device sees its end */
    while (in_time && !mailbox->stopping && mailbox->version == before && request->device->waits == turn) {
        in_time = g_cond_wait_until(&mailbox->changed, &mailbox->lock, deadline);
        request->device = device_find(mailbox, request->device_id); /* it may have been forgotten meanwhile */
    }
    return mailbox->version != before && request->device->waits == turn && !mailbox->stopping;
}
