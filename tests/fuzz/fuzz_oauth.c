/* Answers of an OAuth issuer. Aborts where a token comes out that would split a header, or words that a terminal
 * would obey. */
#include <stdint.h>
#include <stdlib.h>

#include "cache/server/oauth_wire.h"
#include "tests/fuzz/fuzz.h"

static void oauth_must(bool good)
{
    if (!good)
        abort();
}

static void oauth_check_text(const char *text, bool (*allowed)(char letter))
{
    for (; text && *text; text++)
        oauth_must(allowed(*text));
}

static bool in_header(char letter)
{
    return g_ascii_isgraph(letter);
}

static bool in_sentence(char letter)
{
    return g_ascii_isprint(letter);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct oauth_answer answer = {0};

    if (oauth_answer_read((const char *)bytes, length, &answer)) {
        oauth_must(answer.error || answer.access || answer.device_code);
        oauth_check_text(answer.access, in_header);
        oauth_check_text(answer.refresh, in_header);
        oauth_check_text(answer.device_code, in_header);
        oauth_check_text(answer.user_code, in_sentence);
        oauth_check_text(answer.url, in_sentence);
        oauth_check_text(answer.error, in_sentence);
        oauth_check_text(answer.description, in_sentence);
        oauth_must(answer.expires_s >= 0 && answer.interval_s >= 0);
    }
    oauth_answer_clear(&answer);
    return 0;
}
