#include "fs/mount/counters.h"

#include <jansson.h>

#include "fs/mount/mount.h"

static const char *const names[] = {
#define UPCALL_NAME(name) [UPCALL_##name] = #name,
    UPCALLS(UPCALL_NAME)
#undef UPCALL_NAME
};

static json_t *number(const uint64_t *counter)
{
    return json_integer((json_int_t)__atomic_load_n(counter, __ATOMIC_RELAXED));
}

char *counters_text(struct mount *mount)
{
    struct session_counts wire = replica_counts(mount->replica);
    json_t *upcalls = json_object(), *object;

    for (size_t i = 0; i < UPCALL_COUNT; i++)
        json_object_set_new(upcalls, names[i], number(&mount->counters.upcalls[i]));
    object = json_pack("{so so s{sI sI sI}}", "upcalls", upcalls, "notifications",
                       number(&mount->counters.notifications), "wire", "requests", (json_int_t)wire.requests, "in",
                       (json_int_t)wire.bytes_in, "out", (json_int_t)wire.bytes_out);

    char *dumped = json_dumps(object, JSON_COMPACT);
    char *text = g_strdup_printf("%s\n", dumped ? dumped : "{}");

    json_decref(object);
    free(dumped);
    return text;
}
