#include "contrib/easd/edit.h"

#include <string.h>

#include "contrib/easd/limits.h"

enum { EVER = 999 };

/* What a class has beside the properties of its own page, and what of that page only some versions
 * take from a client: calendar from 16.0 on keeps who organizes and the exceptions to itself. */
static const struct {
    enum item_class class;
    eas_tag tag;
    int from, to;
    bool instance; /* one occurrence can have it */
} rows[] = {
    {CLASS_CALENDAR, TAG_Calendar_UID, 0, 141, false},
    {CLASS_CALENDAR, TAG_Calendar_DtStamp, 0, 141, false},
    {CLASS_CALENDAR, TAG_Calendar_OrganizerName, 0, 141, false},
    {CLASS_CALENDAR, TAG_Calendar_OrganizerEmail, 0, 141, false},
    {CLASS_CALENDAR, TAG_Calendar_Exceptions, 0, 141, false},
    {CLASS_CALENDAR, TAG_Calendar_Location, 0, 141, false},
    {CLASS_CALENDAR, TAG_Calendar_ClientUid, 160, EVER, false},
    {CLASS_CALENDAR, TAG_Calendar_Recurrence, 0, EVER, false},
    {CLASS_CALENDAR, TAG_Calendar_Timezone, 0, EVER, false},
    {CLASS_CALENDAR, TAG_Calendar_ResponseRequested, 140, EVER, false},
    {CLASS_CALENDAR, TAG_Calendar_DisallowNewTimeProposal, 140, EVER, false},
    {CLASS_CALENDAR, TAG_Calendar_ResponseType, EVER, EVER, false},
    {CLASS_CALENDAR, TAG_Calendar_AppointmentReplyTime, EVER, EVER, false},
    {CLASS_CALENDAR, TAG_Calendar_OnlineMeetingConfLink, EVER, EVER, false},
    {CLASS_CALENDAR, TAG_Calendar_OnlineMeetingExternalLink, EVER, EVER, false},
    {CLASS_CALENDAR, TAG_Calendar_Body, EVER, EVER, false},
    {CLASS_CALENDAR, TAG_AirSyncBase_Location, 160, EVER, true},
    {CLASS_CALENDAR, TAG_AirSyncBase_Attachments, 160, EVER, false},
    {CLASS_MAIL, TAG_AirSyncBase_Attachments, 160, EVER, false},
    {CLASS_CONTACTS, TAG_Contacts_Body, EVER, EVER, false},
    {CLASS_TASKS, TAG_Tasks_Body, EVER, EVER, false},
};

static const unsigned class_pages[CLASS_COUNT][2] = {
    [CLASS_MAIL] = {TAG_Email_To >> 8, TAG_Email2_Bcc >> 8},
    [CLASS_CALENDAR] = {TAG_Calendar_UID >> 8, TAG_Calendar_UID >> 8},
    [CLASS_CONTACTS] = {TAG_Contacts_FileAs >> 8, TAG_Contacts2_MMS >> 8},
    [CLASS_TASKS] = {TAG_Tasks_Subject >> 8, TAG_Tasks_Subject >> 8},
    [CLASS_NOTES] = {TAG_Notes_Subject >> 8, TAG_Notes_Subject >> 8},
};

edit_run *edit_of(enum item_class class)
{
    static edit_run *const editors[CLASS_COUNT] = {
        [CLASS_CALENDAR] = edit_event,
        [CLASS_CONTACTS] = edit_contact,
        [CLASS_TASKS] = edit_task,
        [CLASS_NOTES] = edit_note,
    };

    return editors[class];
}

void edit_clear(struct edit *edit)
{
    if (edit->file)
        g_string_free(edit->file, TRUE);
    g_free(edit->wish);
    g_free(edit->refusal);
    g_clear_pointer(&edit->attached, g_ptr_array_unref);
}

bool edit_refuse(struct edit *edit, const char *reason)
{
    if (!edit->refusal)
        edit->refusal = g_strdup(reason);
    return false;
}

static bool tag_allowed(eas_tag tag, enum item_class class, int version, bool instance)
{
    if (tag == TAG_AirSyncBase_Body || tag == TAG_AirSyncBase_NativeBodyType)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].class == class && rows[i].tag == tag)
            return version >= rows[i].from && version <= rows[i].to && (!instance || rows[i].instance);
    return eas_tag_page(tag) == class_pages[class][0] || eas_tag_page(tag) == class_pages[class][1];
}

/* Who answered what is the server's to know from 16.0 on (MS-ASCAL 2.2.2.5). */
static bool attendees_allowed(const struct eas_node *attendees, int version)
{
    for (const struct eas_node *one = attendees->first; one; one = one->next)
        if (version >= 160 && eas_node_child(one, TAG_Calendar_AttendeeStatus))
            return false;
    return true;
}

bool edit_allowed(const struct eas_node *data, enum item_class class, int version, bool instance, char **refusal)
{
    if (version >= 160 && eas_node_number(data, TAG_Calendar_AllDayEvent, 0) == 1 &&
        eas_node_child(data, TAG_Calendar_Timezone)) {
        *refusal = g_strdup("a whole day has no zone from 16.0 on");
        return false;
    }
    for (const struct eas_node *child = data ? data->first : NULL; child; child = child->next) {
        if (!tag_allowed(child->tag, class, version, instance) ||
            (child->tag == TAG_Calendar_Attendees && !attendees_allowed(child, version))) {
            const char *name = eas_tag_name(child->tag);

            *refusal = g_strdup_printf("%s is not taken here in %d.%d", name ? name : "a property", version / 10,
                                       version % 10);
            return false;
        }
        for (const struct eas_node *other = child->next; other; other = other->next)
            if (other->tag == child->tag) {
                *refusal = g_strdup("a property stands in it twice");
                return false;
            }
    }
    return true;
}

