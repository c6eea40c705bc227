#include "codec/files/files.h"

#include "codec/files/contact.h"
#include "codec/files/mailbox.h"

static char *subject(const struct eas_node *data, eas_tag tag)
{
    const char *text = eas_node_text(data, tag);

    return g_strdup(text ? text : "");
}

static char *mail_title(const struct eas_node *data)
{
    const char *written = eas_node_text(data, TAG_Email_Subject);
    g_autofree char *about = mailbox_decode(written ? written : "");
    g_autofree char *name = NULL;
    g_autofree char *address = NULL;

    mailbox_split(eas_node_text(data, TAG_Email_From), &name, &address);
    g_strstrip(about);

    const char *from = *name ? name : *address ? address : "unknown sender";
    return g_strdup_printf("%s - %s", from, *about ? about : "no subject");
}

static char *event_title(const struct eas_node *data)
{
    return subject(data, TAG_Calendar_Subject);
}

static char *task_title(const struct eas_node *data)
{
    return subject(data, TAG_Tasks_Subject);
}

static char *note_title(const struct eas_node *data)
{
    return subject(data, TAG_Notes_Subject);
}

typedef GBytes *write_fn(const struct eas_node *data, const struct file_context *context, char **reason);

static const struct {
    write_fn *write;
    char *(*title)(const struct eas_node *data);
    eas_tag uid; /* EAS_TAG_NONE: the class has no identity of its own */
} translations[EAS_CLASSES] = {
    [EAS_MAIL] = {file_from_mail, mail_title, EAS_TAG_NONE},
    [EAS_CALENDAR] = {file_from_event, event_title, TAG_Calendar_UID},
    [EAS_CONTACTS] = {file_from_contact, contact_full_name, EAS_TAG_NONE},
    [EAS_TASKS] = {file_from_task, task_title, EAS_TAG_NONE},
    [EAS_NOTES] = {file_from_note, note_title, EAS_TAG_NONE},
};

GBytes *file_from_item(enum eas_class class, const struct eas_node *data, const struct file_context *context,
                       char **reason)
{
    return translations[class].write(data, context, reason);
}

char *file_title(enum eas_class class, const struct eas_node *data)
{
    return translations[class].title(data);
}

const char *file_uid(enum eas_class class, const struct eas_node *data)
{
    eas_tag tag = translations[class].uid;
    const char *uid = tag == EAS_TAG_NONE ? NULL : eas_node_text(data, tag);

    return uid && *uid ? uid : NULL;
}
