#include "contrib/easd/item.h"

#include "contrib/easd/mail.h"

enum item_result item_write(struct item_writer *writer, const struct folder *folder, struct entry *entry,
                            const struct options *options)
{
    if (folder->class == CLASS_MAIL)
        return mail_write(writer, folder, entry, options);
    folder_refuse(folder, entry, "this class is not served");
    return ITEM_REFUSED;
}

gint64 item_cost(const struct folder *folder, const struct entry *entry, const struct options *options, guint *files)
{
    return folder->class == CLASS_MAIL ? mail_cost(entry, options, files) : entry->size;
}

bool item_in_filter(const struct folder *folder, struct entry *entry, int filter, gint64 since)
{
    (void)filter;
    return folder->class != CLASS_MAIL || mail_date(folder, entry) >= since;
}
