#include "contrib/easd/oof.h"

#include <string.h>

#include "contrib/easd/edit.h"
#include "contrib/easd/times.h"

enum { STATUS_OK = 1, STATUS_PROTOCOL = 2, STATUS_UNAVAILABLE = 4, STATUS_INVALID = 5, STATUS_CONFLICTING = 6 };
enum { OFF = 0, ON = 1, TIMED = 2 };

static const struct {
    eas_tag tag;
    const char *group;
} audiences[] = {
    {TAG_Settings_AppliesToInternal, "internal"},
    {TAG_Settings_AppliesToExternalKnown, "known"},
    {TAG_Settings_AppliesToExternalUnknown, "unknown"},
};

static char *path_of(const struct mailbox *mailbox)
{
    return g_build_filename(mailbox->root, ".easd-oof", NULL);
}

static GKeyFile *load(const struct mailbox *mailbox)
{
    g_autofree char *path = path_of(mailbox);
    GKeyFile *file = g_key_file_new();

    g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL);
    return file;
}

static void write_key(struct wbxml_writer *wbxml, GKeyFile *file, const char *group, const char *key, eas_tag tag,
                      const char *fallback)
{
    g_autofree char *text = g_key_file_get_string(file, group, key, NULL);

    if (text || fallback)
        wbxml_text(wbxml, tag, text ? text : fallback);
}

void oof_write(struct wbxml_writer *wbxml, const struct mailbox *mailbox)
{
    g_autoptr(GKeyFile) file = load(mailbox);

    wbxml_open(wbxml, TAG_Settings_Get);
    write_key(wbxml, file, "oof", "state", TAG_Settings_OofState, "0");
    write_key(wbxml, file, "oof", "start", TAG_Settings_StartTime, NULL);
    write_key(wbxml, file, "oof", "end", TAG_Settings_EndTime, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(audiences); i++) {
        wbxml_open(wbxml, TAG_Settings_OofMessage);
        wbxml_empty(wbxml, audiences[i].tag);
        write_key(wbxml, file, audiences[i].group, "enabled", TAG_Settings_Enabled, "0");
        write_key(wbxml, file, audiences[i].group, "message", TAG_Settings_ReplyMessage, "");
        write_key(wbxml, file, audiences[i].group, "type", TAG_Settings_BodyType, "Text");
        wbxml_close(wbxml);
    }
    wbxml_close(wbxml);
}

static void set_key(GKeyFile *file, const char *group, const char *key, const char *text)
{
    if (text)
        g_key_file_set_string(file, group, key, text);
    else
        g_key_file_remove_key(file, group, key, NULL);
}

static int set_message(GKeyFile *file, const struct eas_node *message)
{
    const char *enabled = edit_text(message, TAG_Settings_Enabled), *type = edit_text(message, TAG_Settings_BodyType);
    bool applies = false;

    if (!enabled || (strcmp(enabled, "0") != 0 && strcmp(enabled, "1") != 0) ||
        (type && g_ascii_strcasecmp(type, "Text") != 0 && g_ascii_strcasecmp(type, "HTML") != 0))
        return STATUS_PROTOCOL;
    for (size_t i = 0; i < G_N_ELEMENTS(audiences); i++) {
        if (!eas_node_child(message, audiences[i].tag))
            continue;
        applies = true;
        set_key(file, audiences[i].group, "enabled", enabled);
        set_key(file, audiences[i].group, "message", edit_text(message, TAG_Settings_ReplyMessage));
        set_key(file, audiences[i].group, "type", type ? type : "Text");
    }
    return applies ? STATUS_OK : STATUS_PROTOCOL;
}

static int set_times(GKeyFile *file, const struct eas_node *set, gint64 state)
{
    const char *start = edit_text(set, TAG_Settings_StartTime), *end = edit_text(set, TAG_Settings_EndTime);
    gint64 from, to;

    if ((start && !times_read(start, &from)) || (end && !times_read(end, &to)) || (state == TIMED && !(start && end)))
        return STATUS_INVALID;
    if (start && end && to <= from)
        return STATUS_CONFLICTING;
    set_key(file, "oof", "start", start);
    set_key(file, "oof", "end", end);
    return STATUS_OK;
}

int oof_set(const struct mailbox *mailbox, const struct eas_node *set)
{
    g_autoptr(GKeyFile) file = load(mailbox);
    g_autofree char *path = path_of(mailbox);
    gint64 state;
    int status;

    if (!edit_text(set, TAG_Settings_OofState) || !edit_number(set, TAG_Settings_OofState, OFF, TIMED, OFF, &state))
        return STATUS_PROTOCOL;
    status = set_times(file, set, state);
    set_key(file, "oof", "state", edit_text(set, TAG_Settings_OofState));
    for (const struct eas_node *child = set->first; child && status == STATUS_OK; child = child->next)
        if (child->tag == TAG_Settings_OofMessage)
            status = set_message(file, child);
    if (status == STATUS_OK && !g_key_file_save_to_file(file, path, NULL)) /* by rename */
        status = STATUS_UNAVAILABLE;
    return status;
}
