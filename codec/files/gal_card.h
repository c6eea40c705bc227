/* An entry of the address list as a vCard. */
#ifndef CODEC_FILES_GAL_CARD_H
#define CODEC_FILES_GAL_CARD_H

#include "codec/wire/search.h"

/* The card's bytes (RFC 2426 or, version 4, RFC 6350), CRLF line ends; its UID is the address, so that the same person
 * has the same one in every answer. The caller unrefs. */
GBytes *gal_card(const struct gal_entry *entry, int version);

#endif
