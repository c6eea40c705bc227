/* Messages: properties from the header alone, the MIME as it is stored. */
#ifndef EASD_MAIL_H
#define EASD_MAIL_H

#include "contrib/easd/item.h"

/* item_write, item_cost and the filter's date for the Email class. */
enum item_result mail_write(struct item_writer *writer, const struct folder *folder, struct entry *entry,
                            const struct options *options);
gint64 mail_cost(const struct entry *entry, const struct options *options, guint *files);

/* When a message was received, in seconds since 1970: its Date, else the file's time. Reads the
 * header the first time. */
gint64 mail_date(const struct folder *folder, struct entry *entry);

#endif
