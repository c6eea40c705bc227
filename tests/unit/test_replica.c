/* The replica against a server that behaves: a first sync, later passes, selection, folders that come and
 * go. Catches: a body that is not the server's bytes, an item asked for twice, more requests than needed,
 * a change applied to the wrong file, an inode or name that moves, a filter that is not asked for. */
#include <string.h>

#include "tests/unit/lib/replica_rig.h"

static int up(void **state)
{
    struct replica_rig *rig = g_new0(struct replica_rig, 1);

    replica_rig_up(rig);
    *state = rig;
    return 0;
}

static int down(void **state)
{
    replica_rig_down(*state);
    g_free(*state);
    return 0;
}

static struct fake_folder *inbox(struct replica_rig *rig)
{
    return fake_find(rig->mailbox, "Inbox");
}

static void fill(struct replica_rig *rig, const char *folder, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *subject = g_strdup_printf("%s %03u", folder, i);

        fake_mail(rig->mailbox, fake_find(rig->mailbox, folder), subject, "text");
    }
}

static void everything_comes_once(void **state)
{
    struct replica_rig *rig = *state;

    fill(rig, "Inbox", 700);
    fill(rig, "Sent Items", 40);
    fake_other(rig->mailbox, fake_find(rig->mailbox, "Calendar"), "standup");
    fake_other(rig->mailbox, fake_find(rig->mailbox, "Contacts"), "Jane Doe");
    replica_rig_open(rig);
    replica_rig_sync(rig);
    replica_rig_equal(rig);
    assert_int_equal(replica_rig_count(rig, "Calendar"), 1);
    assert_true(replica_rig_find(rig, "Contacts", "Jane Doe.vcf") > 0);
    for (guint i = 0; i < inbox(rig)->items->len; i++)
        assert_int_equal(((struct fake_item *)inbox(rig)->items->pdata[i])->given, 1);
    assert_int_equal(script_server_count(rig->mailbox->server, "ItemOperations"), 0);
}

static void a_pass_with_nothing_to_do_is_one_sync(void **state)
{
    struct replica_rig *rig = *state;

    fill(rig, "Inbox", 3);
    replica_rig_open(rig);
    replica_rig_sync(rig);
    unsigned before = rig->mailbox->syncs;

    replica_rig_sync(rig);
    assert_int_equal(rig->mailbox->syncs - before, 1);
}

static void changes_are_applied(void **state)
{
    struct replica_rig *rig = *state;
    struct fake_item *first, *second;
    char value[8];

    fill(rig, "Inbox", 3);
    replica_rig_open(rig);
    replica_rig_sync(rig);
    first = inbox(rig)->items->pdata[0];
    second = inbox(rig)->items->pdata[1];
    uint64_t ino = replica_rig_find(rig, "Mail/Inbox", "Inbox 000");

    assert_int_equal(view_getxattr(rig->view, ino, "user.eas.read", value, sizeof value), 1);
    assert_int_equal(value[0], '0');
    first->read = 1;
    fake_change(rig->mailbox, inbox(rig), first, FAKE_CHANGE);
    fake_change(rig->mailbox, inbox(rig), second, FAKE_DELETE);
    fake_mail(rig->mailbox, inbox(rig), "new one", "text");
    replica_rig_sync(rig);
    replica_rig_equal(rig);
    assert_int_equal(view_getxattr(rig->view, ino, "user.eas.read", value, sizeof value), 1);
    assert_int_equal(value[0], '1');
    assert_int_equal(replica_rig_find(rig, "Mail/Inbox", "Inbox 000"), ino);
}

/* Servers send the whole message again for a mere flag, and some build it anew: the first copy stays. */
static void a_flag_does_not_change_the_bytes(void **state)
{
    struct replica_rig *rig = *state;

    rig->mailbox->rebuilds = true;
    fill(rig, "Inbox", 1);
    replica_rig_open(rig);
    replica_rig_sync(rig);
    uint64_t ino = replica_rig_find(rig, "Mail/Inbox", "Inbox 000");
    g_autoptr(GBytes) before = replica_rig_bytes(rig, ino);
    struct view_attr attr, after;

    view_getattr(rig->view, ino, &attr);
    fake_change(rig->mailbox, inbox(rig), inbox(rig)->items->pdata[0], FAKE_WHOLE_CHANGE);
    replica_rig_sync(rig);
    g_autoptr(GBytes) again = replica_rig_bytes(rig, ino);

    view_getattr(rig->view, ino, &after);
    assert_true(g_bytes_equal(before, again));
    assert_int_equal(attr.ctime_ns, after.ctime_ns);
}

