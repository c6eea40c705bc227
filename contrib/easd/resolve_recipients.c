/* ResolveRecipients (MS-ASCMD 2.2.1.15): who is meant, and when they have time. Nobody here has a certificate. */
#include <string.h>

#include "contrib/easd/command.h"
#include "contrib/easd/edit.h"
#include "contrib/easd/event.h"
#include "contrib/easd/free_busy.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/people.h"
#include "contrib/easd/times.h"

enum { STATUS_OK = 1, STATUS_AMBIGUOUS = 2, STATUS_PARTIAL = 3, STATUS_NONE = 4, STATUS_PROTOCOL = 5 };
enum { TYPE_USER = 1, TYPE_CONTACT = 2, NO_CERTIFICATE = 7, NO_DATA = 163, WEEKS = 6 };

struct resolving {
    struct request *request;
    struct wbxml_writer wbxml;
    const struct eas_node *certificates, *availability;
    gint64 start, end, most;
    struct pictures pictures;
};

static int read_options(struct resolving *resolving, const struct eas_node *options)
{
    const struct eas_node *picture = eas_node_child(options, TAG_ResolveRecipients_Picture);

    resolving->certificates = eas_node_child(options, TAG_ResolveRecipients_CertificateRetrieval);
    resolving->availability = eas_node_child(options, TAG_ResolveRecipients_Availability);
    resolving->most = eas_node_number(options, TAG_ResolveRecipients_MaxAmbiguousRecipients, 9999);
    resolving->pictures =
        (struct pictures){.wanted = picture && resolving->request->version >= 141,
                          .max_size = eas_node_number(picture, TAG_ResolveRecipients_MaxSize, -1),
                          .max_count = eas_node_number(picture, TAG_ResolveRecipients_MaxPictures, -1)};
    if (!resolving->availability)
        return STATUS_OK;
    if (resolving->request->version < 140 ||
        !times_read(edit_text(resolving->availability, TAG_ResolveRecipients_StartTime), &resolving->start))
        return STATUS_PROTOCOL;
    if (!times_read(edit_text(resolving->availability, TAG_ResolveRecipients_EndTime), &resolving->end))
        resolving->end = resolving->start + 7 * 24 * 3600;
    return resolving->end > resolving->start && resolving->end - resolving->start <= WEEKS * 7 * 24 * 3600
               ? STATUS_OK
               : STATUS_PROTOCOL;
}

static void write_availability(struct resolving *resolving, const struct person *person)
{
    struct wbxml_writer *wbxml = &resolving->wbxml;

    if (!resolving->availability)
        return;
    wbxml_open(wbxml, TAG_ResolveRecipients_Availability);
    wbxml_number(wbxml, TAG_ResolveRecipients_Status, person->mailbox ? STATUS_OK : NO_DATA);
    if (person->mailbox) {
        g_autofree char *digits = free_busy(person->mailbox->root, resolving->start, resolving->end);

        wbxml_text(wbxml, TAG_ResolveRecipients_MergedFreeBusy, digits);
    }
    wbxml_close(wbxml);
}

static void write_recipient(struct resolving *resolving, const struct person *person)
{
    struct wbxml_writer *wbxml = &resolving->wbxml;

    wbxml_open(wbxml, TAG_ResolveRecipients_Recipient);
    wbxml_number(wbxml, TAG_ResolveRecipients_Type, person->mailbox ? TYPE_USER : TYPE_CONTACT);
    wbxml_text(wbxml, TAG_ResolveRecipients_DisplayName, person->texts[PERSON_DISPLAY_NAME]);
    wbxml_text(wbxml, TAG_ResolveRecipients_EmailAddress, person->texts[PERSON_EMAIL]);
    write_availability(resolving, person);
    if (resolving->certificates && strcmp(resolving->certificates->text, "1") != 0) {
        wbxml_open(wbxml, TAG_ResolveRecipients_Certificates);
        wbxml_number(wbxml, TAG_ResolveRecipients_Status, NO_CERTIFICATE);
        wbxml_close(wbxml);
    }
    person_write_picture(wbxml, person, &resolving->pictures, TAG_ResolveRecipients_Picture,
                         TAG_ResolveRecipients_Status, TAG_ResolveRecipients_Data);
    wbxml_close(wbxml);
}

/* A user is NAME@anything; then whose words begin so, as far as they have an address. */
static GPtrArray *find_recipients(const struct server *server, const char *to)
{
    GPtrArray *people = people_find(server, strchr(to, '@') ? "" : to);

    for (guint i = people->len; i-- > 0;) {
        const struct person *person = people->pdata[i];
        const char *address = person->texts[PERSON_EMAIL];
        bool meant = address && (!strchr(to, '@') || g_ascii_strcasecmp(address, to) == 0 ||
                                 (person->mailbox && meeting_is_owner(to, person->mailbox->user)));

        if (!meant)
            g_ptr_array_remove_index(people, i);
    }
    return people;
}

static void write_response(struct resolving *resolving, const char *to)
{
    struct wbxml_writer *wbxml = &resolving->wbxml;
    g_autoptr(GPtrArray) people = find_recipients(resolving->request->server, to);
    bool partial = people->len > 1 && people->len > resolving->most;

    wbxml_open(wbxml, TAG_ResolveRecipients_Response);
    wbxml_text(wbxml, TAG_ResolveRecipients_To, to);
    wbxml_number(wbxml, TAG_ResolveRecipients_Status,
                 people->len == 0   ? STATUS_NONE
                 : people->len == 1 ? STATUS_OK
                 : partial          ? STATUS_PARTIAL
                                    : STATUS_AMBIGUOUS);
    wbxml_number(wbxml, TAG_ResolveRecipients_RecipientCount, people->len);
    for (guint i = 0; i < people->len && (i == 0 ? people->len == 1 || resolving->most > 0 : i < resolving->most); i++)
        write_recipient(resolving, people->pdata[i]);
    wbxml_close(wbxml);
}

static int read_request(struct resolving *resolving, const struct eas_node *root)
{
    guint count = 0;
    bool right = true;

    for (const struct eas_node *node = root->first; node; node = node->next) {
        count += node->tag == TAG_ResolveRecipients_To;
        right &= node->tag == TAG_ResolveRecipients_To || node->tag == TAG_ResolveRecipients_Options;
        right &= node->tag != TAG_ResolveRecipients_To || (node->length > 0 && node->length <= 256);
    }
    if (!right || count == 0 || count > EASD_RECIPIENTS)
        return STATUS_PROTOCOL;
    return read_options(resolving, eas_node_child(root, TAG_ResolveRecipients_Options));
}

void run_resolve_recipients(struct request *request, struct answer *answer)
{
    struct resolving resolving = {.request = request};
    int status = read_request(&resolving, request->root);

    answer_begin(answer, &resolving.wbxml);
    wbxml_open(&resolving.wbxml, TAG_ResolveRecipients_ResolveRecipients);
    wbxml_number(&resolving.wbxml, TAG_ResolveRecipients_Status, status);
    for (const struct eas_node *node = request->root->first; status == STATUS_OK && node; node = node->next)
        if (node->tag == TAG_ResolveRecipients_To)
            write_response(&resolving, node->text);
    wbxml_close(&resolving.wbxml);
}
