#include "codec/cause.h"

#include <stddef.h>
#include <string.h>

static const struct eas_cause_row causes[EAS_CAUSES] = {
#define CAUSE(name, word, side, exit, text, advice) [EAS_CAUSE_##name] = {word, EAS_SIDE_##side, exit, text, advice},
#include "codec/cause.def"
#undef CAUSE
};

const struct eas_cause_row *eas_cause_row(enum eas_cause cause)
{
    return cause > EAS_NO_CAUSE && cause < EAS_CAUSES ? &causes[cause] : NULL;
}

enum eas_cause eas_cause_parse(const char *word)
{
    for (int cause = EAS_NO_CAUSE + 1; cause < EAS_CAUSES; cause++)
        if (strcmp(causes[cause].word, word) == 0)
            return (enum eas_cause)cause;
    return EAS_NO_CAUSE;
}

bool eas_cause_is_tls(enum eas_cause cause)
{
    const struct eas_cause_row *row = eas_cause_row(cause);

    return row && strncmp(row->word, "tls-", strlen("tls-")) == 0;
}

const char *eas_side_word(enum eas_side side)
{
    static const char *const words[] = {[EAS_SIDE_YOU] = "you",
                                        [EAS_SIDE_NETWORK] = "network",
                                        [EAS_SIDE_SERVER] = "server",
                                        [EAS_SIDE_ADMIN] = "admin"};

    return words[side];
}
