/* Any bytes as a file that a user wrote: refused with one sentence, or read, and then what was read is written, read
 * again and means the same; nothing travels for it, its commands are made at every version, and its refreshed file can
 * be read. The first byte chooses the class. shared seeds: corpus/ics/libical corpus/ics/khal */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/files/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void demand(bool good, const char *what, GPtrArray *names)
{
    if (good)
        return;
    fprintf(stderr, "fuzz_edit: %s %s\n", what, names && names->len ? (const char *)names->pdata[0] : "");
    abort();
}

static void demand_same(enum eas_class class, const struct eas_node *one, const struct eas_node *other,
                        const char *what)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    item_same(class, one, other, names);
    demand(names->len == 0, what, names);
}

static void check_commands(enum eas_class class, const struct written *written)
{
    static const enum eas_version versions[] = {EAS_12_1, EAS_14_1, EAS_16_1};

    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autoptr(GPtrArray) add = item_commands(class, versions[i], NULL, written->data, "uid");
        g_autoptr(GPtrArray) none = item_commands(class, versions[i], written->data, written->data, "uid");
        demand(none->len == 0, "something travels for nothing", NULL);
    }
    g_autoptr(eas_node) merged = item_merge(class, written->data, written->data, written->data, NULL);
    demand(merged != NULL, "no merge of three alike", NULL);
    demand_same(class, merged, written->data, "merged with itself:");
}

static void check_again(enum eas_class class, const struct written *written, const struct file_context *context,
                        GBytes *file)
{
    struct written again;
    char *reason = NULL;
    g_autoptr(GBytes) own = file_from_item(class, written->data, context, &reason);

    demand(own != NULL, "read and not written", NULL);
    demand(file_read(class, g_bytes_get_data(own, NULL), g_bytes_get_size(own), context, &again, &reason),
           "own file refused", NULL);
    demand_same(class, written->data, again.data, "written and read:");
    written_clear(&again);
    g_autoptr(GBytes) fresh = file_refresh(class, written->data, context, file, &reason);
    demand(fresh != NULL, "not refreshed", NULL);
    demand(file_read(class, g_bytes_get_data(fresh, NULL), g_bytes_get_size(fresh), context, &again, &reason),
           "refreshed file refused", NULL);
    demand_same(class, written->data, again.data, "refreshed:");
    written_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const enum eas_class classes[] = {EAS_CALENDAR, EAS_TASKS, EAS_NOTES};
    struct file_context context = {.uid = "urn:uuid:0d5e6f2a-1111-5222-8333-444455556666",
                                   .user = "me@example.org",
                                   .home_zone = "Europe/Berlin",
                                   .version = EAS_14_1};
    struct written written;
    char *reason;

    if (length < 1)
        return 0;
    /* A calendar of the corpus begins with a letter. */
    enum eas_class class = bytes[0] < 3 ? classes[bytes[0]] : EAS_CALENDAR;
    g_autoptr(GBytes) file = g_bytes_new(bytes + (bytes[0] < 3), length - (bytes[0] < 3));
    g_autofree char *method = file_method(g_bytes_get_data(file, NULL), g_bytes_get_size(file));
    if (!file_read(class, g_bytes_get_data(file, NULL), g_bytes_get_size(file), &context, &written, &reason)) {
        demand(reason && *reason && !strpbrk(reason, "\r\n") && g_utf8_validate(reason, -1, NULL), "no sentence", NULL);
        g_free(reason);
        return 0;
    }
    check_commands(class, &written);
    check_again(class, &written, &context, file);
    written_clear(&written);
    return 0;
}
