#include "tests/unit/lib/fake_ping.h"

#include "tests/unit/lib/fake_mailbox.h"

void fake_ping_init(struct fake_ping *ping)
{
    ping->posted = g_array_new(FALSE, TRUE, sizeof(struct fake_ping_answer));
    ping->asked = g_ptr_array_new_with_free_func(g_free);
}

void fake_ping_clear(struct fake_ping *ping)
{
    g_array_unref(ping->posted);
    g_ptr_array_unref(ping->asked);
}

void fake_ping_post(struct fake_mailbox *mailbox, int status, const char *folder, int value)
{
    struct fake_ping_answer answer = {status, folder, value};

    g_mutex_lock(&mailbox->lock);
    g_array_append_val(mailbox->ping.posted, answer);
    g_mutex_unlock(&mailbox->lock);
    script_server_wake(mailbox->server);
}

void fake_ping_forever(struct fake_mailbox *mailbox, int status, const char *folder, int value)
{
    g_mutex_lock(&mailbox->lock);
    mailbox->ping.stuck = true;
    mailbox->ping.forever = (struct fake_ping_answer){status, folder, value};
    g_mutex_unlock(&mailbox->lock);
    script_server_wake(mailbox->server);
}

unsigned fake_ping_count(struct fake_mailbox *mailbox)
{
    g_mutex_lock(&mailbox->lock);
    unsigned count = mailbox->ping.asked->len;

    g_mutex_unlock(&mailbox->lock);
    return count;
}

char *fake_ping_asked(struct fake_mailbox *mailbox, unsigned n)
{
    g_mutex_lock(&mailbox->lock);
    char *asked = n < mailbox->ping.asked->len ? g_strdup(mailbox->ping.asked->pdata[n]) : NULL;

    g_mutex_unlock(&mailbox->lock);
    return asked;
}

static void note(struct fake_ping *ping, const struct eas_node *root)
{
    const struct eas_node *folders = eas_node_child(root, TAG_Ping_Folders);
    GString *line = g_string_new(NULL);

    g_string_printf(line, "%d:", (int)eas_node_number(root, TAG_Ping_HeartbeatInterval, 0));
    for (const struct eas_node *each = folders ? folders->first : NULL; each; each = each->next)
        g_string_append_printf(line, " %s", eas_node_text(each, TAG_Ping_Id));
    g_ptr_array_add(ping->asked, g_string_free(line, FALSE));
}

static void add_number(struct eas_node *node, eas_tag tag, int number)
{
    g_autofree char *text = g_strdup_printf("%d", number);

    eas_node_add(node, tag, text);
}

static void write_answer(const struct fake_ping_answer *answer, struct script_reply *reply)
{
    if (answer->status == FAKE_PING_CUT) {
        reply->close = true;
        return;
    }
    if (answer->status < 0) {
        script_reply_http(reply, -answer->status, NULL, "", 0);
        return;
    }
    struct eas_node *root = eas_node_new(TAG_Ping_Ping, NULL);

    if (answer->status)
        add_number(root, TAG_Ping_Status, answer->status);
    if (answer->status == 5)
        add_number(root, TAG_Ping_HeartbeatInterval, answer->value);
    if (answer->status == 6)
        add_number(root, TAG_Ping_MaxFolders, answer->value);
    if (answer->folder)
        eas_node_add(eas_node_add(root, TAG_Ping_Folders, NULL), TAG_Ping_Folder, answer->folder);
    script_reply_document(reply, NULL, root);
}

void fake_ping_answer(struct fake_ping *ping, const struct eas_node *root, bool again, struct script_reply *reply)
{
    if (!again)
        note(ping, root);
    if (ping->posted->len) {
        struct fake_ping_answer answer = g_array_index(ping->posted, struct fake_ping_answer, 0);

        g_array_remove_index(ping->posted, 0);
        write_answer(&answer, reply);
    } else if (ping->stuck) {
        write_answer(&ping->forever, reply);
    } else {
        reply->later = true;
    }
}
