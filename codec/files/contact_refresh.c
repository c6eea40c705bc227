#include "codec/files/contact_refresh.h"

#include <string.h>

#include "codec/files/card_lines.h"
#include "codec/files/contact.h"
#include "codec/files/contact_match.h"
#include "codec/files/contact_read.h"
#include "codec/files/contact_value.h"
#include "codec/files/content_line.h"
#include "codec/files/file_as.h"

/* One of the two cards: its lines, what each is, and what all of it means. */
struct side {
    struct card card;
    struct contact_match *matches;
    struct written written;
};

static bool side_read(struct side *side, GBytes *file)
{
    struct file_context context = {0};
    g_autofree char *reason = NULL;
    size_t length;
    const char *bytes = g_bytes_get_data(file, &length);

    *side = (struct side){0};
    if (!contact_read(bytes, length, &context, &side->written, &reason) ||
        !card_read(bytes, length, &side->card, &reason))
        return false;
    side->matches = contact_match(&side->card, &reason);
    return side->matches != NULL;
}

static void side_clear(struct side *side)
{
    card_clear(&side->card);
    g_free(side->matches);
    written_clear(&side->written);
}

static const struct card_line *line_of(const struct side *side, guint index)
{
    return side->card.lines->pdata[index];
}

static bool says_the_same(const struct contact_property *row, const struct side *old, const struct side *fresh)
{
    /* Pictures and days are written otherwise in another version. */
    if (old->card.version != fresh->card.version && (row->form == CONTACT_PHOTO || row->form == CONTACT_DATE))
        return false;
    if (row->form == CONTACT_FILE_AS)
        return file_as_same(old->written.data, fresh->written.data);
    if (row->form == CONTACT_TOLD)
        return false;
    g_autofree char *before = contact_value(old->written.data, row);
    g_autofree char *after = contact_value(fresh->written.data, row);
    return g_strcmp0(before, after) == 0;
}

/* When the card was last revised, its own program said; it was none of that program's. */
static bool is_stale(const struct card_line *line)
{
    return strcmp(line->name, "REV") == 0;
}

struct refreshing {
    struct side old, fresh;
    bool same[CONTACT_PROPERTIES], written[CONTACT_PROPERTIES];
    bool same_name;
    bool *kept; /* by line of old */
    GString *out;
};

static void write_fresh(struct refreshing *refreshing, const struct contact_property *row)
{
    bool *written = &refreshing->written[row - contact_properties];

    for (guint i = 0; i < refreshing->fresh.card.lines->len && !*written; i++)
        if (refreshing->fresh.matches[i].row == row)
            content_line(refreshing->out, line_of(&refreshing->fresh, i)->head, line_of(&refreshing->fresh, i)->value);
    *written = true;
}

static const struct card_line *find_line(const struct side *side, const char *name)
{
    for (guint i = 0; i < side->card.lines->len; i++)
        if (strcmp(line_of(side, i)->name, name) == 0)
            return line_of(side, i);
    return NULL;
}

static void write_fresh_named(struct refreshing *refreshing, const char *name)
{
    const struct card_line *line = find_line(&refreshing->fresh, name);

    if (line)
        content_line(refreshing->out, line->head, line->value);
}

/* A label goes with what it labels. */
static bool labels_nothing(const struct refreshing *refreshing, const struct card_line *label)
{
    if (!*label->group || strcmp(label->name, "X-ABLABEL") != 0)
        return false;
    for (guint i = 0; i < refreshing->old.card.lines->len; i++) {
        const struct card_line *line = line_of(&refreshing->old, i);

        if (line != label && refreshing->kept[i] && strcmp(line->group, label->group) == 0)
            return false;
    }
    return true;
}

static void choose(struct refreshing *refreshing)
{
    for (size_t i = 0; i < CONTACT_PROPERTIES; i++) {
        refreshing->same[i] = says_the_same(&contact_properties[i], &refreshing->old, &refreshing->fresh);
        refreshing->written[i] = refreshing->same[i];
    }
    refreshing->same_name = strcmp(refreshing->old.written.title, refreshing->fresh.written.title) == 0;
    for (guint i = 0; i < refreshing->old.card.lines->len; i++) {
        const struct contact_property *row = refreshing->old.matches[i].row;
        const struct card_line *line = line_of(&refreshing->old, i);

        refreshing->kept[i] = row                             ? refreshing->same[row - contact_properties]
                              : strcmp(line->name, "FN") == 0 ? refreshing->same_name
                                                              : !is_stale(line);
    }
}

static void write_lines(struct refreshing *refreshing)
{
    for (guint i = 0; i < refreshing->old.card.lines->len; i++) {
        const struct card_line *line = line_of(&refreshing->old, i);
        const struct contact_property *row = refreshing->old.matches[i].row;

        if (!refreshing->kept[i] && row)
            write_fresh(refreshing, row);
        else if (!refreshing->kept[i] && strcmp(line->name, "FN") == 0)
            write_fresh_named(refreshing, "FN");
        else if (refreshing->kept[i] && !labels_nothing(refreshing, line))
            content_line(refreshing->out, line->head, line->value);
    }
    for (size_t i = 0; i < CONTACT_PROPERTIES; i++)
        write_fresh(refreshing, &contact_properties[i]);
}

GBytes *contact_refresh(GBytes *fresh, GBytes *previous)
{
    struct refreshing refreshing = {0};
    GBytes *file = NULL;

    if (side_read(&refreshing.old, previous) && side_read(&refreshing.fresh, fresh)) {
        refreshing.kept = g_new0(bool, refreshing.old.card.lines->len + 1);
        refreshing.out = g_string_new(NULL);
        choose(&refreshing);
        content_line(refreshing.out, "BEGIN", "VCARD");
        content_line(refreshing.out, "VERSION", refreshing.fresh.card.version == 40 ? "4.0" : "3.0");
        for (size_t i = 0; i < 2; i++) {
            static const char *const required[] = {"UID", "FN"};

            if (!find_line(&refreshing.old, required[i]))
                write_fresh_named(&refreshing, required[i]);
        }
        write_lines(&refreshing);
        content_line(refreshing.out, "END", "VCARD");
        file = g_string_free_to_bytes(refreshing.out);
        g_free(refreshing.kept);
    }
    side_clear(&refreshing.old);
    side_clear(&refreshing.fresh);
    return file ? file : g_bytes_ref(fresh);
}
