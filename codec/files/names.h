/* File names (CONTRACT 2): generated from what an item says, for people and for every file system. */
#ifndef CODEC_FILES_NAMES_H
#define CODEC_FILES_NAMES_H

#include <glib.h>

#include "codec/item.h"

/* "YYYY-MM-DD HH.MM.SS From - Subject.eml" for mail (date in ns since 1970, UTC; title is "From -
 * Subject"), "title.ics" and "title.vcf" for the rest. NFC, at most LIMIT_NAME_BYTES, nothing that
 * hurts; a title with nothing left becomes "untitled". number 2 and up inserts " (2)" before the
 * ending, the rest cut to make room. The caller frees it. */
char *name_generate(enum eas_class class, gint64 date_ns, const char *title, unsigned number);

/* The same cleaning for a folder's display name: no ending. "." and ".." and "" become "untitled"
 * or lose their dots. */
char *name_folder(const char *display_name, unsigned number);

/* The key by which names are compared for doubles: case-folded NFC. The caller frees it. */
char *name_fold(const char *name);

/* Whether a user may give this name to a file: valid UTF-8, no control character, 1 to 255 bytes. */
bool name_is_allowed(const char *name);

#endif
