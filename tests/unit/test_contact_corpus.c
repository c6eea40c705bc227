/* Cards that others wrote, all of the corpus. Catches: a card that means something else when it comes back from the
 * server than when it went there, a reason that is none, a card that is refused without one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/files/edit.h"
#include "tests/unit/shared.h"

static struct file_context context(int version)
{
    return (struct file_context){
        .uid = "urn:uuid:0d5e6f2a-1111-5222-8333-444455556666", .vcard_version = version, .version = EAS_14_1};
}

/* Single cards of a file, as a person would part it. */
static GPtrArray *cards_of(const char *text, gsize length)
{
    g_autofree char *all = g_strndup(text, length);
    GPtrArray *cards = g_ptr_array_new_with_free_func(g_free);
    const char *at = all;
    g_autoptr(GRegex) ends =
        g_regex_new("^END:VCARD[ \t]*\r?\n?", G_REGEX_MULTILINE | G_REGEX_CASELESS | G_REGEX_RAW, 0, NULL);

    if (strlen(all) == length) {
        g_autoptr(GMatchInfo) match = NULL;

        g_regex_match(ends, all, 0, &match);
        while (g_match_info_matches(match)) {
            int from, to;

            g_match_info_fetch_pos(match, 0, &from, &to);
            g_ptr_array_add(cards, g_strndup(at, all + to - at));
            at = all + to;
            g_match_info_next(match, NULL);
        }
    }
    if (cards->len < 2) {
        g_ptr_array_set_size(cards, 0);
        g_ptr_array_add(cards, g_memdup2(text, length));
    }
    return cards;
}

static void count_reason(GHashTable *reasons, const char *reason)
{
    char *quoted = strchr(reason, '(');
    char *kind = g_strndup(reason, quoted ? (gsize)(quoted - reason) : strlen(reason));
    int count = GPOINTER_TO_INT(g_hash_table_lookup(reasons, kind));

    g_hash_table_replace(reasons, kind, GINT_TO_POINTER(count + 1));
}

static void there_and_back(const char *name, const struct written *written, int version)
{
    struct file_context there = context(version);
    struct written back;
    g_autofree char *reason = NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GBytes) file = file_from_item(EAS_CONTACTS, written->data, &there, &reason);
    gsize length;
    const char *bytes = g_bytes_get_data(file, &length);

    if (!file_read(EAS_CONTACTS, bytes, length, &there, &back, &reason))
        fail_msg("%s came back and could not be read: %s\n%s", name, reason, bytes);
    if (!item_same(EAS_CONTACTS, written->data, back.data, names))
        fail_msg("%s: %s came back otherwise\n%s", name, (char *)names->pdata[0], bytes);
    assert_string_equal(written->title, back.title);

    g_autoptr(GPtrArray) commands = item_commands(EAS_CONTACTS, EAS_14_1, written->data, back.data, NULL);
    assert_int_equal(commands->len, 0);
    written_clear(&back);
}

static void cards_of_the_corpus(void **state)
{
    SKIP_WITHOUT(shared_has("corpus/vcf"), "corpus/vcf");
    g_autofree char *top = shared_path("corpus/vcf");
    g_autoptr(GHashTable) reasons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GDir) dir = g_dir_open(top, 0, NULL);
    const char *source;
    int read = 0, all = 0;
    struct file_context context_ = context(3);

    (void)state;
    while ((source = g_dir_read_name(dir))) {
        g_autofree char *directory = g_build_filename("corpus/vcf", source, NULL);
        g_autoptr(GPtrArray) names = shared_names(directory, ".vcf");

        for (guint i = 0; i < names->len; i++) {
            g_autoptr(GBytes) bytes = shared_file(names->pdata[i]);
            gsize length;
            const char *text = g_bytes_get_data(bytes, &length);
            g_autoptr(GPtrArray) cards = cards_of(text ? text : "", length);

            for (guint n = 0; n < cards->len; n++) {
                const char *card = cards->pdata[n];
                struct written written;
                g_autofree char *reason = NULL;

                all++;
                if (file_read(EAS_CONTACTS, card, cards->len == 1 ? length : strlen(card), &context_, &written,
                              &reason)) {
                    read++;
                    there_and_back(names->pdata[i], &written, 3);
                    there_and_back(names->pdata[i], &written, 4);
                    written_clear(&written);
                } else {
                    assert_non_null(reason);
                    if (g_getenv("SHOW"))
                        print_message("%s#%u: %s\n", (char *)names->pdata[i], n, reason);
                    count_reason(reasons, reason);
                }
            }
        }
    }
    print_message("%d cards, %d of them written; not:\n", all, read);
    g_autoptr(GList) kinds = g_list_sort(g_hash_table_get_keys(reasons), (GCompareFunc)strcmp);
    for (GList *kind = kinds; kind; kind = kind->next)
        print_message("%6d %s\n", GPOINTER_TO_INT(g_hash_table_lookup(reasons, kind->data)), (char *)kind->data);
    assert_true(read > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cards_of_the_corpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
