/* An independent reader, libwbxml, beside ours. Catches: a writer whose documents only our own reader
 * understands, a reader that understands what nobody else would. libwbxml knows 619 of the 654
 * tokens, 69 of them by other names; it is asked for its name of each token, so what is compared is
 * the structure, the token and the value of every element. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#define WBXML_OK LIBWBXML_OK /* both libraries call their good result so */
#include <libwbxml-1.0/wbxml/wbxml.h>
#undef WBXML_OK

#include "codec/wire/wbxml_tree.h"
#include "tests/unit/requests.h"
#include "tests/unit/shared.h"

/* The document as XML, by libwbxml; NULL if it refuses. The caller frees with free(). */
static char *oracle_xml(const void *bytes, size_t length, size_t *xml_length)
{
    WBXMLConvWBXML2XML *converter;
    WB_UTINY *xml = NULL;
    WB_ULONG size = 0;

    assert_int_equal(wbxml_conv_wbxml2xml_create(&converter), LIBWBXML_OK);
    wbxml_conv_wbxml2xml_set_language(converter, WBXML_LANG_ACTIVESYNC);
    wbxml_conv_wbxml2xml_set_gen_type(converter, WBXML_GEN_XML_CANONICAL);
    wbxml_conv_wbxml2xml_enable_preserve_whitespaces(converter);
    WBXMLError error = wbxml_conv_wbxml2xml_run(converter, (WB_UTINY *)(uintptr_t)bytes, (WB_ULONG)length, &xml, &size);
    wbxml_conv_wbxml2xml_destroy(converter);
    *xml_length = size;
    return error == LIBWBXML_OK ? (char *)xml : NULL;
}

/* What the XML says, a line an element: depth, name, value. */
struct lines {
    GString *out, *value;
    int depth;
    gsize element_at; /* where in out the innermost element's line ends, while it is a leaf */
};

static void start_element(GMarkupParseContext *context, const char *name, const char **names, const char **values,
                          void *data, GError **error)
{
    struct lines *lines = data;

    (void)context;
    (void)names;
    (void)values;
    (void)error;
    g_string_append_printf(lines->out, "%d %s\n", lines->depth++, name);
    lines->element_at = lines->out->len;
    g_string_truncate(lines->value, 0);
}

static void end_element(GMarkupParseContext *context, const char *name, void *data, GError **error)
{
    struct lines *lines = data;

    (void)context;
    (void)name;
    (void)error;
    lines->depth--;
    if (lines->element_at == lines->out->len && lines->value->len > 0)
        g_string_append_printf(lines->out, "=%s\n", lines->value->str);
    lines->element_at = 0;
    g_string_truncate(lines->value, 0);
}

static void element_text(GMarkupParseContext *context, const char *text, gsize length, void *data, GError **error)
{
    struct lines *lines = data;

    (void)context;
    (void)error;
    g_string_append_len(lines->value, text, (gssize)length);
}

static char *oracle_lines(const void *bytes, size_t length)
{
    static const GMarkupParser parser = {
        .start_element = start_element, .end_element = end_element, .text = element_text};
    struct lines lines = {.out = g_string_new(NULL), .value = g_string_new(NULL)};
    GMarkupParseContext *context = g_markup_parse_context_new(&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, &lines, NULL);
    g_autoptr(GError) error = NULL;
    size_t xml_length;
    char *xml = oracle_xml(bytes, length, &xml_length);

    assert_non_null(xml);
    if (!g_markup_parse_context_parse(context, xml, (gssize)xml_length, &error))
        fail_msg("%s in %.*s", error->message, (int)MIN(xml_length, 400), xml);
    g_markup_parse_context_free(context);
    free(xml);
    g_string_free(lines.value, TRUE);
    return g_string_free(lines.out, FALSE);
}

/* libwbxml's name of every token, asked once. */
static GHashTable *oracle_names;

