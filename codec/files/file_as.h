/* FileAs, the name under which an address book lists a contact (MS-ASCNTC 2.2.2.30). Servers and programs make it of
 * the other names by one of a few patterns (MS-OXOCNTC 2.2.1.1.12, PidLidFileUnderId); only what follows none of them
 * was thought of by a person. */
#ifndef CODEC_FILES_FILE_AS_H
#define CODEC_FILES_FILE_AS_H

#include <stdbool.h>

#include "codec/wire/wbxml_tree.h"

/* Whether text is what a pattern makes of data's names. */
bool file_as_is_made(const struct eas_node *data, const char *text);

/* What FileAs becomes where old became data: old's own pattern over the new names; old's text where it follows none;
 * NULL where old has none. The caller frees it. */
char *file_as_follow(const struct eas_node *old, const struct eas_node *data);

/* FileAs where a person thought of it, else NULL. Lives as long as data. */
const char *file_as_own(const struct eas_node *data);

/* Whether the two say the same of it: where one has none, a made one is as good. */
bool file_as_same(const struct eas_node *one, const struct eas_node *other);

#endif
