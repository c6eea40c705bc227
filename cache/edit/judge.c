/* What written bytes mean, and whether they may become an item. Nothing is changed here. */
#include <errno.h>
#include <string.h>

#include "cache/edit/editor.h"
#include "cache/replica_state.h"

void verdict_clear(struct verdict *verdict)
{
    g_free(verdict->reason);
    g_free(verdict->method);
    written_clear(&verdict->written);
    *verdict = (struct verdict){0};
}

static void object(struct verdict *verdict, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void object(struct verdict *verdict, int error, const char *format, ...)
{
    va_list args;

    verdict->doubles = false;
    if (verdict->error)
        return;
    va_start(args, format);
    verdict->error = error;
    verdict->reason = g_strdup_vprintf(format, args);
    va_end(args);
}

static struct eas_node *node_of(GBytes *bytes)
{
    return bytes ? eas_node_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL) : NULL;
}

static bool is_buried(struct store *store, int64_t ino)
{
    struct file_row file = {0};
    bool buried = store_file_get(store, ino, &file) == 0 && store_is_grave(store, file.parent);

    file_row_clear(&file);
    return buried;
}

/* Another item, or one that waits to be added, that bears the UID already. One in a grave does not count: the
 * identity is taken from there. Nor does one that is held: it may never be an item. */
static void check_double(struct editor *editor, const struct place *place, const struct item *item, int64_t ino,
                         struct verdict *verdict)
{
    struct store *store = editor->store;
    struct item other = {0};
    struct journal row = {0};
    g_autofree char *path = NULL;

    if (!verdict->written.uid)
        return;
    if (store_identity_uid(store, place->collection.id, verdict->written.uid, item ? item->id : 0, &other) == 0 &&
        other.ino != ino && !is_buried(store, other.ino))
        path = store_path(store, other.ino);
    else if (journal_uid(store, place->collection.id, verdict->written.uid, ino, &row) == 0)
        path = store_path(store, row.ino);
    if (path)
        object(verdict, -EINVAL, "its UID is that of %s already; a copy needs one of its own", path);
    verdict->doubles = path != NULL;
    item_clear(&other);
    journal_clear(&row);
}

/* What was pasted from a mail (CONTRACT 5). */
static void check_method(struct editor *editor, const struct item *item, struct verdict *verdict)
{
    if (!verdict->method || !strcmp(verdict->method, "PUBLISH"))
        return;
    if (strcmp(verdict->method, "REQUEST") != 0)
        object(verdict, -EINVAL,
               "it is a %s from a mail, which the calendar cannot take; remove METHOD to store the event",
               verdict->method);
    else if (!item && editor_version(editor) >= EAS_16_0)
        object(verdict, -EINVAL,
               "it is an invitation, which this server makes an event of by itself; answer the one in the calendar");
}

static const char *const ours[] = {"Attendees", "ResponseType", "MeetingStatus", "BusyStatus", "AppointmentReplyTime"};

/* Whether an answer to a meeting is all that changed. */
static bool only_the_answer(const struct eas_node *base, const struct eas_node *mine)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    bool only = true;

    item_same(EAS_CALENDAR, base, mine, names);
    for (guint i = 0; i < names->len && only; i++) {
        only = false;
        for (size_t k = 0; k < G_N_ELEMENTS(ours); k++)
            only |= !strcmp(names->pdata[i], ours[k]);
    }
    return only;
}

const char judge_invites[] =
    "it would mail the attendees; mount with -o send_invitations, or set send-invitations = yes, to allow that";

static void check_meeting(struct editor *editor, const struct eas_node *base, struct verdict *verdict)
{
    g_autofree char *address = editor_address(editor);
    bool invitation = verdict->method && !strcmp(verdict->method, "REQUEST");

    if (invitation && base) {
        /* Nothing but the own answer is taken from an invitation to what is known, however much else is new in it. */
        verdict->act = meeting_invited(base, verdict->written.data, address, &verdict->response);
        verdict->unchanged = true;
        return;
    }
    verdict->act = meeting_act(base, verdict->written.data, address, &verdict->response);
    if (verdict->act == MEETING_RESPOND && base)
        verdict->unchanged = only_the_answer(base, verdict->written.data);
    if (verdict->act == MEETING_ORGANISE && !editor->config.send_invitations)
        object(verdict, -EPERM, "%s", judge_invites);
    /* From 16.0 on an event is of whoever sends it, and the server invites whom it names. */
    if (verdict->act == MEETING_FOREIGN && !base && editor_version(editor) >= EAS_16_0)
        object(verdict, -EINVAL,
               "it is somebody else's event (ORGANIZER), which this server would make yours; remove ORGANIZER and "
               "ATTENDEE to keep it as your own");
    if (verdict->act == MEETING_FOREIGN && base)
        object(verdict, -EINVAL, "only the organiser can change this meeting; change your own PARTSTAT, or remove it");
}

/* Calendar UIDs are the server's below 16.0: an event with another is another event. */
static void check_identity(struct editor *editor, enum eas_class class, const struct item *item,
                           struct verdict *verdict)
{
    if (class != EAS_CALENDAR || !item || !verdict->written.uid || !item->uid || !*item->uid)
        return;
    verdict->replaces = strcmp(verdict->written.uid, item->uid) != 0;
    (void)editor;
}

void judge(struct editor *editor, const struct place *place, GBytes *bytes, const struct item *item, GBytes *base,
           int64_t ino, struct verdict *verdict)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autofree char *address = editor_address(editor);
    struct file_context context = {.uid = item ? item->uid : NULL,
                                   .user = address,
                                   .home_zone = editor->config.home_zone,
                                   .vcard_version = editor->config.vcard_version ? editor->config.vcard_version : 3,
                                   .version = editor_version(editor),
                                   .now = editor_now_ns() / 1000000000};
    g_autoptr(eas_node) before = node_of(base);

    *verdict = (struct verdict){0};
    if (!file_read(place->class, data, size, &context, &verdict->written, &verdict->reason)) {
        verdict->error = -EINVAL;
        if (!verdict->reason)
            verdict->reason = g_strdup("it cannot be read");
        return;
    }
    check_double(editor, place, item, ino, verdict);
    check_identity(editor, place->class, item, verdict);
    if (verdict->replaces)
        g_clear_pointer(&before, eas_node_free);
    verdict->unchanged = before && item_same(place->class, before, verdict->written.data, NULL);
    if (place->class != EAS_CALENDAR)
        return;
    verdict->method = file_method(data, size);
    check_method(editor, item, verdict);
    check_meeting(editor, before, verdict);
}

int judge_removal(struct editor *editor, const struct item *item)
{
    g_autofree char *address = editor_address(editor);
    g_autoptr(eas_node) base = item->class == EAS_CALENDAR ? node_of(item->props) : NULL;
    int response;

    if (!base || editor->config.send_invitations)
        return 0;
    return meeting_act(base, NULL, address, &response) == MEETING_ORGANISE ? -EPERM : 0;
}
