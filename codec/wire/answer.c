#include "codec/wire/answer.h"

#include <string.h>

int answer_status(const struct eas_node *root)
{
    for (const struct eas_node *child = root ? root->first : NULL; child; child = child->next)
        if (strcmp(eas_tag_name(child->tag), "Status") == 0)
            return (int)eas_node_number(root, child->tag, 0);
    return 0;
}

void answer_tree_clear(struct answer_tree *answer)
{
    wbxml_reader_free(answer->reader);
    answer->reader = NULL;
    wbxml_builder_clear(&answer->builder);
}

const struct eas_node *answer_tree_root(const struct answer_tree *answer)
{
    return answer->builder.depth == 0 ? answer->builder.root : NULL;
}

static void begin(void *ctx, const char *content_type)
{
    struct answer_tree *answer = ctx;

    (void)content_type;
    answer_tree_clear(answer);
    answer->reader = wbxml_reader_new(&wbxml_builder_handler, &answer->builder);
}

static enum wbxml_error feed(void *ctx, const void *bytes, size_t length)
{
    struct answer_tree *answer = ctx;

    return wbxml_reader_feed(answer->reader, bytes, length);
}

static enum wbxml_error finish(void *ctx, int *status)
{
    struct answer_tree *answer = ctx;
    enum wbxml_error error = wbxml_reader_finish(answer->reader);

    *status = error ? 0 : answer_status(answer->builder.root);
    return error;
}

const struct answer_sink answer_tree_sink = {.begin = begin, .feed = feed, .finish = finish};

static void text_begin(void *ctx, const char *content_type)
{
    (void)content_type;
    g_string_truncate(ctx, 0);
}

static enum wbxml_error text_feed(void *ctx, const void *bytes, size_t length)
{
    g_string_append_len(ctx, bytes, (gssize)length);
    return WBXML_OK;
}

static enum wbxml_error text_finish(void *ctx, int *status)
{
    (void)ctx;
    *status = 0;
    return WBXML_OK;
}

const struct answer_sink answer_text_sink = {.begin = text_begin, .feed = text_feed, .finish = text_finish};
