/* The tables, and the way from older tables to today's. */
#ifndef CACHE_STORE_SCHEMA_H
#define CACHE_STORE_SCHEMA_H

#include "cache/store/sql.h"

/* Inodes that the schema itself makes. */
enum { INO_HIDDEN = 0, INO_ROOT = 1, INO_FIRST_CLASS = 2 };

enum file_kind { FILE_DIRECTORY = 0, FILE_ITEM = 1 };
/* file.body where it is no body's id. */
enum { BODY_MISSING = 0, BODY_REFUSED = -1 };

/* Brings the database to this version: 0, -EPROTO when it is newer, or another negative errno. */
int schema_migrate(struct sql *sql);

#endif
