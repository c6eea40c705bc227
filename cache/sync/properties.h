/* What the store keeps beside an item's file: date, flags, and the stamp it is known again by. */
#ifndef CACHE_SYNC_PROPERTIES_H
#define CACHE_SYNC_PROPERTIES_H

#include "cache/store/store.h"
#include "codec/wire/wbxml_tree.h"

/* Lays the flags that data names over what is there; others stay. */
void properties_flags(enum eas_class class, const struct eas_node *data, struct item_flags *flags);

/* DateReceived of mail in ns, or fallback. */
int64_t properties_date(const struct eas_node *data, int64_t fallback);

/* A number that an item keeps when its ServerId changes: over what a person would know it by. 0
 * where there is nothing of it; else STAMP_TOLD is set in it. */
uint64_t properties_stamp(enum eas_class class, const struct eas_node *data);

/* The urn:uuid: (RFC 9562 version 5) of an item without a UID: of account, folder path and ServerId at
 * first sight. The caller frees it. */
char *properties_uid(const char *account, const char *folder_path, const char *server_id);

#endif