static bool is_empty(const struct eas_node *node)
{
    return !node || (!node->first && node->length == 0);
}

bool edit_node_differs(const struct eas_node *before, const struct eas_node *after, eas_tag tag)
{
    const struct eas_node *old = eas_node_child(before, tag), *new = eas_node_child(after, tag);

    if (is_empty(old) || is_empty(new))
        return is_empty(old) != is_empty(new);

    g_autoptr(GBytes) one = eas_node_bytes(old);
    g_autoptr(GBytes) other = eas_node_bytes(new);

    return !g_bytes_equal(one, other);
}

bool edit_differs(const struct edit *edit, eas_tag tag)
{
    return edit_node_differs(edit->before, edit->after, tag);
}

const char *edit_text(const struct eas_node *node, eas_tag tag)
{
    const char *text = eas_node_text(node, tag);

    return text && *text ? text : NULL;
}

bool edit_number(const struct eas_node *node, eas_tag tag, gint64 low, gint64 high, gint64 fallback, gint64 *number)
{
    const char *text = edit_text(node, tag);
    char *end;

    *number = fallback;
    if (!text)
        return true;
    *number = g_ascii_strtoll(text, &end, 10);
    return end != text && !*end && *number >= low && *number <= high;
}

/* ---- texts ---- */

static void append_entity(GString *text, const char **at)
{
    static const struct {
        const char *name, *text;
    } entities[] = {{"amp;", "&"}, {"lt;", "<"}, {"gt;", ">"}, {"quot;", "\""}, {"nbsp;", " "}, {"apos;", "'"}};
    const char *from = *at + 1;
    char *end;

    for (size_t i = 0; i < G_N_ELEMENTS(entities); i++)
        if (g_ascii_strncasecmp(from, entities[i].name, strlen(entities[i].name)) == 0) {
            g_string_append(text, entities[i].text);
            *at = from + strlen(entities[i].name);
            return;
        }
    if (*from == '#') {
        bool hex = from[1] == 'x' || from[1] == 'X';
        guint64 number = g_ascii_strtoull(from + 1 + hex, &end, hex ? 16 : 10);

        if (*end == ';' && g_unichar_validate((gunichar)number) && number >= ' ') {
            g_string_append_unichar(text, (gunichar)number);
            *at = end + 1;
            return;
        }
    }
    g_string_append_c(text, '&');
    ++*at;
}

/* Passes over a tag, and over what style and script hold. */
static void append_tag(GString *text, const char **at)
{
    static const char *const breaks[] = {"br", "/p", "/div", "/tr", "/li", "/h1", "/h2", "/h3"};
    static const char *const silent[] = {"style", "script", "head"};
    const char *name = *at + 1, *end = strchr(name, '>');
    size_t length = strcspn(name, " \t\r\n>");

    *at = end ? end + 1 : name + strlen(name);
    if (length > 1 && name[length - 1] == '/')
        length--;
    for (size_t i = 0; i < G_N_ELEMENTS(breaks); i++)
        if (strlen(breaks[i]) == length && g_ascii_strncasecmp(name, breaks[i], length) == 0)
            g_string_append_c(text, '\n');
    for (size_t i = 0; i < G_N_ELEMENTS(silent); i++)
        if (strlen(silent[i]) == length && g_ascii_strncasecmp(name, silent[i], length) == 0) {
            g_autofree char *close = g_strconcat("</", silent[i], NULL);
            const char *found = strcasestr(*at, close);

            *at = found ? found : *at + strlen(*at);
        }
}

char *edit_plain_text(const char *html)
{
    GString *text = g_string_new(NULL);

    while (*html)
        if (*html == '<')
            append_tag(text, &html);
        else if (*html == '&')
            append_entity(text, &html);
        else if (g_ascii_isspace(*html)) {
            if (text->len && !g_ascii_isspace(text->str[text->len - 1]))
                g_string_append_c(text, ' ');
            html++;
        } else
            g_string_append_c(text, *html++);
    while (text->len && g_ascii_isspace(text->str[text->len - 1]))
        g_string_truncate(text, text->len - 1);
    return g_string_free(text, FALSE);
}

/* Line feeds alone, and nothing that no text holds. */
static char *clean_text(const char *text)
{
    GString *clean = g_string_new(NULL);

    for (; *text; text++)
        if (*text == '\r') {
            if (text[1] != '\n')
                g_string_append_c(clean, '\n');
        } else if ((unsigned char)*text >= ' ' || *text == '\n' || *text == '\t')
            g_string_append_c(clean, *text);
    return g_string_free(clean, FALSE);
}

char *edit_body(struct edit *edit, const struct eas_node *node)
{
    enum { PLAIN = 1, HTML = 2 };
    const struct eas_node *body = eas_node_child(node, TAG_AirSyncBase_Body);
    const char *data = eas_node_text(body, TAG_AirSyncBase_Data);
    gint64 type;

    if (is_empty(body))
        return g_strdup("");
    if (!edit_text(body, TAG_AirSyncBase_Type) || !edit_number(body, TAG_AirSyncBase_Type, PLAIN, HTML, PLAIN, &type)) {
        edit_refuse(edit, "its body is of no type that is kept");
        return NULL;
    }
    if (data && strlen(data) > EASD_TEXT_BYTES) {
        edit_refuse(edit, "its body is too large");
        return NULL;
    }
    g_autofree char *plain = type == HTML && data ? edit_plain_text(data) : g_strdup(data ? data : "");

    return clean_text(plain);
}
