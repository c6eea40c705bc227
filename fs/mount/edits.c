#include "fs/mount/edits.h"

#include <errno.h>

#include "fs/mount/maildir.h"
#include "fs/mount/nodes.h"

struct asked *asked_new(struct mount *mount, fuse_req_t req, enum edit_kind kind, uint64_t parent, const char *name,
                        uint64_t new_parent, const char *new_name)
{
    struct asked *asked = g_new0(struct asked, 1);

    asked->mount = mount;
    asked->req = req;
    asked->edit.kind = kind;
    asked->edit.parent = parent;
    asked->edit.new_parent = new_parent;
    asked->edit.fd = -1;
    if (g_strlcpy(asked->edit.name, name ? name : "", sizeof asked->edit.name) >= sizeof asked->edit.name ||
        g_strlcpy(asked->edit.new_name, new_name ? new_name : "", sizeof asked->edit.new_name) >=
            sizeof asked->edit.new_name)
        asked->refused = -ENAMETOOLONG;
    if (mount->config->maildir && !asked->refused)
        asked->refused = maildir_place(mount, &asked->edit.parent, asked->edit.name);
    if (mount->config->maildir && !asked->refused)
        asked->refused = maildir_place(mount, &asked->edit.new_parent, asked->edit.new_name);
    return asked;
}

static void asked_done(struct edit *edit)
{
    struct asked *asked = edit->ctx;

    asked->reply(asked);
    edit_drop(edit);
    g_free(asked);
}

void edits_ask(struct asked *asked, void (*reply)(struct asked *asked))
{
    if (asked->refused) {
        fuse_reply_err(asked->req, -asked->refused);
        edit_drop(&asked->edit);
        g_free(asked);
        return;
    }
    asked->reply = reply;
    asked->edit.done = asked_done;
    asked->edit.ctx = asked;
    edit_submit(asked->mount->replica, &asked->edit);
}

void reply_error(struct asked *asked)
{
    fuse_reply_err(asked->req, -asked->edit.error);
}

void reply_entry(struct asked *asked)
{
    struct fuse_entry_param entry;

    if (asked->edit.error) {
        fuse_reply_err(asked->req, -asked->edit.error);
        return;
    }
    node_entry(asked->mount, &asked->edit.attr, &entry);
    if (asked->mount->config->maildir)
        entry.entry_timeout = 0;
    fuse_reply_entry(asked->req, &entry);
}

void reply_attr(struct asked *asked)
{
    struct stat st;

    if (asked->edit.error) {
        fuse_reply_err(asked->req, -asked->edit.error);
        return;
    }
    node_stat(asked->mount, &asked->attr, &st);
    fuse_reply_attr(asked->req, &st, 0);
}
