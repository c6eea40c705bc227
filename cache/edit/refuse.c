/* A request that is refused leaves nothing but its reason: in .easfs/errors, and on the scratch file that was to become
 * an item (CONTRACT 5). */
#include "cache/edit/editor.h"

static void refusal_clear(struct refusal *refusal)
{
    g_free(refusal->path);
    g_free(refusal->server_id);
    g_free(refusal->text);
    *refusal = (struct refusal){0};
}

void refuse(struct editor *editor, int64_t dir, const char *name, const struct item *item, int64_t ino,
            const char *text)
{
    g_autofree char *above = store_path(editor->store, dir);

    refusal_clear(&editor->refusal);
    editor->refusal.path = g_strdup_printf("%s%s%s", above ? above : "", above && *above ? "/" : "", name);
    editor->refusal.server_id = item ? g_strdup(item->server_id) : NULL;
    editor->refusal.text = g_strdup(text);
    editor->refusal.ino = ino;
}

/* Of no consequence where the disk does not take it: it is told in any case. */
static void mark(struct editor *editor, const struct refusal *refusal)
{
    if (!refusal->ino || store_begin_own(editor->store))
        return;
    if (store_refused_set(editor->store, refusal->ino, refusal->text))
        store_rollback(editor->store);
    else
        store_commit(editor->store);
}

void refuse_tell(struct editor *editor, bool failed)
{
    const struct refusal *refusal = &editor->refusal;

    if (failed && refusal->text) {
        mark(editor, refusal);
        store_tell_reason(editor->store, refusal->path, refusal->server_id, refusal->text);
    }
    refusal_clear(&editor->refusal);
}
