/* easfs explain: what a Status, an HTTP code or a word of doctor's means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/cause.h"
#include "codec/wire/status.h"
#include "fs/message.h"
#include "fs/verbs/verbs.h"

enum { MEANINGS_MOST = 64 };

static const char what[] = "explain";

static const struct option_row explain_rows[] = {{0}};

static void say_cause(enum eas_cause cause)
{
    const struct eas_cause_row *row = eas_cause_row(cause);

    printf("%s: %s; %s (side: %s)\n", row->word, row->text, row->advice, eas_side_word(row->side));
}

static void say_meaning(int code, const struct eas_meaning *meaning)
{
    const struct eas_cause_row *row = eas_cause_row(meaning->cause);
    const char *kind = meaning->http ? "HTTP" : "Status";

    printf("%s %d%s%s%s%s: %s%s%s%s\n", kind, code, meaning->command ? " of " : "",
           meaning->command ? meaning->command : "", *meaning->level ? " " : "", meaning->level, meaning->text,
           row ? " (" : "", row ? row->word : "", row ? ")" : "");
}

/* "HTTP 403", "status 129" and "403" alike. */
static int code_of(int argc, char **argv)
{
    char *end;
    long code = strtol(argv[argc - 1], &end, 10);

    return *argv[argc - 1] && !*end && code > 0 && code < 1000 ? (int)code : -1;
}

static int explain_run(void *values, int argc, char **argv)
{
    struct eas_meaning meanings[MEANINGS_MOST];
    enum eas_cause cause = argc ? eas_cause_parse(argv[argc - 1]) : EAS_NO_CAUSE;
    int code = argc ? code_of(argc, argv) : -1;
    size_t count = code > 0 ? eas_meanings(code, meanings, MEANINGS_MOST) : 0;

    (void)values;
    for (int each = EAS_NO_CAUSE + 1; argc == 0 && each < EAS_CAUSES; each++)
        say_cause((enum eas_cause)each);
    if (argc == 0)
        return 0;
    if (cause) {
        say_cause(cause);
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        say_meaning(code, &meanings[i]);
    if (count > 0)
        return 0;
    return unable_to(EXIT_USAGE, what, "give a Status, an HTTP code, or a word of easfs doctor",
                     "\"%s\" means nothing to it", argv[argc - 1]);
}

const struct verb verb_explain = {
    .name = "explain",
    .operands = "[CODE]",
    .help =
        "Says what a Status of ActiveSync, an HTTP code or a word of doctor's means; alone, what all those words mean.",
    .options = explain_rows,
    .most = 2,
    .run = explain_run,
};
