/* What a Change says of a draft (MS-ASEMAIL, MS-ASAIRS 2.2.2.1): its attachments are added and deleted one by one. */
#include <string.h>

#include "codec/files/compose.h"

static const eas_tag clearable[] = {TAG_Email_To, TAG_Email_Cc, TAG_Email2_Bcc, TAG_Email_ReplyTo, TAG_Email_Subject};

static void clear_fields(struct eas_node *fields, const struct eas_node *held)
{
    for (size_t i = 0; i < G_N_ELEMENTS(clearable); i++) {
        const char *before = eas_node_text(held, clearable[i]);

        if (before && *before && !eas_node_child(fields, clearable[i]))
            eas_node_add(fields, clearable[i], "");
    }
}

/* Servers count the bytes, or the letters of their base64. */
static bool is_same(const struct eas_node *add, const struct eas_node *held)
{
    const struct eas_node *content = eas_node_child(add, TAG_AirSyncBase_Content);
    long long plain = content ? (long long)content->length : 0, coded = (plain + 2) / 3 * 4;
    long long lines = coded + (coded + 75) / 76 * 2,
              told = eas_node_number(held, TAG_AirSyncBase_EstimatedDataSize, -1);

    return !g_strcmp0(eas_node_text(add, TAG_AirSyncBase_DisplayName),
                      eas_node_text(held, TAG_AirSyncBase_DisplayName)) &&
           (told == plain || told == coded || told == lines);
}

/* The Add that the server has done already, and that none of its attachments has spoken for yet. */
static const struct eas_node *find_add(const struct eas_node *adds, const struct eas_node *held, GPtrArray *done)
{
    const struct eas_node *add = eas_node_child(adds, TAG_AirSyncBase_Add);

    while (add && (!is_same(add, held) || g_ptr_array_find(done, add, NULL)))
        add = eas_node_next(add);
    return add;
}

static void add_delete(struct eas_node *attachments, const struct eas_node *held)
{
    const char *reference = eas_node_text(held, TAG_AirSyncBase_FileReference);

    if (reference && *reference)
        eas_node_add(eas_node_add(attachments, TAG_AirSyncBase_Delete, NULL), TAG_AirSyncBase_FileReference, reference);
}

void draft_change(struct eas_node *fields, const struct eas_node *held)
{
    const struct eas_node *list = eas_node_child(held, TAG_AirSyncBase_Attachments);
    g_autoptr(eas_node) adds = eas_node_take(fields, TAG_AirSyncBase_Attachments);
    g_autoptr(eas_node) attachments = eas_node_new(TAG_AirSyncBase_Attachments, NULL);
    g_autoptr(GPtrArray) done = g_ptr_array_new();

    clear_fields(fields, held);
    for (const struct eas_node *each = eas_node_child(list, TAG_AirSyncBase_Attachment); each;
         each = eas_node_next(each)) {
        const struct eas_node *add = find_add(adds, each, done);

        if (add)
            g_ptr_array_add(done, (gpointer)add);
        else
            add_delete(attachments, each);
    }
    for (const struct eas_node *add = eas_node_child(adds, TAG_AirSyncBase_Add); add; add = eas_node_next(add))
        if (!g_ptr_array_find(done, add, NULL))
            eas_node_append(attachments, eas_node_copy(add));
    if (attachments->first)
        eas_node_append(fields, g_steal_pointer(&attachments));
}

/* ---- compared ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool same_words(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (is_blank(*a))
            a++;
        while (is_blank(*b))
            b++;
        if (*a != *b || !*a)
            return *a == *b;
    }
}

bool draft_is(const struct eas_node *fields, const struct eas_node *held, const char *text)
{
    enum { PLAIN = 1, NORMAL = 1 };
    const struct eas_node *body = eas_node_child(fields, TAG_AirSyncBase_Body);
    const char *mine = eas_node_text(body, TAG_AirSyncBase_Data);

    for (size_t i = 0; i < G_N_ELEMENTS(clearable); i++) {
        const char *a = eas_node_text(fields, clearable[i]), *b = eas_node_text(held, clearable[i]);

        if (!same_words(a ? a : "", b ? b : ""))
            return false;
    }
    return !eas_node_child(fields, TAG_AirSyncBase_Attachments) &&
           eas_node_number(fields, TAG_Email_Importance, NORMAL) ==
               eas_node_number(held, TAG_Email_Importance, NORMAL) &&
           eas_node_number(body, TAG_AirSyncBase_Type, 0) == PLAIN && same_words(mine ? mine : "", text);
}
