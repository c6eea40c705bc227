#include "contrib/easd/client_uid.h"

#include <string.h>

/* Its line in the file, folds taken out. */
static char *uid_in(const char *text)
{
    const char *found = strstr(text, "\nX-EASD-CLIENT-UID:");
    GString *value = g_string_new(NULL);

    if (found)
        found = strchr(found, ':') + 1;
    while (found && *found) {
        gsize run = strcspn(found, "\r\n");

        g_string_append_len(value, found, (gssize)run);
        found += run;
        found += strspn(found, "\r\n");
        if (*found != ' ')
            break;
        found++;
    }
    return g_string_free(value, FALSE);
}

/* Files are read once for each of their states. */
struct entry *client_uid_find(const struct folder *folder, const char *client_uid)
{
    for (guint i = 0; client_uid && *client_uid && i < folder->entries->len; i++) {
        struct entry *entry = folder->entries->pdata[i];
        g_autofree char *path = NULL, *text = NULL;

        if (!entry->present)
            continue;
        if (entry->client_uid_at != entry->content) {
            path = folder_path(folder, entry);
            g_free(entry->client_uid);
            entry->client_uid = g_file_get_contents(path, &text, NULL, NULL) ? uid_in(text) : g_strdup("");
            entry->client_uid_at = entry->content;
        }
        if (strcmp(entry->client_uid, client_uid) == 0)
            return entry;
    }
    return NULL;
}