static void a_draft_that_was_edited_is_read_again(void **state)
{
    struct replica_rig *rig = *state;
    struct fake_folder *drafts = fake_find(rig->mailbox, "Drafts");
    struct fake_item *draft = fake_mail(rig->mailbox, drafts, "draft", "first words");

    replica_rig_open(rig);
    replica_rig_sync(rig);
    g_bytes_unref(draft->mime);
    draft->mime = g_bytes_new_static("Subject: draft\r\n\r\nother words\r\n", 31);
    fake_change(rig->mailbox, drafts, draft, FAKE_WHOLE_CHANGE);
    replica_rig_sync(rig);
    replica_rig_equal(rig);
}

/* A dead server changes nothing, and is asked again when somebody wants to know. */
static void an_unreachable_server_deletes_nothing(void **state)
{
    struct replica_rig *rig = *state;

    fill(rig, "Inbox", 5);
    replica_rig_open(rig);
    replica_rig_sync(rig);
    rig->mailbox->dead = true;
    struct eas_result result = replica_sync(rig->replica, SYNC_FULL, RIG_PATIENCE_MS);
    struct replica_status *status = replica_status(rig->replica);

    assert_int_equal(result.outcome, EAS_UNREACHABLE);
    assert_int_equal(result.exit_code, 75);
    assert_int_equal(status->state, REPLICA_OFFLINE);
    assert_string_not_equal(status->reason, "");
    replica_status_free(status);
    replica_rig_equal(rig);
    rig->mailbox->dead = false;
    replica_rig_sync(rig);
    replica_rig_equal(rig);
}

static void a_warm_replica_asks_nothing_to_be_ready(void **state)
{
    struct replica_rig *rig = *state;

    fill(rig, "Inbox", 5);
    replica_rig_open(rig);
    replica_rig_sync(rig);
    replica_rig_close(rig);
    rig->config = replica_rig_config(rig->dir, "");
    session_config_free(g_steal_pointer(&rig->config->server));
    replica_rig_open(rig);
    struct eas_result result = replica_wait_tree(rig->replica, 0);

    assert_true(eas_is_served(&result));
    replica_rig_equal(rig);
    result = replica_sync(rig->replica, 0, 1000);
    assert_int_equal(result.outcome, EAS_UNREACHABLE);
}

/* The first requests are answered 503. */
static bool busy_at_first(void *ctx, const struct script_request *request, unsigned number)
{
    struct fake_mailbox *mailbox = ctx;

    (void)request;
    mailbox->dead = number < 2;
    return true;
}

static void a_busy_server_is_waited_for(void **state)
{
    struct replica_rig *rig = *state;

    rig->mailbox->dead = true;
    rig->mailbox->at_request = busy_at_first;
    rig->mailbox->ctx = rig->mailbox;
    replica_rig_open(rig);
    struct eas_result result = replica_wait_tree(rig->replica, RIG_PATIENCE_MS);

    assert_string_equal(result.text, "");
    assert_true(eas_is_served(&result));
}

/* Within the time a server that is never found is told of at once, one that stays busy at the end of it. */
static void what_will_not_come_is_not_waited_for(void **state)
{
    struct replica_rig *rig = *state;

    rig->config = replica_rig_config(rig->dir, "http://127.0.0.1:1");
    replica_rig_open(rig);
    struct eas_result result = replica_wait_tree(rig->replica, G_MAXINT);

    assert_int_equal(result.outcome, EAS_UNREACHABLE);
    assert_non_null(strstr(result.text, "refuses connections"));
    replica_rig_close(rig);
    rig->mailbox->dead = true;
    replica_rig_open(rig);
    result = replica_wait_tree(rig->replica, 1500);
    assert_int_equal(result.http, 503);
    assert_int_equal(result.exit_code, 75);
}

static void only_what_is_selected_is_asked_for(void **state)
{
    struct replica_rig *rig = *state;
    g_autofree char *url = script_server_url(rig->mailbox->server);

    fill(rig, "Inbox", 5);
    fill(rig, "Sent Items", 5);
    rig->config = replica_rig_config(rig->dir, url);
    rig->config->classes = 1u << EAS_MAIL;
    rig->config->folders = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(rig->config->folders, g_strdup("Mail/S*"));
    replica_rig_open(rig);
    replica_rig_sync(rig);
    assert_int_equal(replica_rig_count(rig, "Mail/Sent Items"), 5);
    assert_int_equal(inbox(rig)->asked + fake_find(rig->mailbox, "Calendar")->asked, 0);
    replica_rig_close(rig);
    replica_rig_open(rig);
    replica_rig_sync(rig);
    replica_rig_equal(rig);
}

/* The text of the nth Sync request's first FilterType for a folder. */
static int filter_asked(struct replica_rig *rig, const char *folder_id)
{
    const struct script_request *request;
    int filter = -1;

    for (unsigned i = 0; (request = script_server_request(rig->mailbox->server, i)); i++) {
        g_autoptr(eas_node) root =
            strcmp(request->command, "Sync") ? NULL : eas_node_parse(request->body->data, request->body->len, NULL);
        const struct eas_node *list = eas_node_child(root, TAG_AirSync_Collections);

        for (const struct eas_node *each = list ? list->first : NULL; each; each = each->next)
            if (!g_strcmp0(eas_node_text(each, TAG_AirSync_CollectionId), folder_id))
                filter = (int)eas_node_number(eas_node_child(each, TAG_AirSync_Options), TAG_AirSync_FilterType, -1);
    }
    return filter;
}

