/* The fuzz targets over their seeds, each also cut at every byte, without a fuzzer. Catches: what
 * a target would find first: an answer that reads differently when it comes in pieces, a tree that
 * does not read back, a crash at a cut. A target that differs aborts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#define LLVMFuzzerTestOneInput fuzz_reader
#include "tests/fuzz/fuzz_reader.c"
#undef LLVMFuzzerTestOneInput
int fuzz_sync(const uint8_t *bytes, size_t length);
#define LLVMFuzzerTestOneInput fuzz_sync
#include "tests/fuzz/fuzz_sync.c"
#undef LLVMFuzzerTestOneInput
int fuzz_fetch(const uint8_t *bytes, size_t length);
#define LLVMFuzzerTestOneInput fuzz_fetch
#include "tests/fuzz/fuzz_fetch.c"
#undef LLVMFuzzerTestOneInput
int fuzz_answers(const uint8_t *bytes, size_t length);
#define LLVMFuzzerTestOneInput fuzz_answers
#include "tests/fuzz/fuzz_answers.c"
#undef LLVMFuzzerTestOneInput
int fuzz_card(const uint8_t *bytes, size_t length);
#define LLVMFuzzerTestOneInput fuzz_card
#include "tests/fuzz/fuzz_card.c"
#undef LLVMFuzzerTestOneInput
int fuzz_compose(const uint8_t *bytes, size_t length);
#define LLVMFuzzerTestOneInput fuzz_compose
#include "tests/fuzz/fuzz_compose.c"
#undef LLVMFuzzerTestOneInput
int fuzz_oauth(const uint8_t *bytes, size_t length);
#define LLVMFuzzerTestOneInput fuzz_oauth
#include "tests/fuzz/fuzz_oauth.c"
#undef LLVMFuzzerTestOneInput

static void replay(const char *name, int (*target)(const uint8_t *, size_t))
{
    g_autofree char *directory = g_build_filename("tests/fuzz/seeds", name, NULL);
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *file;
    int seeds = 0;

    assert_non_null(dir);
    while ((file = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(directory, file, NULL), *bytes = NULL;
        gsize length;

        assert_true(g_file_get_contents(path, &bytes, &length, NULL));
        for (gsize cut = 0; cut <= length; cut++)
            assert_int_equal(target((const uint8_t *)bytes, cut), 0);
        seeds++;
    }
    assert_true(seeds > 3);
}

static void the_reader(void **state)
{
    (void)state;
    replay("reader", fuzz_reader);
}

static void sync_answers(void **state)
{
    (void)state;
    replay("sync", fuzz_sync);
}

static void fetch_answers(void **state)
{
    (void)state;
    replay("fetch", fuzz_fetch);
}

static void small_answers(void **state)
{
    (void)state;
    replay("answers", fuzz_answers);
}

static void cards(void **state)
{
    (void)state;
    replay("card", fuzz_card);
}

static void letters(void **state)
{
    (void)state;
    replay("compose", fuzz_compose);
}

static void token_answers(void **state)
{
    (void)state;
    replay("oauth", fuzz_oauth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reader),
        cmocka_unit_test(sync_answers),
        cmocka_unit_test(fetch_answers),
        cmocka_unit_test(small_answers),
        cmocka_unit_test(cards),
        cmocka_unit_test(letters),
        cmocka_unit_test(token_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
