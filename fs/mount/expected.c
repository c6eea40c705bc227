#include "fs/mount/expected.h"

#include <string.h>

#include "fs/mount/folders.h"

enum stage { STAGE_NONE, STAGE_ARMED, STAGE_OPENED, STAGE_SIZED, STAGE_DONE };

struct expected {
    GMutex lock; /* over all that follows */
    enum stage stage;
    const struct self_op *op; /* valid unless STAGE_NONE */
    pid_t asker;
    int64_t size;
};

void self_op_free(struct self_op *op)
{
    g_free(op->name);
    g_free(op->old_name);
    g_clear_pointer(&op->way, g_array_unref);
    g_clear_pointer(&op->old_way, g_array_unref);
    g_free(op);
}

struct expected *expected_new(void)
{
    struct expected *expected = g_new0(struct expected, 1);

    g_mutex_init(&expected->lock);
    return expected;
}

void expected_free(struct expected *expected)
{
    g_mutex_clear(&expected->lock);
    g_free(expected);
}

void expected_arm(struct expected *expected, const struct self_op *op, pid_t asker)
{
    g_mutex_lock(&expected->lock);
    expected->op = op;
    expected->asker = asker;
    expected->stage = STAGE_ARMED;
    g_mutex_unlock(&expected->lock);
}

void expected_disarm(struct expected *expected)
{
    g_mutex_lock(&expected->lock);
    expected->op = NULL;
    expected->stage = STAGE_NONE;
    g_mutex_unlock(&expected->lock);
}

static bool is_place(uint64_t parent, const char *name, uint64_t other_parent, const char *other_name)
{
    return parent == other_parent && strcmp(name, other_name) == 0;
}

static const struct folder_step *step_find(const GArray *way, uint64_t parent, const char *name)
{
    for (guint i = 0; way && i < way->len; i++) {
        const struct folder_step *step = &g_array_index(way, struct folder_step, i);

        if (is_place(parent, name, step->parent, step->name))
            return step;
    }
    return NULL;
}

/* Before the operation; the steps first, for a directory may be moved to where it was another's step. */
static enum expected_look look(const struct self_op *op, uint64_t parent, const char *name, uint64_t *ino,
                               bool *directory)
{
    const struct folder_step *step = step_find(op->way, parent, name);
    bool moves = op->kind == CHANGE_MOVE;

    step = step ? step : step_find(op->old_way, parent, name);
    if (step) {
        *ino = step->ino;
        *directory = true;
        return LOOK_PRESENT;
    }
    *ino = op->ino;
    *directory = op->directory;
    if (moves && is_place(parent, name, op->old_parent, op->old_name))
        return LOOK_PRESENT;
    if (!is_place(parent, name, op->parent, op->name))
        return LOOK_STORE;
    return moves || op->kind == CHANGE_CREATE ? LOOK_ABSENT : LOOK_PRESENT;
}

enum expected_look expected_lookup(struct expected *expected, pid_t asker, uint64_t parent, const char *name,
                                   uint64_t *ino, bool *directory)
{
    enum expected_look found = LOOK_STORE;

    g_mutex_lock(&expected->lock);
    if (expected->stage != STAGE_NONE && expected->stage != STAGE_DONE && expected->asker == asker)
        found = look(expected->op, parent, name, ino, directory);
    g_mutex_unlock(&expected->lock);
    return found;
}

static bool is_on_way(const GArray *way, uint64_t ino)
{
    for (guint i = 0; way && i < way->len; i++)
        if (g_array_index(way, struct folder_step, i).ino == ino)
            return true;
    return false;
}

bool expected_getattr(struct expected *expected, pid_t asker, uint64_t ino, bool *directory)
{
    bool is = false;

    g_mutex_lock(&expected->lock);
    if (expected->stage != STAGE_NONE && expected->asker == asker) {
        bool on_way = is_on_way(expected->op->way, ino) || is_on_way(expected->op->old_way, ino);

        is = on_way || expected->op->ino == ino;
        *directory = on_way || expected->op->directory;
    }
    g_mutex_unlock(&expected->lock);
    return is;
}

/* Under the lock: goes on to the next stage if this is it. */
static bool take(struct expected *expected, bool is, enum stage next)
{
    if (is)
        expected->stage = next;
    return is;
}

static bool is_expected(const struct expected *expected, pid_t asker, enum stage stage, enum change_kind kind)
{
    return expected->stage == stage && expected->op->kind == kind && expected->asker == asker;
}

bool expected_create(struct expected *expected, pid_t asker, uint64_t parent, const char *name, bool directory,
                     uint64_t *ino)
{
    bool is;

    g_mutex_lock(&expected->lock);
    is = is_expected(expected, asker, STAGE_ARMED, CHANGE_CREATE) && expected->op->directory == directory &&
         is_place(parent, name, expected->op->parent, expected->op->name);
    if (take(expected, is, STAGE_DONE))
        *ino = expected->op->ino;
    g_mutex_unlock(&expected->lock);
    return is;
}

bool expected_remove(struct expected *expected, pid_t asker, uint64_t parent, const char *name, bool directory)
{
    bool is;

    g_mutex_lock(&expected->lock);
    is = is_expected(expected, asker, STAGE_ARMED, CHANGE_DELETE) && expected->op->directory == directory &&
         is_place(parent, name, expected->op->parent, expected->op->name);
    take(expected, is, STAGE_DONE);
    g_mutex_unlock(&expected->lock);
    return is;
}

bool expected_rename(struct expected *expected, pid_t asker, uint64_t old_parent, const char *old_name, uint64_t parent,
                     const char *name)
{
    bool is;

    g_mutex_lock(&expected->lock);
    is = is_expected(expected, asker, STAGE_ARMED, CHANGE_MOVE) &&
         is_place(old_parent, old_name, expected->op->old_parent, expected->op->old_name) &&
         is_place(parent, name, expected->op->parent, expected->op->name);
    take(expected, is, STAGE_DONE);
    g_mutex_unlock(&expected->lock);
    return is;
}

bool expected_open(struct expected *expected, pid_t asker, uint64_t ino)
{
    bool is;

    g_mutex_lock(&expected->lock);
    is = is_expected(expected, asker, STAGE_ARMED, CHANGE_BYTES) && expected->op->ino == ino;
    take(expected, is, STAGE_OPENED);
    g_mutex_unlock(&expected->lock);
    return is;
}

void expected_size(struct expected *expected, int64_t size)
{
    g_mutex_lock(&expected->lock);
    if (take(expected, expected->stage == STAGE_OPENED, STAGE_SIZED))
        expected->size = size;
    g_mutex_unlock(&expected->lock);
}

bool expected_truncate(struct expected *expected, pid_t asker, uint64_t ino, int64_t size)
{
    bool is;

    g_mutex_lock(&expected->lock);
    is = is_expected(expected, asker, STAGE_SIZED, CHANGE_BYTES) && expected->op->ino == ino && expected->size == size;
    take(expected, is, STAGE_DONE);
    g_mutex_unlock(&expected->lock);
    return is;
}
