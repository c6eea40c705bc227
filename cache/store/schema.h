/* The tables, and the way from older tables to today's. */
#ifndef CACHE_STORE_SCHEMA_H
#define CACHE_STORE_SCHEMA_H

#include "cache/store/sql.h"

/* Inodes that the schema itself makes. */
enum { INO_HIDDEN = 0, INO_ROOT = 1, INO_FIRST_CLASS = 2 };

/* FILE_SCRATCH: a file that no item belongs to: scratch, a new item that the server does not have yet, a message in
 * Outbox. */
enum file_kind { FILE_DIRECTORY = 0, FILE_ITEM = 1, FILE_SCRATCH = 2 };
/* Whose bytes a file has. */
enum file_own { OWN_SERVER = 0, OWN_USER = 1, OWN_CONFLICT = 2 };
/* file.body where it is no body's id. */
enum { BODY_MISSING = 0, BODY_REFUSED = -1 };

/* Brings the database to this version: 0, -EPROTO when it is newer, or another negative errno. */
int schema_migrate(struct sql *sql);

#endif
