#include "contrib/easd/mail_search.h"

#include <gmime/gmime.h>
#include <stdio.h>
#include <string.h>

#include "contrib/easd/draft_parts.h"
#include "contrib/easd/mail.h"

enum { RANGE_TOP = 100 };

/* ---- what an item says ---- */

enum part { PART_FROM, PART_TO, PART_SUBJECT, PART_BODY, PARTS };

static char *fold(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);

    return g_utf8_casefold(valid, -1);
}

static char *folded_part(GMimeObject *part)
{
    g_autofree char *text = part ? g_mime_text_part_get_text(GMIME_TEXT_PART(part)) : NULL;

    return fold(text);
}

static void read_message(const char *path, char *texts[PARTS])
{
    GMimeMessage *message = draft_open(path);
    struct draft_parts parts;

    if (!message)
        return;
    g_autofree char *from = internet_address_list_to_string(g_mime_message_get_from(message), NULL, FALSE);
    g_autofree char *to = internet_address_list_to_string(g_mime_message_get_to(message), NULL, FALSE);
    g_autofree char *cc = internet_address_list_to_string(g_mime_message_get_cc(message), NULL, FALSE);
    g_autofree char *both = g_strconcat(to ? to : "", " ", cc, NULL);

    draft_open_parts(&parts, message);
    texts[PART_FROM] = fold(from);
    texts[PART_TO] = fold(both);
    texts[PART_SUBJECT] = fold(g_mime_message_get_subject(message));
    texts[PART_BODY] = folded_part(parts.plain ? parts.plain : parts.html);
    g_ptr_array_unref(parts.attachments);
    g_object_unref(message);
}

static void read_item(const struct folder *folder, const struct entry *entry, char *texts[PARTS])
{
    g_autofree char *path = folder_path(folder, entry), *bytes = NULL;

    if (folder->class == CLASS_MAIL)
        read_message(path, texts);
    else if (g_file_get_contents(path, &bytes, NULL, NULL))
        texts[PART_BODY] = fold(bytes);
}

static bool word_found(char *texts[PARTS], const char *word)
{
    static const char *const names[PARTS] = {"from:", "to:", "subject:", "body:"};

    for (int i = 0; i < PARTS; i++)
        if (g_str_has_prefix(word, names[i]))
            return texts[i] && strstr(texts[i], word + strlen(names[i]));
    for (int i = 0; i < PARTS; i++)
        if (texts[i] && strstr(texts[i], word))
            return true;
    return false;
}

static bool text_matches(const struct folder *folder, const struct entry *entry, const char *text)
{
    g_autofree char *folded = fold(text);
    g_auto(GStrv) words = g_strsplit_set(g_strdelimit(folded, "\"*", ' '), " \t", -1);
    char *texts[PARTS] = {0};
    bool found = true;

    read_item(folder, entry, texts);
    for (char **word = words; *word && found; word++)
        found = !**word || word_found(texts, *word);
    for (int i = 0; i < PARTS; i++)
        g_free(texts[i]);
    return found;
}

/* ---- which items ---- */

static bool folder_asked(const struct folder *folder, const struct mail_query *query)
{
    if (!folder->present || folder->class != query->class)
        return false;
    for (guint i = 0; i < query->folders->len; i++) {
        const struct folder *asked = query->folders->pdata[i];
        size_t length = strlen(asked->path);

        if (asked == folder ||
            (query->deep && strncmp(folder->path, asked->path, length) == 0 && folder->path[length] == '/'))
            return true;
    }
    return query->folders->len == 0;
}

static gint latest_first(gconstpointer a, gconstpointer b)
{
    const struct mail_hit *one = a, *other = b;

    return (one->date < other->date) - (one->date > other->date);
}

GArray *mail_search(const struct mailbox *mailbox, const struct mail_query *query, int version)
{
    GArray *hits = g_array_new(FALSE, FALSE, sizeof(struct mail_hit));

    for (guint i = 0; i < mailbox->folders->len; i++) {
        struct folder *folder = mailbox->folders->pdata[i];

        for (guint j = 0; folder_asked(folder, query) && j < folder->entries->len; j++) {
            struct entry *entry = folder->entries->pdata[j];
            struct mail_hit hit = {folder, entry, 0};

            if (!entry_served(entry, version))
                continue;
            hit.date = folder->class == CLASS_MAIL ? mail_date(folder, entry) : entry->mtime / 1000000000;
            if (hit.date > query->after && hit.date < query->before &&
                (!query->text || text_matches(folder, entry, query->text)))
                g_array_append_val(hits, hit);
        }
    }
    g_array_sort(hits, latest_first);
    return hits;
}

bool range_read(const char *text, guint *from, guint *to)
{
    int used = 0;

    *from = 0;
    *to = RANGE_TOP - 1;
    if (!text)
        return true;
    if (sscanf(text, "%6u-%6u%n", from, to, &used) != 2 || text[used] || *to < *from)
        return false;
    *to = MIN(*to, *from + RANGE_TOP - 1);
    return true;
}
