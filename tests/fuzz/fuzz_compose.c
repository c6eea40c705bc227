/* Messages that users write, on their way out and as drafts: any bytes. Aborts where a message that is sent would be
 * composed otherwise a second time, has a bare LF, lost what stands behind its header, or where there is no reason;
 * where a draft is no tree that can be sent. shared seeds: corpus/eml/mimekit corpus/eml/mime4j
 * corpus/eml/kde-mimetreeparser */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/files/compose.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void insist(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "fuzz_compose: %s\n", what);
    abort();
}

static void check_composed(const struct composed *composed, const struct compose_context *context)
{
    struct composed again;
    g_autofree char *reason = NULL;
    size_t length;
    const char *text = g_bytes_get_data(composed->message, &length);

    for (size_t i = 0; i < length; i++)
        insist(text[i] != '\n' || (i > 0 && text[i - 1] == '\r'), "a bare LF");
    insist(composed->references && composed->subject, "a message without a subject");
    insist(g_utf8_validate(composed->subject, -1, NULL), "a subject that is no text");
    if (!compose(text, length, context, &again, &reason)) {
        fprintf(stderr, "fuzz_compose: %s\n", reason);
        abort();
    }
    insist(g_bytes_equal(composed->message, again.message), "composed otherwise");
    composed_clear(&again);
}

static void check_tree(const struct eas_node *node)
{
    insist(node->opaque || g_utf8_validate_len(node->text, node->length, NULL), "a text of a draft that is none");
    for (const struct eas_node *child = node->first; child; child = child->next)
        check_tree(child);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const argv[] = {"more@example.org", NULL};
    const struct compose_context context = {.user = length % 2 ? "jane@example.org" : NULL,
                                            .date = "Wed, 25 Nov 2026 10:00:00 +0000",
                                            .message_id = "1@easfs.invalid",
                                            .recipients_from_argv = length % 3 == 0,
                                            .recipients = argv};
    struct composed composed;
    g_autofree char *reason = NULL, *why = NULL;
    g_autoptr(eas_node) draft = draft_fields((const char *)bytes, length, &why);

    insist(draft || (why && g_utf8_validate(why, -1, NULL)), "no draft, and no reason");
    if (draft)
        check_tree(draft);
    if (compose((const char *)bytes, length, &context, &composed, &reason))
        check_composed(&composed, &context);
    else
        insist(reason && g_utf8_validate(reason, -1, NULL), "not sent, and no reason");
    composed_clear(&composed);
    return 0;
}
