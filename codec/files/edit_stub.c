/* Stands in until letters and drafts are read: nothing is sent. */
#include "codec/files/compose.h"
#include "codec/files/edit.h"

void composed_clear(struct composed *composed)
{
    *composed = (struct composed){0};
}

bool compose(const char *bytes, size_t length, const struct compose_context *context, struct composed *composed,
             char **reason)
{
    (void)bytes, (void)length, (void)context;
    *composed = (struct composed){0};
    *reason = g_strdup("sending is not there yet");
    return false;
}

struct eas_node *draft_fields(const char *bytes, size_t length, const struct eas_node *base, char **reason)
{
    (void)bytes, (void)length, (void)base;
    *reason = g_strdup("drafts are not there yet");
    return NULL;
}
