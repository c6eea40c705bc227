/* Directories: the root, one for each class, and one for each collection that is kept or has kept
 * ones below it. */
#include "cache/store/store_state.h"

#include <errno.h>
#include <string.h>

#include "codec/limits.h"

static int64_t class_directory(enum eas_class class)
{
    return INO_FIRST_CLASS + (int64_t) class;
}

static int insert_directory(struct store *store, int64_t parent, const struct file_name *name, enum eas_class class,
                            int64_t *ino)
{
    int64_t now = store_now(store);
    int error;

    *ino = store->next_ino++;
    error = sql_run(&store->writer, SQL_FILE_INSERT, "iisiddiiiii", *ino, parent, name->name, name->fold,
                    FILE_DIRECTORY, (int)class, (int64_t)0, (int64_t)0, (int64_t)0, now, now);
    return error;
}

int directory_make_homes(struct store *store)
{
    struct file_name name = {.name = (char *)"", .fold = 0};
    int64_t ino;
    int error = store_begin(store);

    if (error)
        return error;
    error = insert_directory(store, INO_HIDDEN, &name, EAS_NO_CLASS, &ino);
    for (int class = 0; class < EAS_CLASSES && !error; class ++) {
        name.name = (char *)eas_classes[class].directory;
        name.fold = name_fold_hash(name.name);
        error = insert_directory(store, INO_ROOT, &name, (enum eas_class) class, &ino);
    }
    if (error) {
        store_rollback(store);
        return error;
    }
    return store_commit(store);
}

/* A class that is not kept hangs nowhere, so that neither a look-up nor a listing finds it. */
int directory_show_classes(struct store *store, unsigned mask)
{
    for (int class = 0; class < EAS_CLASSES; class ++) {
        bool shown = !mask || (mask >> class & 1);
        int64_t ino = class_directory((enum eas_class) class), parent = shown ? INO_ROOT : INO_HIDDEN;
        int error = sql_run(&store->writer, SQL_FILE_SHOW, "iii", parent, ino, parent);

        if (error)
            return error;
        if (!sqlite3_changes(store->writer.handle))
            continue;
        changes_note(store, shown ? CHANGE_CREATE : CHANGE_DELETE, true, ino, INO_ROOT, eas_classes[class].directory, 0,
                     NULL);
        changes_touch(store, INO_ROOT);
    }
    return 0;
}

struct place {
    int64_t parent;
    char *name;
};

static int read_place(struct store *store, int64_t ino, struct place *place)
{
    sqlite3_stmt *statement = sql_bind(&store->writer, SQL_FILE_PLACE, "i", ino);
    int row = sql_step(&store->writer, statement);

    if (row <= 0)
        return row ? row : -ENOENT;
    *place = (struct place){sqlite3_column_int64(statement, 0), g_strdup(sql_text(statement, 1))};
    sqlite3_reset(statement);
    return 0;
}

static int set_ino(struct store *store, struct collection *collection, int64_t ino)
{
    collection->ino = ino;
    store->home.id = 0;
    return sql_run(&store->writer, SQL_COLLECTION_INO, "ii", ino, collection->id);
}

static int make_directory(struct store *store, struct collection *collection, int64_t parent)
{
    struct name_source source = {.class = EAS_NO_CLASS, .title = collection->name};
    struct file_name name = {0};
    int64_t ino = 0;
    int error = file_name_make(store, parent, 0, &source, &name, NULL);

    if (!error)
        error = insert_directory(store, parent, &name, collection->class, &ino);
    if (!error) {
        changes_note(store, CHANGE_CREATE, true, ino, parent, name.name, 0, NULL);
        changes_touch(store, parent);
        error = set_ino(store, collection, ino);
    }
    g_free(name.name);
    return error;
}

/* Whether a name is what source makes of a title, or one of its doubles. */
static bool name_still_fits(const char *name, const char *plain)
{
    size_t length = strlen(plain);
    const char *rest = name + length;

    if (strncmp(name, plain, length) != 0)
        return false;
    return !*rest || (g_str_has_prefix(rest, " (") && g_str_has_suffix(rest, ")") &&
                      strspn(rest + 2, "0123456789") == strlen(rest) - 3);
}

static int move_directory(struct store *store, int64_t ino, int64_t parent, const char *title)
{
    struct name_source source = {.class = EAS_NO_CLASS, .title = title};
    g_autofree char *plain = file_name_plain(&source);
    struct file_name name = {0};
    struct place old = {0};
    int error = read_place(store, ino, &old);

    if (!error && (old.parent != parent || !name_still_fits(old.name, plain)) &&
        !(error = file_name_make(store, parent, ino, &source, &name, NULL)) &&
        (old.parent != parent || strcmp(old.name, name.name) != 0) &&
        !(error =
              sql_run(&store->writer, SQL_FILE_MOVE, "isiii", parent, name.name, name.fold, store_now(store), ino))) {
        changes_note(store, CHANGE_MOVE, true, ino, parent, name.name, old.parent, old.name);
        changes_touch(store, old.parent);
        changes_touch(store, parent);
    }
    g_free(name.name);
    g_free(old.name);
    return error;
}

