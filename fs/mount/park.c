#include "fs/mount/park.h"

#include <errno.h>
#include <glib.h>

#include "codec/limits.h"
#include "fs/mount/opens.h"
#include "fs/mount/ops.h"

struct park {
    struct mount *mount;
    GMutex lock; /* over view: fetch workers are several */
    struct view *view;
};

enum parked_kind { PARKED_OPEN, PARKED_READ, PARKED_TRUNCATE };

struct parked {
    struct park *park;
    fuse_req_t req;
    fuse_ino_t ino;
    enum parked_kind kind; /* a READ: of a mount without opens */
    size_t size;
    off_t offset; /* of a READ; the size to be of a truncation */
    struct fuse_file_info file;
    int references;   /* the dispatcher's until the ticket is stored, and the fetch worker's */
    uint64_t ticket;  /* written and read by the dispatcher alone */
    bool interrupted; /* before there was a ticket */
};

struct park *park_new(struct mount *mount)
{
    struct view *view = replica_view(mount->replica);
    struct park *park;

    if (!view)
        return NULL;
    park = g_new0(struct park, 1);
    park->mount = mount;
    park->view = view;
    g_mutex_init(&park->lock);
    return park;
}

void park_free(struct park *park)
{
    view_free(park->view);
    g_mutex_clear(&park->lock);
    g_free(park);
}

static void parked_unref(struct parked *parked)
{
    if (g_atomic_int_dec_and_test(&parked->references))
        g_free(parked);
}

static void parked_reply_read(struct parked *parked)
{
    g_autofree char *buffer = g_malloc(MAX(parked->size, 1));
    ssize_t got = view_read(parked->park->view, parked->ino, buffer, parked->size, parked->offset);

    if (got < 0)
        fuse_reply_err(parked->req, got == -EAGAIN ? EIO : (int)-got);
    else
        fuse_reply_buf(parked->req, buffer, (size_t)got);
}

static void parked_reply_open(struct parked *parked)
{
    int error = open_reply(parked->req, parked->ino, parked->park->view, &parked->file);

    if (error)
        fuse_reply_err(parked->req, error == -EAGAIN ? EIO : -error);
}

static void parked_truncate(struct parked *parked)
{
    int error = size_by_name(parked->park->mount, parked->park->view, parked->req, parked->ino, parked->offset);

    if (error)
        fuse_reply_err(parked->req, error == -EAGAIN ? EIO : -error);
}

/* On a fetch worker. */
static void parked_done(void *ctx, int error)
{
    static void (*const kinds[])(struct parked *) = {
        [PARKED_OPEN] = parked_reply_open,
        [PARKED_READ] = parked_reply_read,
        [PARKED_TRUNCATE] = parked_truncate,
    };
    struct parked *parked = ctx;
    struct park *park = parked->park;

    /* Waits for an interrupt being handled, and lets no other begin. */
    fuse_req_interrupt_func(parked->req, NULL, NULL);
    /* Whoever did not interrupt it hears that it failed: the mount ends, or was wiped. */
    if (error == -EINTR && !fuse_req_interrupted(parked->req))
        error = -EIO;
    g_mutex_lock(&park->lock);
    if (error)
        fuse_reply_err(parked->req, -error);
    else
        kinds[parked->kind](parked);
    g_mutex_unlock(&park->lock);
    parked_unref(parked);
}

/* On the dispatcher, which alone hears of interrupts. */
static void parked_interrupt(fuse_req_t req, void *ctx)
{
    struct parked *parked = ctx;

    (void)req;
    if (parked->ticket)
        replica_cancel(parked->park->mount->replica, parked->ticket);
    else
        parked->interrupted = true;
}

static void park_fetch(struct parked *parked)
{
    parked->references = 2;
    fuse_req_interrupt_func(parked->req, parked_interrupt, parked);
    if (parked->interrupted) {
        parked->references = 1;
        parked_done(parked, -EINTR);
        return;
    }
    parked->ticket = replica_fetch(parked->park->mount->replica, parked->ino, LIMIT_CONTENT_MS, parked_done, parked);
    parked_unref(parked);
}

void park_open(struct park *park, fuse_req_t req, fuse_ino_t ino, const struct fuse_file_info *file)
{
    struct parked *parked = g_new0(struct parked, 1);

    *parked = (struct parked){.park = park, .req = req, .ino = ino, .file = *file};
    park_fetch(parked);
}

void park_read(struct park *park, fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset)
{
    struct parked *parked = g_new0(struct parked, 1);

    *parked =
        (struct parked){.park = park, .req = req, .ino = ino, .kind = PARKED_READ, .size = size, .offset = offset};
    park_fetch(parked);
}

void park_truncate(struct park *park, fuse_req_t req, fuse_ino_t ino, int64_t size)
{
    struct parked *parked = g_new0(struct parked, 1);

    *parked = (struct parked){.park = park, .req = req, .ino = ino, .kind = PARKED_TRUNCATE, .offset = size};
    park_fetch(parked);
}