static void since_is_asked_as_the_nearest_longer_window(void **state)
{
    struct replica_rig *rig = *state;
    g_autofree char *url = script_server_url(rig->mailbox->server);

    rig->config = replica_rig_config(rig->dir, url);
    rig->config->since = g_strdup("3d");
    replica_rig_open(rig);
    replica_rig_sync(rig);
    assert_int_equal(filter_asked(rig, inbox(rig)->id), 2);
    assert_int_equal(filter_asked(rig, fake_find(rig->mailbox, "Calendar")->id), 4);
    assert_int_equal(filter_asked(rig, fake_find(rig->mailbox, "Contacts")->id), -1);
}

static void folders_follow(void **state)
{
    struct replica_rig *rig = *state;

    replica_rig_open(rig);
    replica_rig_sync(rig);
    struct fake_folder *made = fake_folder(rig->mailbox, NULL, "Projects", 12);

    fake_mail(rig->mailbox, made, "plan", "text");
    fake_folder(rig->mailbox, "Projects", "..", 12);
    replica_rig_sync(rig);
    uint64_t dir = replica_rig_ino(rig, "Mail/Projects"), file = replica_rig_find(rig, "Mail/Projects", "plan");

    assert_true(dir > 0 && file > 0);
    assert_int_equal(replica_rig_count(rig, "Mail/Projects"), 2);
    g_free(made->name);
    made->name = g_strdup("Plans");
    rig->mailbox->place++;
    replica_rig_sync(rig);
    assert_int_equal(replica_rig_ino(rig, "Mail/Plans"), dir);
    assert_int_equal(replica_rig_find(rig, "Mail/Plans", "plan"), file);
    assert_int_equal(replica_rig_ino(rig, "Mail/Projects"), 0);
    fake_folder_remove(rig->mailbox, fake_find(rig->mailbox, ".."));
    fake_folder_remove(rig->mailbox, made);
    replica_rig_sync(rig);
    assert_int_equal(replica_rig_ino(rig, "Mail/Plans"), 0);
}

static void a_loop_of_folders_hangs_nothing(void **state)
{
    struct replica_rig *rig = *state;
    struct fake_folder *a = fake_folder(rig->mailbox, NULL, "A", 12), *b = fake_folder(rig->mailbox, "A", "B", 12);

    g_free(a->parent);
    a->parent = g_strdup(b->id);
    fake_mail(rig->mailbox, a, "in a loop", "text");
    replica_rig_open(rig);
    replica_rig_sync(rig);
    struct replica_status *status = replica_status(rig->replica);
    int64_t items = 0;

    for (guint i = 0; i < status->folders->len; i++)
        items += g_array_index(status->folders, struct replica_folder, i).items;
    replica_status_free(status);
    assert_int_equal(items, 1);
}

static void a_uid_is_made_once(void **state)
{
    struct replica_rig *rig = *state;

    fake_other(rig->mailbox, fake_find(rig->mailbox, "Contacts"), "Jane Doe");
    replica_rig_open(rig);
    replica_rig_sync(rig);
    uint64_t ino = replica_rig_find(rig, "Contacts", "Jane Doe.vcf");
    g_autoptr(GBytes) before = replica_rig_bytes(rig, ino);

    assert_non_null(g_strstr_len(g_bytes_get_data(before, NULL), (gssize)g_bytes_get_size(before), "urn:uuid:"));
    struct eas_result result = replica_sync(rig->replica, SYNC_FULL, RIG_PATIENCE_MS);

    assert_true(eas_is_served(&result));
    g_autoptr(GBytes) after = replica_rig_bytes(rig, replica_rig_find(rig, "Contacts", "Jane Doe.vcf"));

    assert_int_equal(replica_rig_find(rig, "Contacts", "Jane Doe.vcf"), ino);
    assert_true(g_bytes_equal(before, after));
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, up, down)
    const struct CMUnitTest tests[] = {
        ROW(everything_comes_once),
        ROW(a_pass_with_nothing_to_do_is_one_sync),
        ROW(changes_are_applied),
        ROW(a_flag_does_not_change_the_bytes),
        ROW(a_draft_that_was_edited_is_read_again),
        ROW(an_unreachable_server_deletes_nothing),
        ROW(a_warm_replica_asks_nothing_to_be_ready),
        ROW(a_busy_server_is_waited_for),
        ROW(what_will_not_come_is_not_waited_for),
        ROW(only_what_is_selected_is_asked_for),
        ROW(since_is_asked_as_the_nearest_longer_window),
        ROW(folders_follow),
        ROW(a_loop_of_folders_hangs_nothing),
        ROW(a_uid_is_made_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
