#include "contrib/easd/item.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contrib/easd/body.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/mail.h"
#include "contrib/easd/translation.h"

static translate *const translators[CLASS_COUNT] = {
    [CLASS_CALENDAR] = calendar_translate,
    [CLASS_CONTACTS] = contacts_translate,
    [CLASS_TASKS] = tasks_translate,
    [CLASS_NOTES] = notes_translate,
};

/* The file's bytes into buffer. False where it is gone or no file. */
static bool read_whole(const char *path, GByteArray *buffer, bool *too_large)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    ssize_t got = -1;

    if (file < 0)
        return false;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
        *too_large = status.st_size > EASD_FILE_BYTES;
        g_byte_array_set_size(buffer, *too_large ? 0 : (guint)status.st_size);
        got = pread(file, buffer->data, buffer->len, 0);
        g_byte_array_set_size(buffer, (guint)MAX(got, 0));
    }
    close(file);
    return got >= 0;
}

static void clear(struct translation *translation)
{
    eas_node_free(translation->properties);
    g_free(translation->text);
    g_free(translation->refusal);
}

/* Tasks stay in the filter until they are done (FilterType 8); everything else until it is over. */
static void note_translation(const struct folder *folder, struct entry *entry, const struct translation *translation)
{
    if (translation->refusal) {
        folder_refuse(folder, entry, translation->needs ? translation->needs : REFUSED_ALWAYS, translation->refusal);
        return;
    }
    entry->date = folder->class == CLASS_TASKS ? (translation->done ? 0 : INT64_MAX) : translation->last;
}

static void translate_bytes(struct translation *translation, const struct folder *folder)
{
    translation->user = folder->mailbox->user;
    translation->properties = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    translators[folder->class](translation);
}

/* Reads and translates a file. Clear the translation unless the file is gone. */
static enum item_result translate_entry(struct translation *translation, const struct folder *folder,
                                        struct entry *entry, const struct options *options, int version,
                                        GByteArray *buffer)
{
    g_autofree char *path = folder_path(folder, entry);
    g_autofree char *uid = g_strdup_printf("%s-%016" G_GINT64_MODIFIER "x", folder->id, entry->id);
    char server_id[EASD_ID_BYTES];
    bool too_large = false;

    folder_server_id(folder, entry, server_id);
    if (!read_whole(path, buffer, &too_large))
        return ITEM_GONE;
    *translation = (struct translation){.bytes = (const char *)buffer->data,
                                        .length = buffer->len,
                                        .fallback_uid = uid,
                                        .server_id = server_id,
                                        .mtime = entry->mtime / 1000000000,
                                        .version = version,
                                        .options = options};
    if (too_large)
        translation_refuse(translation, "it is too large");
    else
        translate_bytes(translation, folder);
    note_translation(folder, entry, translation);
    return translation->refusal ? ITEM_REFUSED : ITEM_WRITTEN;
}

/* The properties with the text as a Body of its own; the caller's. */
static struct eas_node *take_properties(struct translation *translation, const struct options *options)
{
    struct eas_node *body = translation->text ? translation_body(options, translation->text) : NULL;

    if (body)
        eas_node_append(translation->properties, body);
    return g_steal_pointer(&translation->properties);
}

static void plain_options(struct options *options)
{
    options_init(options);
    options->bodies[BODY_PLAIN].wanted = true;
}

struct eas_node *item_read(const struct folder *folder, struct entry *entry, int version, GByteArray *bytes)
{
    struct translation translation;
    struct options plain;
    enum item_result result;
    struct eas_node *properties = NULL;

    plain_options(&plain);
    result = translate_entry(&translation, folder, entry, &plain, version, bytes);
    if (result == ITEM_WRITTEN)
        properties = take_properties(&translation, &plain);
    if (result != ITEM_GONE)
        clear(&translation);
    return properties;
}

bool item_check(const struct folder *folder, const char *bytes, gsize length, int version, char **refusal,
                struct eas_node **properties)
{
    struct options plain;

    plain_options(&plain);
    struct translation translation = {.bytes = bytes,
                                      .length = length,
                                      .fallback_uid = "new",
                                      .server_id = "new",
                                      .version = version,
                                      .options = &plain};

    if (length > EASD_FILE_BYTES)
        translation_refuse(&translation, "it is too large");
    else
        translate_bytes(&translation, folder);
    if (properties)
        *properties = translation.refusal ? NULL : take_properties(&translation, &plain);
    *refusal = g_steal_pointer(&translation.refusal);
    clear(&translation);
    return !*refusal;
}

enum item_result item_write(struct item_writer *writer, const struct folder *folder, struct entry *entry,
                            const struct options *options)
{
    struct translation translation;
    enum item_result result;

    if (folder->class == CLASS_MAIL)
        return mail_write(writer, folder, entry, options);
    result = translate_entry(&translation, folder, entry, options, writer->version, writer->buffer);
    if (result == ITEM_GONE)
        return result;
    if (result == ITEM_WRITTEN) {
        for (const struct eas_node *node = translation.properties->first; node; node = node->next)
            eas_node_write(&writer->wbxml, node);
        if (translation.text)
            body_write_text(writer, options, translation.text, NULL);
        wbxml_text(&writer->wbxml, TAG_AirSyncBase_NativeBodyType, "1");
    }
    clear(&translation);
    return result;
}

gint64 item_cost(const struct folder *folder, const struct entry *entry, const struct options *options, guint *files)
{
    return folder->class == CLASS_MAIL ? mail_cost(entry, options, files) : entry->size;
}

bool item_in_filter(const struct folder *folder, struct entry *entry, gint64 since)
{
    struct options none;
    struct translation translation;

    if (folder->class == CLASS_MAIL)
        return mail_date(folder, entry) >= since;
    if (entry->date == ENTRY_DATE_UNKNOWN) {
        g_autoptr(GByteArray) buffer = g_byte_array_new();

        options_init(&none);
        if (translate_entry(&translation, folder, entry, &none, 161, buffer) != ITEM_GONE)
            clear(&translation);
    }
    return entry->date >= since;
}
