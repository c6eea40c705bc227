#include "codec/files/gal_card.h"

#include "codec/files/content_line.h"

static void add_name(GString *out, const struct gal_entry *entry)
{
    g_autofree char *last = content_text(entry->last_name ? entry->last_name : "");
    g_autofree char *first = content_text(entry->first_name ? entry->first_name : "");

    content_line_text(out, "FN", entry->display_name ? entry->display_name : entry->email);
    content_line_printf(out, "N", "%s;%s;;;", last, first);
}

static void add_organisation(GString *out, const struct gal_entry *entry)
{
    content_line_text(out, "ORG", entry->company);
    content_line_text(out, "TITLE", entry->title);
    content_line_text(out, "X-EAS-OFFICE-LOCATION", entry->office);
    content_line_text(out, "X-EAS-ALIAS", entry->alias);
}

static void add_photo(GString *out, GBytes *picture, int version)
{
    gsize size;
    const guchar *bytes = g_bytes_get_data(picture, &size);
    g_autofree char *text = g_base64_encode(bytes, size);

    if (version >= 4)
        content_line_printf(out, "PHOTO", "data:image/jpeg;base64,%s", text);
    else
        content_line(out, "PHOTO;ENCODING=b;TYPE=JPEG", text);
}

GBytes *gal_card(const struct gal_entry *entry, int version)
{
    const struct {
        const char *three, *four, *value;
    } rows[] = {
        {"EMAIL;TYPE=INTERNET", "EMAIL", entry->email},
        {"TEL;TYPE=WORK,VOICE", "TEL;TYPE=work,voice", entry->phone},
        {"TEL;TYPE=CELL", "TEL;TYPE=cell", entry->mobile_phone},
        {"TEL;TYPE=HOME,VOICE", "TEL;TYPE=home,voice", entry->home_phone},
    };
    GString *out = g_string_new(NULL);
    const char *known_by = entry->email ? entry->email : entry->display_name;
    g_autofree char *uid = g_compute_checksum_for_string(G_CHECKSUM_SHA1, known_by, -1);

    content_line(out, "BEGIN", "VCARD");
    content_line(out, "VERSION", version >= 4 ? "4.0" : "3.0");
    content_line_printf(out, "UID", "gal-%s", uid);
    add_name(out, entry);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        content_line_text(out, version >= 4 ? rows[i].four : rows[i].three, rows[i].value);
    add_organisation(out, entry);
    if (entry->picture)
        add_photo(out, entry->picture, version);
    content_line(out, "END", "VCARD");
    return g_string_free_to_bytes(out);
}
