#include "contrib/easd/wipe.h"

#include <string.h>

#include "contrib/easd/command.h"

enum { STATUS_OK = 1 };

static const struct {
    const char *word;
    eas_tag tag;
    int from; /* the version that knows it: below, the whole device is meant */
} orders[] = {
    [WIPE_NONE] = {"none"},
    [WIPE_DEVICE] = {"device", TAG_Provision_RemoteWipe, 0},
    [WIPE_ACCOUNT] = {"account", TAG_Provision_AccountOnlyRemoteWipe, 161},
};

bool wipe_asked(const struct request *request)
{
    return request->mailbox->wipe != WIPE_NONE;
}

/* The device's report, or NULL. */
static const struct eas_node *find_report(const struct eas_node *root)
{
    const struct eas_node *report = eas_node_child(root, TAG_Provision_RemoteWipe);

    return report ? report : eas_node_child(root, TAG_Provision_AccountOnlyRemoteWipe);
}

bool wipe_answer(struct request *request, struct answer *answer)
{
    struct mailbox *mailbox = request->mailbox;
    const struct eas_node *report = find_report(request->root);
    enum wipe_kind kind = request->version >= orders[mailbox->wipe].from ? mailbox->wipe : WIPE_DEVICE;
    struct wbxml_writer wbxml;

    if (!wipe_asked(request))
        return false;
    if (report)
        mailbox->wiped = (int)eas_node_number(report, TAG_Provision_Status, 0);
    answer_begin(answer, &wbxml);
    wbxml_open(&wbxml, TAG_Provision_Provision);
    wbxml_number(&wbxml, TAG_Provision_Status, STATUS_OK);
    if (!report)
        wbxml_empty(&wbxml, orders[kind].tag);
    wbxml_close(&wbxml);
    return true;
}

bool wipe_order(struct mailbox *mailbox, const char *order)
{
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        if (strcmp(orders[i].word, order) != 0)
            continue;
        g_mutex_lock(&mailbox->lock);
        mailbox->wipe = (enum wipe_kind)i;
        mailbox->wiped = 0;
        g_cond_broadcast(&mailbox->changed);
        g_mutex_unlock(&mailbox->lock);
        return true;
    }
    return false;
}

char *wipe_tell(struct mailbox *mailbox)
{
    char *text;

    g_mutex_lock(&mailbox->lock);
    text = g_strdup_printf("{\"order\":\"%s\",\"acknowledged\":%d}\n", orders[mailbox->wipe].word, mailbox->wiped);
    g_mutex_unlock(&mailbox->lock);
    return text;
}
