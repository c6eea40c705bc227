/* The WBXML reader, the tree and its writer, the XML printer: any bytes; what can be read is written
 * and must read back as the same bytes.
 * shared seeds: protocol/vectors protocol/vectors/synthetic protocol/vectors/hostile */
#include "codec/wire/wbxml_xml.h"
#include "tests/fuzz/fuzz.h"

static void read_back(const struct eas_node *root)
{
    g_autoptr(GBytes) once = eas_node_bytes(root);
    g_autoptr(eas_node) copy = eas_node_parse(g_bytes_get_data(once, NULL), g_bytes_get_size(once), NULL);

    if (!copy)
        abort();
    g_autoptr(GBytes) twice = eas_node_bytes(copy);
    if (!g_bytes_equal(once, twice))
        abort();
}

static void digest_tree(struct digest *digest, const struct eas_node *node)
{
    digest_number(digest, node->tag);
    digest_number(digest, node->opaque);
    digest_bytes(digest, node->text, node->length);
    for (const struct eas_node *child = node->first; child; child = child->next)
        digest_tree(digest, child);
    digest_number(digest, -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const size_t steps[] = {length + 1, piece_size(bytes, length)};
    struct digest digests[2] = {{0}, {0}};
    g_autoptr(GString) xml = g_string_new(NULL);

    for (int i = 0; i < 2; i++) {
        struct answer_tree answer = {0};

        if (feed_pieces(&answer_tree_sink, &answer, "", bytes, length, steps[i], &digests[i]) == WBXML_OK) {
            digest_tree(&digests[i], answer_tree_root(&answer));
            read_back(answer_tree_root(&answer));
        }
        answer_tree_clear(&answer);
    }
    if (digests[0].value != digests[1].value)
        abort();
    wbxml_xml_print(xml, bytes, length, NULL);
    if (!g_utf8_validate_len(xml->str, xml->len, NULL))
        abort();
    return 0;
}
