/* Opens files and saves them, as a user of the mount would, without a mount:
 *   resave VERSION
 * Each line of stdin is one job, each line of stdout its outcome:
 *   file CLASS IN OUT     reads a written file; OUT is the file of the item that travels for it
 *   served CLASS IN OUT   IN is an item as a server gave it (WBXML); OUT is its file, which is read again and
 *                         compared: opened and saved unchanged, nothing may travel
 * Outcomes: "same", "differs NAMES", "refused REASON", "unwritten REASON". */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/files/edit.h"

static struct file_context context = {
    .uid = "urn:uuid:00000000-0000-5000-8000-000000000000",
    .user = "alice@example.test",
    .home_zone = "Europe/Berlin",
    .vcard_version = 3,
    .now = 1793526300,
};

static enum eas_class class_of(const char *name)
{
    for (int i = 0; i < EAS_CLASSES; i++)
        if (g_str_equal(eas_classes[i].option, name))
            return i;
    fprintf(stderr, "resave: no class %s\n", name);
    exit(1);
}

static void save(const char *path, GBytes *bytes)
{
    if (g_file_set_contents(path, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes), NULL))
        return;
    fprintf(stderr, "resave: unable to write %s\n", path);
    exit(1);
}

static void tell(const char *word, char *reason)
{
    printf("%s %s\n", word, reason);
    g_free(reason);
}

/* The item of a written file, as it stands in what travels. */
static void resave_file(enum eas_class class, const char *bytes, size_t length, const char *out)
{
    struct written written;
    char *reason;

    if (!file_read(class, bytes, length, &context, &written, &reason)) {
        tell("refused", reason);
        return;
    }
    g_autoptr(GPtrArray) commands = item_commands(class, context.version, NULL, written.data, written.uid);
    if (!commands->len) {
        tell("refused", g_strdup("nothing can travel for it"));
    } else {
        const struct item_command *command = commands->pdata[0];
        g_autoptr(GBytes) file = file_from_item(class, command->data, &context, &reason);
        if (file)
            save(out, file);
        if (file)
            puts("same");
        else
            tell("unwritten", reason);
    }
    written_clear(&written);
}

static void resave_served(enum eas_class class, const char *bytes, size_t length, const char *out)
{
    g_autoptr(eas_node) data = eas_node_parse(bytes, length, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    struct written written;
    char *reason = NULL;

    if (!data) {
        tell("unwritten", g_strdup("no document"));
        return;
    }
    g_autoptr(GBytes) file = file_from_item(class, data, &context, &reason);
    if (!file) {
        tell("unwritten", reason);
        return;
    }
    save(out, file);
    if (!file_read(class, g_bytes_get_data(file, NULL), g_bytes_get_size(file), &context, &written, &reason)) {
        tell("refused", reason);
        return;
    }
    item_same(class, data, written.data, names);
    g_autoptr(GPtrArray) commands = item_commands(class, context.version, data, written.data, "uid");
    g_ptr_array_add(names, NULL);
    if (names->len > 1)
        tell("differs", g_strjoinv(" ", (char **)names->pdata));
    else
        puts(commands->len ? "differs nothing, and something travels" : "same");
    written_clear(&written);
}

int main(int argc, char **argv)
{
    char line[16384];

    if (argc != 2 || !(context.version = eas_version_parse(argv[1]))) {
        fputs("usage: resave VERSION\n", stderr);
        return 1;
    }
    while (fgets(line, sizeof line, stdin)) {
        g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", 4);
        g_autofree char *bytes = NULL;
        gsize length;
        if (g_strv_length(words) != 4 || !g_file_get_contents(words[2], &bytes, &length, NULL)) {
            fprintf(stderr, "resave: unable to read %s\n", line);
            return 1;
        }
        if (g_str_equal(words[0], "file"))
            resave_file(class_of(words[1]), bytes, length, words[3]);
        else
            resave_served(class_of(words[1]), bytes, length, words[3]);
        fflush(stdout);
    }
    return 0;
}
