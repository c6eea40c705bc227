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

static int make_place(struct store *store, const char *setting, int64_t parent, const char *title, int64_t *ino)
{
    g_autofree char *had = store_get(store, setting);
    struct file_name name = {.name = (char *)title, .fold = name_fold_hash(title)};
    int error;

    *ino = had ? g_ascii_strtoll(had, NULL, 10) : 0;
    if (*ino)
        return 0;
    if ((error = store_begin(store)))
        return error;
    error = insert_directory(store, parent, &name, EAS_NO_CLASS, ino);
    if (!error) {
        g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)*ino);

        changes_touch(store, parent);
        error = store_set(store, setting, text);
    }
    if (!error)
        return store_commit(store);
    store_rollback(store);
    return error;
}

/* Directories that belong to no class. Those in sight want mail, or a server's address list. */
static const struct {
    const char *setting, *name;
    bool hidden;
} places[STORE_PLACES] = {
    [PLACE_GRAVES] = {"graves", "graves", true},
    [PLACE_OUTBOX] = {"outbox", "Outbox", false},
    [PLACE_PEOPLE] = {"people", "Global Address List", false},
    [PLACE_SEARCH] = {"search", "Search", false},
};

static bool store_is_place(const struct store *store, int64_t ino)
{
    for (int i = 0; i < STORE_PLACES; i++)
        if (store->places[i] == ino)
            return true;
    return false;
}

int directory_make_places(struct store *store)
{
    int error = 0;

    for (int i = 0; i < STORE_PLACES && !error; i++)
        error = make_place(store, places[i].setting, places[i].hidden ? INO_HIDDEN : INO_ROOT, places[i].name,
                           &store->places[i]);
    return error;
}

/* Without mail there is nothing to send from, and nothing to search. */
static int show_place(struct store *store, enum store_place which, bool shown)
{
    int64_t parent = shown ? INO_ROOT : INO_HIDDEN, ino = store->places[which];
    int error = ino ? sql_run(&store->writer, SQL_FILE_SHOW, "iii", parent, ino, parent) : 0;

    if (!error && ino && sqlite3_changes(store->writer.handle)) {
        changes_note(store, shown ? CHANGE_CREATE : CHANGE_DELETE, true, ino, INO_ROOT, places[which].name, 0, NULL);
        changes_touch(store, INO_ROOT);
    }
    return error;
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
    int error = show_place(store, PLACE_OUTBOX, !mask || (mask >> EAS_MAIL & 1));

    return error ? error : show_place(store, PLACE_SEARCH, !mask || (mask >> EAS_MAIL & 1));
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
        if (old.parent == store->places[PLACE_GRAVES]) {
            changes_note(store, CHANGE_CREATE, true, ino, parent, name.name, 0, NULL);
        } else {
            changes_note(store, CHANGE_MOVE, true, ino, parent, name.name, old.parent, old.name);
            changes_touch(store, old.parent);
        }
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

static int list_children(struct store *store, enum sql_statement which, int64_t ino, GArray *children)
{
    sqlite3_stmt *statement = sql_bind(&store->writer, which, "i", ino);
    int row;

    while ((row = sql_step(&store->writer, statement)) > 0) {
        struct child child = {sqlite3_column_int64(statement, 0), g_strdup(sql_text(statement, 1))};

        g_array_append_val(children, child);
    }
    return row;
}

static bool is_fixed(const struct store *store, int64_t ino)
{
    return ino < INO_FIRST_CLASS + EAS_CLASSES || store_is_place(store, ino);
}

static int remove_directory(struct store *store, int64_t ino, const struct place *place)
{
    int error = sql_run(&store->writer, SQL_FILE_REMOVE, "i", ino);

    if (place->parent != store->places[PLACE_GRAVES]) {
        changes_note(store, CHANGE_DELETE, true, ino, place->parent, place->name, 0, NULL);
        changes_touch(store, place->parent);
    }
    return error;
}

static int rescue_file(struct store *store, const struct child *file, int64_t from, int64_t parent)
{
    struct name_source source = {.class = EAS_NO_CLASS, .title = file->name, .literal = file->name};
    int64_t collection = sql_number(&store->writer, 0, SQL_COLLECTION_BY_INO, "i", parent);
    struct file_name name = {0};
    int error = file_name_make(store, parent, file->ino, &source, &name, NULL);

    if (!error && !(error = sql_run(&store->writer, SQL_FILE_MOVE, "isiii", parent, name.name, name.fold,
                                    store_now(store), file->ino))) {
        changes_note(store, CHANGE_MOVE, false, file->ino, parent, name.name, from, file->name);
        changes_touch(store, parent);
        error = sql_run(&store->writer, SQL_JOURNAL_REHOME, "ii", collection, file->ino);
    }
    g_free(name.name);
    return error;
}

/* What only is here, scratch and new items, is not lost with a directory: it moves to its parent. */
static int rescue_files(struct store *store, int64_t ino, int64_t parent)
{
    g_autoptr(GArray) files = g_array_new(FALSE, FALSE, sizeof(struct child));
    int error;

    g_array_set_clear_func(files, child_clear);
    error = list_children(store, SQL_DIRECTORY_FILES, ino, files);
    for (guint i = 0; i < files->len && !error; i++)
        error = rescue_file(store, &g_array_index(files, struct child, i), ino, parent);
    return error;
}

int directory_drop(struct store *store, int64_t ino)
{
    g_autoptr(GArray) children = g_array_new(FALSE, FALSE, sizeof(struct child));
    struct place place = {0};
    int error;

    if (is_fixed(store, ino))
        return 0;
    g_array_set_clear_func(children, child_clear);
    if (!(error = read_place(store, ino, &place)) &&
        !(error = list_children(store, SQL_DIRECTORY_CHILDREN, ino, children))) {
        for (guint i = 0; i < children->len && !error; i++) {
            const struct child *child = &g_array_index(children, struct child, i);

            error = move_directory(store, child->ino, place.parent, child->name);
        }
        if (!error && !(error = rescue_files(store, ino, place.parent)))
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
    if (is_fixed(store, ino))
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
