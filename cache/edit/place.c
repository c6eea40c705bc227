/* What a name may be where (CONTRACT 2). */
#include <errno.h>
#include <string.h>

#include "cache/edit/editor.h"
#include "codec/files/names.h"
#include "codec/limits.h"

void place_clear(struct place *place)
{
    collection_clear(&place->collection);
}

/* Deleted Items may hold folders that were moved there. */
static bool is_deleted(struct store *store, const struct collection *collection)
{
    bool deleted = collection->type == EAS_FOLDER_DELETED;
    g_autofree char *parent = g_strdup(collection->parent_id);

    for (int depth = 0; !deleted && depth < LIMIT_FOLDER_DEPTH; depth++) {
        struct collection above = {0};

        if (store_collection_find(store, parent, &above))
            break;
        deleted = above.type == EAS_FOLDER_DELETED;
        g_free(parent);
        parent = g_strdup(above.parent_id);
        collection_clear(&above);
    }
    return deleted;
}

int place_read(struct editor *editor, int64_t dir, struct place *place)
{
    struct file_row row = {0};
    int error = store_file_get(editor->store, dir, &row);

    *place = (struct place){.dir = dir, .class = EAS_NO_CLASS};
    if (!error && row.kind != FILE_DIRECTORY)
        error = -ENOTDIR;
    if (!error) {
        place->class = row.class;
        place->outbox = dir == store_place(editor->store, PLACE_OUTBOX);
        error = store_collection_of(editor->store, dir, &place->collection);
        error = error == -ENOENT ? 0 : error;
    }
    if (!error && place->collection.id) {
        place->drafts = place->collection.type == EAS_FOLDER_DRAFTS;
        place->deleted = is_deleted(editor->store, &place->collection);
    }
    file_row_clear(&row);
    return error;
}

/* The class whose ending a name has; EAS_NO_CLASS for none. Names with a leading dot have none. Calendar, Tasks and
 * Notes share theirs: here it is that of the place if that fits. */
static enum eas_class class_of_name(const char *name, enum eas_class here)
{
    if (*name == '.')
        return EAS_NO_CLASS;
    if (here < EAS_CLASSES && g_str_has_suffix(name, eas_classes[here].ending))
        return here;
    for (int class = 0; class < EAS_CLASSES; class ++)
        if (g_str_has_suffix(name, eas_classes[class].ending))
            return (enum eas_class) class;
    return EAS_NO_CLASS;
}

int place_use(const struct place *place, const char *name)
{
    enum eas_class class = class_of_name(name, place->outbox ? EAS_MAIL : place->class);

    if (strlen(name) > LIMIT_USER_NAME_BYTES)
        return -ENAMETOOLONG;
    if (!name_is_allowed(name))
        return -EINVAL;
    if (place->outbox)
        return class == EAS_MAIL ? USE_LETTER : class == EAS_NO_CLASS ? USE_SCRATCH : -EPERM;
    if (place->class == EAS_NO_CLASS)
        return -EPERM;
    if (place->class == EAS_MAIL && !place->drafts)
        return *name == '.' || g_str_has_suffix(name, "~") ? USE_SCRATCH : -EPERM;
    if (class == EAS_NO_CLASS)
        return USE_SCRATCH;
    if (class != place->class || !place->collection.id)
        return -EPERM;
    return place->drafts ? USE_DRAFT : USE_ITEM;
}
