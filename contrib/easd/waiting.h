/* Waiting for a change: Ping, and Sync with Wait or HeartbeatInterval. */
#ifndef EASD_WAITING_H
#define EASD_WAITING_H

#include "contrib/easd/request.h"

/* Lets go of the mailbox until something in it changed. False at the deadline (monotonic, us), when
 * the server stops, or when the device asked anew meanwhile. */
bool wait_for_change(struct request *request, gint64 deadline);

#endif