/* The default folder of a class other than mail is the class directory itself, if no other has taken it. */
static bool takes_class_directory(struct store *store, const struct collection *collection)
{
    int64_t ino = class_directory(collection->class), owner;

    if (collection->class == EAS_MAIL || !eas_folder_is_default(collection->type))
        return false;
    owner = sql_number(&store->writer, 0, SQL_COLLECTION_BY_INO, "i", ino);
    return owner == 0 || owner == collection->id;
}

static int place_under(struct store *store, struct collection *collection, int64_t parent)
{
    int64_t home = class_directory(collection->class);

    if (collection->ino == home || (!collection->ino && takes_class_directory(store, collection)))
        return collection->ino == home ? 0 : set_ino(store, collection, home);
    return collection->ino ? move_directory(store, collection->ino, parent, collection->name)
                           : make_directory(store, collection, parent);
}

/* The folders above a collection, nearest first, as far as they are known and of its class; none at
 * all when they loop or are too many to be believed. */
static GArray *ancestors(struct store *store, const struct collection *collection)
{
    GArray *chain = g_array_new(FALSE, TRUE, sizeof(struct collection));
    const char *parent_id = collection->parent_id;

    g_array_set_clear_func(chain, (GDestroyNotify)collection_clear);
    for (;;) {
        struct collection above = {0};

        if (collection_find(&store->writer, SQL_COLLECTION_BY_SERVER_ID, 0, parent_id, &above))
            return chain;
        bool loops = above.id == collection->id || chain->len >= LIMIT_FOLDER_DEPTH;

        if (loops || above.class != collection->class) {
            collection_clear(&above);
            if (loops)
                g_array_set_size(chain, 0);
            return chain;
        }
        g_array_append_val(chain, above);
        parent_id = g_array_index(chain, struct collection, chain->len - 1).parent_id;
    }
}

int directory_place(struct store *store, struct collection *collection)
{
    g_autoptr(GArray) chain = ancestors(store, collection);
    int64_t parent = class_directory(collection->class);
    int error = 0;

    for (guint i = chain->len; i-- > 0 && !error;) {
        struct collection *above = &g_array_index(chain, struct collection, i);

        if (!above->ino)
            error = place_under(store, above, parent);
        parent = above->ino;
    }
    return error ? error : place_under(store, collection, parent);
}

struct child {
    int64_t ino;
    char *name;
};

static void child_clear(gpointer child)
{
    g_free(((struct child *)child)->name);
}

static int list_children(struct store *store, int64_t ino, GArray *children)
{
    sqlite3_stmt *statement = sql_bind(&store->writer, SQL_DIRECTORY_CHILDREN, "i", ino);
    int row;

    while ((row = sql_step(&store->writer, statement)) > 0) {
        struct child child = {sqlite3_column_int64(statement, 0), g_strdup(sql_text(statement, 1))};

        g_array_append_val(children, child);
    }
    return row;
}

static bool is_fixed(int64_t ino)
{
    return ino < INO_FIRST_CLASS + EAS_CLASSES;
}

static int remove_directory(struct store *store, int64_t ino, const struct place *place)
{
    int error = sql_run(&store->writer, SQL_FILE_REMOVE, "i", ino);

    changes_note(store, CHANGE_DELETE, true, ino, place->parent, place->name, 0, NULL);
    changes_touch(store, place->parent);
    return error;
}

int directory_drop(struct store *store, int64_t ino)
{
    g_autoptr(GArray) children = g_array_new(FALSE, FALSE, sizeof(struct child));
    struct place place = {0};
    int error;

    if (is_fixed(ino))
        return 0;
    g_array_set_clear_func(children, child_clear);
    if (!(error = read_place(store, ino, &place)) && !(error = list_children(store, ino, children))) {
        for (guint i = 0; i < children->len && !error; i++) {
            const struct child *child = &g_array_index(children, struct child, i);

            error = move_directory(store, child->ino, place.parent, child->name);
        }
        if (!error)
            error = remove_directory(store, ino, &place);
    }
    g_free(place.name);
    return error;
}

/* Whether no kept collection needs a directory: its own is not selected and nothing is in it. */
static int is_idle(struct store *store, int64_t ino, struct collection *owner)
{
    int64_t id = sql_number(&store->writer, 0, SQL_COLLECTION_BY_INO, "i", ino);
    int error = id ? collection_find(&store->writer, SQL_COLLECTION_BY_ID, id, NULL, owner) : 0;

    if (error || (id && owner->selected))
        return error;
    /* A class directory stays, but belongs to no collection that is not kept. */
    if (is_fixed(ino))
        return id ? set_ino(store, owner, 0) : 0;
    return sql_number(&store->writer, 0, SQL_DIRECTORY_IS_EMPTY, "i", ino) != 0;
}

static int prune_one(struct store *store, int64_t ino, int64_t *parent)
{
    struct collection owner = {0};
    struct place place = {0};
    int idle = is_idle(store, ino, &owner), error = 0;

    if (idle > 0 && !(error = read_place(store, ino, &place)) && !(error = remove_directory(store, ino, &place)) &&
        owner.id)
        error = set_ino(store, &owner, 0);
    *parent = place.parent;
    g_free(place.name);
    collection_clear(&owner);
    return error ? error : idle;
}

int directory_prune(struct store *store, int64_t ino)
{
    int pruned = 1;

    while (pruned > 0)
        pruned = prune_one(store, ino, &ino);
    return pruned == -ENOENT ? 0 : pruned;
}
