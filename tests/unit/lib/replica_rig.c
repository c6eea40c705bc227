#include "tests/unit/lib/replica_rig.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void replica_rig_up(struct replica_rig *rig)
{
    *rig = (struct replica_rig){.mailbox = fake_new(), .dir = g_dir_make_tmp("replica-XXXXXX", NULL)};
    fake_folder(rig->mailbox, NULL, "Inbox", 2);
    fake_folder(rig->mailbox, NULL, "Drafts", 3);
    fake_folder(rig->mailbox, NULL, "Sent Items", 5);
    fake_folder(rig->mailbox, NULL, "Calendar", 8);
    fake_folder(rig->mailbox, NULL, "Contacts", 9);
}

static int remove_each(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

void replica_rig_down(struct replica_rig *rig)
{
    replica_rig_close(rig);
    replica_config_free(rig->config);
    fake_free(rig->mailbox);
    nftw(rig->dir, remove_each, 16, FTW_DEPTH | FTW_PHYS);
    g_free(rig->dir);
}

struct replica_config *replica_rig_config(const char *dir, const char *url)
{
    struct replica_config *config = g_new0(struct replica_config, 1);

    config->state_dir = g_build_filename(dir, "state", NULL);
    config->account = g_strdup("user@here.test");
    config->vcard_version = 3;
    config->server = g_new0(struct session_config, 1);
    config->server->server = g_strdup(url);
    config->server->user = g_strdup("user");
    config->server->password = g_strdup("secret");
    config->server->insecure_http = true;
    return config;
}

void replica_rig_open(struct replica_rig *rig)
{
    g_autofree char *url = script_server_url(rig->mailbox->server);
    struct replica_config *config = g_steal_pointer(&rig->config);
    struct eas_result result;

    rig->replica = replica_open(config ? config : replica_rig_config(rig->dir, url), &result);
    if (!rig->replica)
        fail_msg("%s", result.text);
    rig->view = replica_view(rig->replica);
    replica_start(rig->replica);
}

void replica_rig_close(struct replica_rig *rig)
{
    if (!rig->replica)
        return;
    replica_stop(rig->replica);
    view_free(rig->view);
    replica_close(rig->replica);
    rig->replica = NULL;
}

void replica_rig_sync(struct replica_rig *rig)
{
    struct eas_result result = replica_sync(rig->replica, 0, RIG_PATIENCE_MS);

    if (!eas_is_served(&result))
        fail_msg("%s", result.text);
}

uint64_t replica_rig_ino(struct replica_rig *rig, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    uint64_t ino = VIEW_ROOT;

    for (char **name = names; *name && ino; name++) {
        struct view_attr attr;

        ino = view_lookup(rig->view, ino, *name, &attr) == 0 ? attr.ino : 0;
    }
    return ino;
}

GBytes *replica_rig_bytes(struct replica_rig *rig, uint64_t ino)
{
    struct view_bytes held;

    if (!ino || view_open(rig->view, ino, &held) != 0)
        return NULL;
    char *bytes = g_malloc((gsize)held.size + 1);

    assert_int_equal(pread(held.fd, bytes, (size_t)held.size, held.offset), held.size);
    view_release(rig->view, &held);
    return g_bytes_new_take(bytes, (gsize)held.size);
}

struct search {
    const char *text;
    unsigned count;
    uint64_t ino;
};

static bool see(void *ctx, const char *name, const struct view_attr *attr, uint64_t next)
{
    struct search *search = ctx;

    (void)next;
    if (search->text && (attr->directory || !strstr(name, search->text)))
        return true;
    search->count++;
    search->ino = attr->ino;
    return true;
}

unsigned replica_rig_count(struct replica_rig *rig, const char *path)
{
    struct search search = {0};
    uint64_t ino = replica_rig_ino(rig, path);

    return ino && view_list(rig->view, ino, 0, see, &search) == 0 ? search.count : 0;
}

uint64_t replica_rig_find(struct replica_rig *rig, const char *path, const char *text)
{
    struct search search = {.text = text};
    uint64_t ino = replica_rig_ino(rig, path);

    return ino && view_list(rig->view, ino, 0, see, &search) == 0 && search.count == 1 ? search.ino : 0;
}

char *replica_rig_errors(struct replica_rig *rig)
{
    struct replica_status *status = replica_status(rig->replica);

    g_ptr_array_add(status->errors, NULL);
    char *lines = g_strjoinv("\n", (char **)status->errors->pdata);

    replica_status_free(status);
    return lines;
}

static void folder_equal(struct replica_rig *rig, const struct fake_folder *folder)
{
    g_autofree char *path = g_strdup_printf("Mail/%s", folder->name);
    unsigned count = 0;

    for (guint i = 0; i < folder->items->len; i++) {
        const struct fake_item *item = folder->items->pdata[i];
        g_autofree char *ending = g_strdup_printf("- %s.eml", item->subject);

        if (item->gone)
            continue;
        count++;
        g_autoptr(GBytes) bytes = replica_rig_bytes(rig, replica_rig_find(rig, path, ending));

        if (!bytes || !g_bytes_equal(bytes, item->mime))
            fail_msg("%s/%s is not the server's message", path, item->subject);
    }
    for (guint i = 0; i < rig->mailbox->folders->len; i++)
        count += !strcmp(((struct fake_folder *)rig->mailbox->folders->pdata[i])->parent, folder->id);
    assert_int_equal(replica_rig_count(rig, path), count);
}

void replica_rig_equal(struct replica_rig *rig)
{
    for (guint i = 0; i < rig->mailbox->folders->len; i++) {
        const struct fake_folder *each = rig->mailbox->folders->pdata[i];

        if (each->class == EAS_MAIL && !strcmp(each->parent, "0"))
            folder_equal(rig, each);
    }
}
