/* An item as the server has it now: its file is made, or made to agree. */
#include "cache/store/files.h"
#include "cache/store/journal.h"
#include "cache/store/store_state.h"

#include <errno.h>
#include <string.h>

/* What a file of unknown size says it has; readers that trust st_size must not find it empty. */
enum { SIZE_GUESS = 4096 };

static const char *text(const char *value)
{
    return value ? value : "";
}

static int64_t uid_hash(const struct item *item)
{
    return item->uid && *item->uid ? name_hash(item->uid) : 0;
}

static int64_t file_body(const struct item *item)
{
    return item->body ? item->body : item->fetch_failed ? BODY_REFUSED : BODY_MISSING;
}

static int write_item(struct store *store, struct item *item, int64_t seen)
{
    struct sql *sql = &store->writer;
    int flags = item_flags_pack(&item->flags), error;

    if (item->id)
        return sql_run(sql, SQL_ITEM_UPDATE, "isisiiisdsbi", item->collection_id, text(item->server_id), seen,
                       text(item->uid), uid_hash(item), (int64_t)item->stamp, item->date_ns, text(item->title), flags,
                       text(item->flags.categories), item->props, item->id);
    error = sql_run(sql, SQL_ITEM_INSERT, "iisisiiisdsb", item->collection_id, item->ino, text(item->server_id), seen,
                    text(item->uid), uid_hash(item), (int64_t)item->stamp, item->date_ns, text(item->title), flags,
                    text(item->flags.categories), item->props);
    if (!error)
        item->id = sqlite3_last_insert_rowid(sql->handle);
    return error;
}

/* During a resync of a server that numbers anew, an item not yet seen may still have the id that
 * another has now: it gives way, to be matched by what it is. */
static int write_item_row(struct store *store, struct item *item, int64_t seen)
{
    int error = write_item(store, item, seen);

    if (error != -EEXIST)
        return error;
    error = sql_run(&store->writer, SQL_ITEM_DISPLACE, "isi", item->collection_id, text(item->server_id), seen);
    return error ? error : write_item(store, item, seen);
}

static int take_body(struct store *store, struct item *item)
{
    if (item->body)
        return body_adopt(store, item->body, &item->size);
    item->size = item->size > 0 ? item->size : SIZE_GUESS;
    return 0;
}

static int insert_file(struct store *store, const struct item *item, const struct home *home, struct file_name *name)
{
    int64_t now = store_now(store), mtime = home->class == EAS_MAIL && item->date_ns ? item->date_ns : now;

    return sql_run(&store->writer, SQL_FILE_INSERT, "iisiddiiiii", item->ino, home->ino, name->name, name->fold,
                   FILE_ITEM, (int)home->class, item->id, file_body(item), item->size, mtime, now);
}

static int insert_item(struct store *store, struct item *item, const struct home *home)
{
    struct name_source source = {.class = home->class, .date_ns = item->date_ns, .title = text(item->title)};
    struct file_name name = {0};
    int64_t rival = 0;
    int error;

    item->ino = store->next_ino;
    item->class = home->class;
    if (!(error = take_body(store, item)) && !(error = write_item_row(store, item, home->generation)) &&
        !(error = file_name_make(store, home->ino, 0, &source, &name, &rival)) &&
        !(error = insert_file(store, item, home, &name)) && !(error = item_count(store, item, 1))) {
        store->next_ino++;
        changes_note(store, CHANGE_CREATE, false, item->ino, home->ino, name.name, 0, NULL);
        changes_touch(store, home->ino);
        if (rival)
            doubles_note(store, rival, item->ino);
    }
    g_free(name.name);
    return error;
}

/* The body that the item has from now on. The same bytes written again change nothing. */
static int exchange_body(struct store *store, const struct item *old, struct item *item, bool *changed)
{
    int error = 0;

    *changed = false;
    if (item->body == old->body) {
        item->size = item->body || item->size <= 0 ? old->size : item->size;
        *changed = item->size != old->size;
        return 0;
    }
    if (!item->body) {
        item->size = item->size > 0 ? item->size : MAX(old->size, 1);
        *changed = item->size != old->size;
        return body_bury(store, old->body);
    }
    if (old->body && body_equals(store, item->body, old->body)) {
        error = body_discard(store, item->body);
        item->body = old->body;
        item->size = old->size;
        return error;
    }
    *changed = true;
    error = body_adopt(store, item->body, &item->size);
    return error ? error : body_bury(store, old->body);
}

static bool flags_differ(const struct item *a, const struct item *b)
{
    return item_flags_pack(&a->flags) != item_flags_pack(&b->flags) ||
           strcmp(text(a->flags.categories), text(b->flags.categories)) != 0;
}

