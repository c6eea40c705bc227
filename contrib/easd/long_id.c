#include "contrib/easd/long_id.h"

#include <string.h>

#include "contrib/easd/limits.h"

static const char mark[] = "L-";

char *long_id_of(const struct folder *folder, const struct entry *entry)
{
    char id[EASD_ID_BYTES];

    folder_server_id(folder, entry, id);
    return g_strconcat(mark, id, NULL);
}

struct entry *long_id_find(const struct mailbox *mailbox, const char *long_id, struct folder **folder)
{
    const char *id = g_str_has_prefix(long_id, mark) ? long_id + strlen(mark) : "";
    g_autofree char *collection = g_strndup(id, strcspn(id, ":"));
    struct entry *entry;

    *folder = mailbox_folder(mailbox, collection);
    entry = *folder ? folder_entry(*folder, id) : NULL;
    return entry && entry->present ? entry : NULL;
}
