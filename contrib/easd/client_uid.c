#include "contrib/easd/client_uid.h"

#include <string.h>

/* The value of a line in a file, folds taken out; head is the line's beginning, behind a line feed. */
static char *value_in(const char *text, const char *head)
{
    const char *found = strstr(text, head);
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
            entry->client_uid =
                g_file_get_contents(path, &text, NULL, NULL) ? value_in(text, "\nX-EASD-CLIENT-UID:") : g_strdup("");
            entry->client_uid_at = entry->content;
        }
        if (strcmp(entry->client_uid, client_uid) == 0)
            return entry;
    }
    return NULL;
}

struct entry *event_find(const struct folder *folder, const char *uid)
{
    for (guint i = 0; i < folder->entries->len; i++) {
        struct entry *entry = folder->entries->pdata[i];
        g_autofree char *path = entry->present ? folder_path(folder, entry) : NULL;
        g_autofree char *text = NULL, *value = NULL;

        if (!path || !g_file_get_contents(path, &text, NULL, NULL))
            continue;
        value = value_in(text, "\nUID:");
        if (strcmp(value, uid) == 0)
            return entry;
    }
    return NULL;
}
