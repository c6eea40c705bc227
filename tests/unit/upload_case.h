/* What the tests of the way up share. */
#ifndef TESTS_UNIT_UPLOAD_CASE_H
#define TESTS_UNIT_UPLOAD_CASE_H

#include <errno.h>
#include <string.h>

#include "cache/store/store.h"
#include "tests/unit/lib/edit_rig.h"

static inline int upload_up(void **state)
{
    struct replica_rig *rig = g_new0(struct replica_rig, 1);

    replica_rig_up(rig);
    fake_folder(rig->mailbox, NULL, "Notes", 10);
    fake_folder(rig->mailbox, NULL, "Archive", 12);
    fake_folder(rig->mailbox, NULL, "Deleted Items", 4);
    *state = rig;
    return 0;
}

static inline int upload_down(void **state)
{
    replica_rig_down(*state);
    g_free(*state);
    return 0;
}

static inline struct fake_folder *folder(struct replica_rig *rig, const char *name)
{
    return fake_find(rig->mailbox, name);
}

static inline void open_rig(struct replica_rig *rig)
{
    replica_rig_open(rig);
    replica_rig_sync(rig);
}

static inline void assert_queue(struct replica_rig *rig, const char *expected)
{
    g_autofree char *queue = edit_queue(rig);

    assert_string_equal(queue, expected);
}

static inline void assert_subject(struct replica_rig *rig, const char *name, const char *subject)
{
    if (!fake_only(folder(rig, name), subject))
        fail_msg("%s does not hold exactly one %s", name, subject);
}

#endif