static int move_file(struct store *store, const struct item_row *old, const struct item *item, const struct home *home,
                     const char **shown, struct file_name *name)
{
    struct name_source source = {
        .class = home->class, .date_ns = item->date_ns, .title = text(item->title), .literal = old->name};
    int error = file_name_make(store, home->ino, item->ino, &source, name, NULL);

    if (error || (error = sql_run(&store->writer, SQL_FILE_MOVE, "isiii", home->ino, name->name, name->fold,
                                  store_now(store), item->ino)))
        return error;
    changes_note(store, CHANGE_MOVE, false, item->ino, home->ino, name->name, old->parent, old->name);
    changes_touch(store, old->parent);
    changes_touch(store, home->ino);
    *shown = name->name;
    return 0;
}

static enum change_kind change_of(const struct item_row *old, bool bytes)
{
    if (!bytes)
        return CHANGE_FLAGS;
    return old->item.body > 0 ? CHANGE_BYTES : CHANGE_ARRIVED;
}

static int update_file(struct store *store, const struct item_row *old, const struct item *item,
                       const struct home *home, bool bytes, const char *name)
{
    bool mail = home->class == EAS_MAIL, redated = mail && item->date_ns && item->date_ns != old->mtime_ns;
    bool flags = flags_differ(&old->item, item);
    int64_t now = bytes || redated || flags ? store_now(store) : 0;
    int64_t mtime = redated ? item->date_ns : bytes && !mail ? store_bytes_time(store, old->mtime_ns) : old->mtime_ns;

    if (bytes || flags)
        changes_note(store, change_of(old, bytes), false, item->ino, home->ino, name, 0, NULL);
    if (bytes && !mail)
        changes_touch(store, home->ino);
    if (bytes || redated)
        return sql_run(&store->writer, SQL_FILE_BYTES, "iiiii", file_body(item), item->size, mtime, now, item->ino);
    if (flags)
        return sql_run(&store->writer, SQL_FILE_CTIME_BODY, "iii", file_body(item), now, item->ino);
    if (file_body(item) != file_body(&old->item))
        return sql_run(&store->writer, SQL_FILE_BODY, "ii", file_body(item), item->ino);
    return 0;
}

/* What went wrong with an item is told under its ServerId, and ends with it. */
static int forget_error(struct store *store, const struct item *old, const struct item *item)
{
    if (old->collection_id == item->collection_id && !g_strcmp0(old->server_id, item->server_id))
        return 0;
    return sql_run(&store->writer, SQL_ERROR_UNSET, "is", old->collection_id, text(old->server_id));
}

/* What a user wants of the flags stays shown until the server has been told. */
static void keep_wanted(struct store *store, struct item *item)
{
    struct journal row;

    if (journal_of_item(store, JOURNAL_FLAGS, item->id, &row))
        return;
    item->flags.read = row.wanted.read >= 0 ? row.wanted.read : item->flags.read;
    item->flags.flag = row.wanted.flag >= 0 ? row.wanted.flag : item->flags.flag;
    if (row.wanted.categories) {
        g_free(item->flags.categories);
        item->flags.categories = g_strdup(row.wanted.categories);
    }
    journal_clear(&row);
}

static int update_item(struct store *store, struct item *item, const struct home *home, int64_t seen)
{
    struct item_row old = {0};
    struct file_name name = {0};
    const char *shown;
    bool bytes;
    int error = item_row_get(store, item->id, &old);

    if (error)
        return error;
    if (home->class == EAS_MAIL)
        keep_wanted(store, item);
    shown = old.name;
    item->ino = old.item.ino;
    item->class = home->class;
    if (!(error = exchange_body(store, &old.item, item, &bytes)) && !(error = write_item_row(store, item, seen)) &&
        !(error = forget_error(store, &old.item, item)) &&
        (old.parent == home->ino || old.home || !(error = move_file(store, &old, item, home, &shown, &name))) &&
        !(error = update_file(store, &old, item, home, bytes, shown)) && !(error = item_count(store, &old.item, -1)))
        error = item_count(store, item, 1);
    g_free(name.name);
    item_row_clear(&old);
    return error;
}

int store_item_put(struct store *store, struct item *item)
{
    struct home home;
    int error;

    if (!store_in_transaction(store))
        return -EINVAL;
    if ((error = collection_home(store, item->collection_id, &home)))
        return error;
    if (!home.ino)
        return -EINVAL;
    error = item->id ? update_item(store, item, &home, home.generation) : insert_item(store, item, &home);
    return error ? store_fail(store, error) : 0;
}

int store_item_fetched(struct store *store, int64_t item_id, int64_t body, int64_t size)
{
    struct item_row row = {0};
    struct home home;
    int error;

    if (!store_in_transaction(store))
        return -EINVAL;
    if ((error = item_row_get(store, item_id, &row))) {
        if (error == -ENOENT && body > 0)
            body_discard(store, body);
        return error;
    }
    if (!(error = collection_home(store, row.item.collection_id, &home))) {
        row.item.body = body;
        row.item.size = size > 0 ? size : row.item.size;
        row.item.fetch_failed = !body;
        error = update_item(store, &row.item, &home, row.seen);
    }
    item_row_clear(&row);
    return error ? store_fail(store, error) : 0;
}