static const char *oracle_name(eas_tag tag)
{
    const char *known = g_hash_table_lookup(oracle_names, GUINT_TO_POINTER(tag));

    if (known)
        return known;
    g_autoptr(eas_node) root = eas_node_new(tag, NULL);
    g_autoptr(GBytes) bytes = eas_node_bytes(root);
    g_autofree char *lines = oracle_lines(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    char *name = g_strndup(lines + 2, strcspn(lines + 2, "\n"));

    g_hash_table_insert(oracle_names, GUINT_TO_POINTER(tag), name);
    return name;
}

/* The tags whose values libwbxml shows as base64. */
static bool is_binary(eas_tag tag)
{
    static const eas_tag tags[] = {0x0a1c, 0x0f20, 0x1012, 0x111f, 0x1418, 0x1510, 0x1609, 0x160a};

    for (size_t i = 0; i < G_N_ELEMENTS(tags); i++)
        if (tags[i] == tag)
            return true;
    return false;
}

static void our_lines(const struct eas_node *node, int depth, GString *out)
{
    g_string_append_printf(out, "%d %s\n", depth, oracle_name(node->tag));
    for (const struct eas_node *child = node->first; child; child = child->next)
        our_lines(child, depth + 1, out);
    if (node->first || node->length == 0)
        return;
    if (is_binary(node->tag)) {
        g_autofree char *base64 = g_base64_encode((const guchar *)node->text, node->length);
        g_string_append_printf(out, "=%s\n", base64);
    } else {
        g_string_append_printf(out, "=%s\n", node->text);
    }
}

static void read_the_same(const char *what, const void *bytes, size_t length)
{
    g_autoptr(eas_node) root = eas_node_parse(bytes, length, NULL);
    g_autoptr(GString) ours = g_string_new(NULL);

    if (!root)
        fail_msg("%s: we cannot read it", what);
    our_lines(root, 0, ours);
    g_autofree char *theirs = oracle_lines(bytes, length);
    size_t same = 0;
    while (ours->str[same] && ours->str[same] == theirs[same])
        same++;
    if (ours->str[same] != theirs[same])
        fail_msg("%s: after %.*s we read %.40s, libwbxml %.40s", what, (int)MIN(same, 80),
                 ours->str + same - MIN(same, 80), ours->str + same, theirs + same);
}

static void names_of_all_tokens(void **state)
{
    int same = 0, unknown = 0, other = 0;

    (void)state;
    for (unsigned page = 0; page < EAS_PAGES; page++)
        for (unsigned token = 5; token < 0x40; token++) {
            eas_tag tag = (eas_tag)(page << 8 | token);
            const char *ours = eas_tag_name(tag);

            if (!ours)
                continue;
            const char *theirs = oracle_name(tag);
            int *bucket = strcmp(theirs, "unknown") == 0 ? &unknown : strcmp(theirs, ours) == 0 ? &same : &other;
            ++*bucket;
        }
    /* Its table lacks 35 and renames 69; a slip of ours would move a number. */
    assert_int_equal(unknown, 35);
    assert_int_equal(other, 69);
    assert_int_equal(same, 550);
}

static void every_request(void **state)
{
    (void)state;
    for (size_t v = 0; v < G_N_ELEMENTS(versions); v++)
        for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
            g_autoptr(GByteArray) out = g_byte_array_new();

            if (versions[v] < requests[i].since)
                continue;
            requests[i].write(out, versions[v]);
            read_the_same(requests[i].name, out->data, out->len);
        }
}

/* Trees of random tags, depths and values, from a fixed seed; opaque values where libwbxml can show
 * them, which it cannot in an element named Data (it takes that for SyncML's). */
static struct eas_node *random_tree(GRand *random, int depth)
{
    static const char *const values[] = {"",          "1", "a < b & c > d", "\"quoted\" 'text'", "Grüße, 日本語, 😀",
                                         "two\nlines"};
    eas_tag tag;

    do
        tag = (eas_tag)(g_rand_int_range(random, 0, EAS_PAGES - 1) << 8 | g_rand_int_range(random, 5, 0x40));
    while (!eas_tag_name(tag) || strcmp(oracle_name(tag), "unknown") == 0 || strcmp(oracle_name(tag), "Data") == 0);
    struct eas_node *node = eas_node_new(tag, values[g_rand_int_range(random, 0, G_N_ELEMENTS(values))]);
    if (is_binary(tag)) {
        node->length = (size_t)g_rand_int_range(random, 1, 400);
        g_free(node->text);
        node->text = g_malloc0(node->length + 1);
        for (size_t i = 0; i < node->length; i++)
            node->text[i] = (char)g_rand_int_range(random, 0, 256);
        node->opaque = true;
    }
    for (int i = depth > 6 ? 0 : g_rand_int_range(random, 0, 5); i > 0; i--)
        eas_node_append(node, random_tree(random, depth + 1));
    return node;
}

static void random_documents(void **state)
{
    GRand *random = g_rand_new_with_seed(20261122);

    (void)state;
    for (int i = 0; i < 100; i++) {
        g_autoptr(eas_node) root = random_tree(random, 0);
        g_autoptr(GBytes) bytes = eas_node_bytes(root);

        read_the_same("a random document", g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    }
    g_rand_free(random);
}

static void read_all(const char *directory)
{
    g_autoptr(GPtrArray) names = shared_names(directory, ".wbxml");

    SKIP_WITHOUT(names->len > 0, directory);
    for (guint i = 0; i < names->len; i++) {
        g_autoptr(GBytes) bytes = shared_file(names->pdata[i]);

        read_the_same(names->pdata[i], g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    }
}

static void every_recorded_document(void **state)
{
    (void)state;
    read_all("protocol/vectors");
}

static void every_synthetic_document(void **state)
{
    (void)state;
    read_all("protocol/vectors/synthetic");
}

static int ask_names(void **state)
{
    (void)state;
    oracle_names = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    return 0;
}

static int forget_names(void **state)
{
    (void)state;
    g_hash_table_unref(oracle_names);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_all_tokens),      cmocka_unit_test(every_request),
        cmocka_unit_test(random_documents),         cmocka_unit_test(every_recorded_document),
        cmocka_unit_test(every_synthetic_document),
    };
    return cmocka_run_group_tests(tests, ask_names, forget_names);
}
