/* A change of the tree, by values: what the notifier tells the kernel and the events file says. */
#ifndef CACHE_CHANGE_H
#define CACHE_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

/* CHANGE_ARRIVED: bytes that were not local are here now; on the server nothing changed. */
enum change_kind { CHANGE_CREATE, CHANGE_BYTES, CHANGE_FLAGS, CHANGE_MOVE, CHANGE_DELETE, CHANGE_ARRIVED };

enum { CHANGE_NAME_MAX = 256 };

struct change {
    enum change_kind kind;
    uint64_t ino;
    uint64_t parent, old_parent; /* old_*: for a move */
    char name[CHANGE_NAME_MAX], old_name[CHANGE_NAME_MAX];
    bool directory;
    bool own; /* a user did it through the mount: the kernel knows */
};

#endif
