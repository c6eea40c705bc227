/* A user's card after the server's contact has moved on. */
#ifndef CODEC_FILES_CONTACT_REFRESH_H
#define CODEC_FILES_CONTACT_REFRESH_H

#include <glib.h>

/* The user's card, previous, with what it says brought up to fresh, the card of the server's contact: lines that say
 * the same as before stay as the user wrote them, with parameters and groups, and so do those of which EAS knows
 * nothing; the others are fresh's. What is not one card is replaced by fresh. Returns a new reference. */
GBytes *contact_refresh(GBytes *fresh, GBytes *previous);

#endif
