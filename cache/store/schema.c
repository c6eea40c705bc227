#include "cache/store/schema.h"

#include <errno.h>

#include "codec/item.h"

/* Disposable: body, dead and pack; the server can give every byte of them again, and losing them costs a
 * fetch. Everything else is precious: names and inodes outlive a resync, UIDs given here are the only copy.
 * Both stand in one database file, because a SyncKey, the items it brought and the bodies they point to must
 * become true in one commit, and SQLite does not commit attached WAL files as one. What tells them apart is
 * that no precious row depends on a disposable one: file.body may be set to 0 for any row at any time. A
 * transaction over edits of a user runs with synchronous = FULL, the mirror's with NORMAL.
 *
 * file.fold is a hash of the case-folded name, so that one index serves look-ups by name and the search for
 * doubles, and every name is stored once. Names generated here have twin 0 and are therefore unique when
 * case-folded; a name that a user gives may stand beside one that only differs in case, with twin = ino.
 * file.mtime of a mail is its date, and the two missing-body indexes hold only what is not local.
 * The counts of a collection are kept with each change, so that nothing is counted at mount. */
static const char version_1[] =
    "CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE collection ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, server_id TEXT NOT NULL UNIQUE, parent_id TEXT NOT NULL,"
    " name TEXT NOT NULL, type INTEGER NOT NULL, class INTEGER NOT NULL, sync_key TEXT NOT NULL,"
    " selected INTEGER NOT NULL, complete INTEGER NOT NULL, more INTEGER NOT NULL, resync INTEGER NOT NULL,"
    " filter INTEGER NOT NULL, ino INTEGER NOT NULL DEFAULT 0, generation INTEGER NOT NULL DEFAULT 0,"
    " items INTEGER NOT NULL DEFAULT 0, unread INTEGER NOT NULL DEFAULT 0, missing INTEGER NOT NULL DEFAULT 0"
    ") STRICT;"
    "CREATE INDEX collection_parent ON collection(parent_id);"
    "CREATE INDEX collection_ino ON collection(ino);"
    "CREATE TABLE file ("
    " ino INTEGER PRIMARY KEY AUTOINCREMENT, parent INTEGER NOT NULL, name TEXT NOT NULL, fold INTEGER NOT NULL,"
    " twin INTEGER NOT NULL, kind INTEGER NOT NULL, class INTEGER NOT NULL, item INTEGER NOT NULL,"
    " body INTEGER NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL, ctime INTEGER NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX file_fold ON file(parent, fold, twin);"
    "CREATE INDEX file_listing ON file(parent);"
    "CREATE INDEX file_directories ON file(parent) WHERE kind = 0;"
    "CREATE INDEX file_missing ON file(class, mtime DESC) WHERE body = 0 AND kind = 1;"
    "CREATE INDEX file_missing_here ON file(parent, mtime DESC) WHERE body = 0 AND kind = 1;"
    "CREATE TABLE item ("
    " id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, ino INTEGER NOT NULL, server_id TEXT NOT NULL,"
    " seen INTEGER NOT NULL, uid TEXT NOT NULL, uid_hash INTEGER NOT NULL, stamp INTEGER NOT NULL,"
    " date INTEGER NOT NULL, title TEXT NOT NULL, flags INTEGER NOT NULL, categories TEXT NOT NULL, props BLOB"
    ") STRICT;"
    "CREATE UNIQUE INDEX item_server_id ON item(collection, server_id);"
    "CREATE INDEX item_uid ON item(collection, uid_hash) WHERE uid_hash <> 0;"
    "CREATE INDEX item_stamp ON item(collection, stamp) WHERE stamp <> 0;"
    "CREATE TABLE error (id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, server_id TEXT NOT NULL,"
    " text TEXT NOT NULL, UNIQUE (collection, server_id)) STRICT;"
    "CREATE TABLE body (id INTEGER PRIMARY KEY, pack INTEGER NOT NULL, offset INTEGER NOT NULL,"
    " size INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT;"
    "CREATE TABLE dead (id INTEGER PRIMARY KEY, pack INTEGER NOT NULL, offset INTEGER NOT NULL,"
    " size INTEGER NOT NULL) STRICT;"
    "CREATE INDEX dead_pack ON dead(pack);"
    "CREATE TABLE pack (id INTEGER PRIMARY KEY, committed INTEGER NOT NULL, live INTEGER NOT NULL) STRICT;";

/* Writing. file.own: whose bytes they are (enum file_own). item.home and home_name: where its name is as the server
 * knows it, while its file is elsewhere: under a scratch name, in a grave, or moved and not yet told. Precious, all of
 * it: journal rows go only with the server's answer or by the user's word. */
static const char version_2[] =
    "ALTER TABLE file ADD COLUMN own INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE item ADD COLUMN home INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE item ADD COLUMN home_name TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX item_home ON item(home) WHERE home <> 0;"
    "CREATE TABLE journal ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, state INTEGER NOT NULL, ino INTEGER NOT NULL,"
    " item INTEGER NOT NULL, collection INTEGER NOT NULL, target INTEGER NOT NULL, due INTEGER NOT NULL,"
    " queued INTEGER NOT NULL, sent INTEGER NOT NULL, tries INTEGER NOT NULL, response INTEGER NOT NULL,"
    " batch INTEGER NOT NULL, batch_key TEXT, client_id TEXT, uid TEXT NOT NULL, uid_hash INTEGER NOT NULL,"
    " error TEXT, base BLOB, data BLOB, read INTEGER NOT NULL, flag INTEGER NOT NULL, categories TEXT,"
    " origin TEXT NOT NULL, origin_ino INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX journal_ino ON journal(ino) WHERE ino <> 0;"
    "CREATE INDEX journal_item ON journal(item) WHERE item <> 0;"
    "CREATE INDEX journal_due ON journal(state, due);"
    "CREATE INDEX journal_uid ON journal(collection, uid_hash) WHERE uid_hash <> 0;"
    "ALTER TABLE body ADD COLUMN nonce INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE body ADD COLUMN tag BLOB;"
    "CREATE INDEX file_scratch ON file(parent) WHERE kind = 2;"
    "CREATE TABLE attribute (ino INTEGER NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (ino, name))"
    " STRICT, WITHOUT ROWID;";

static const char *const migrations[] = {version_1, version_2};

static int64_t schema_version(struct sql *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t version = -1;

    if (sqlite3_prepare_v2(sql->handle, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        version = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return version;
}

int schema_migrate(struct sql *sql)
{
    int64_t version = schema_version(sql);

    if (version < 0)
        return sql_errno(sql);
    if (version > (int64_t)G_N_ELEMENTS(migrations))
        return -EPROTO;
    for (; version < (int64_t)G_N_ELEMENTS(migrations); version++) {
        g_autofree char *script = g_strdup_printf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT",
                                                  migrations[version], (int)version + 1);
        int error = sql_script(sql, script);

        if (error) {
            sqlite3_exec(sql->handle, "ROLLBACK", NULL, NULL, NULL);
            return error;
        }
    }
    return 0;
}
