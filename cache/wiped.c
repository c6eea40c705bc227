#include "cache/wiped.h"

#include <errno.h>
#include <glib.h>

#include "cache/store/store.h"

static const char group[] = "wiped";

void wiped_clear(struct wiped *wiped)
{
    g_free(wiped->date);
    g_free(wiped->device_id);
    *wiped = (struct wiped){0};
}

int wiped_read(const char *state_dir, struct wiped *wiped)
{
    g_autofree char *path = g_build_filename(state_dir, STORE_WIPED, NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();

    *wiped = (struct wiped){0};
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return -ENOENT;
    /* Also one that cannot be read any more says that much. */
    g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL);
    wiped->date = g_key_file_get_string(file, group, "date", NULL);
    wiped->device_id = g_key_file_get_string(file, group, "device", NULL);
    wiped->account_only = g_key_file_get_boolean(file, group, "account-only", NULL);
    wiped->acknowledged = g_key_file_get_boolean(file, group, "acknowledged", NULL);
    if (!wiped->date)
        wiped->date = g_strdup("a day unknown");
    return 0;
}

int wiped_write(const char *state_dir, const struct wiped *wiped)
{
    g_autofree char *path = g_build_filename(state_dir, STORE_WIPED, NULL), *text = NULL;
    g_autoptr(GKeyFile) file = g_key_file_new();
    gsize length;

    g_key_file_set_string(file, group, "date", wiped->date);
    g_key_file_set_boolean(file, group, "account-only", wiped->account_only);
    g_key_file_set_boolean(file, group, "acknowledged", wiped->acknowledged);
    if (!wiped->acknowledged && wiped->device_id)
        g_key_file_set_string(file, group, "device", wiped->device_id);
    text = g_key_file_to_data(file, &length, NULL);
    return g_file_set_contents_full(path, text, (gssize)length,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, NULL)
               ? 0
               : -EIO;
}
