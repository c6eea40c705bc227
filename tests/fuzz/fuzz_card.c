/* Cards that users write. An input that begins with a byte below 0x20 is a contact of the server's (build.h), and its
 * card is read; any other is a card itself. Aborts where what is read means something else when it has been there and
 * back, where a card that nobody touched would be sent, where a refreshed card means something else than the contact it
 * was refreshed from, where there is no reason. shared seeds: corpus/vcf/khard corpus/vcf/ez-vcard
 * corpus/vcf/android-vcard corpus/vcf/kde-kcontacts */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/files/edit.h"
#include "tests/fuzz/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void claim(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "fuzz_card: %s\n", what);
    abort();
}

static GBytes *card_of(const struct eas_node *data, int version)
{
    struct file_context context = {.uid = "urn:uuid:1", .vcard_version = version};
    g_autofree char *reason = NULL;

    return file_from_item(EAS_CONTACTS, data, &context, &reason);
}

/* NULL for what is refused. */
static struct eas_node *read_card(const void *bytes, size_t length)
{
    struct file_context context = {.vcard_version = 3};
    struct written written;
    g_autofree char *reason = NULL;

    if (!file_read(EAS_CONTACTS, bytes, length, &context, &written, &reason)) {
        claim(reason && g_utf8_validate(reason, -1, NULL), "refused without a reason");
        return NULL;
    }
    claim(written.data->first && written.title, "a contact of nothing");
    struct eas_node *data = g_steal_pointer(&written.data);
    written_clear(&written);
    return data;
}

static struct eas_node *there_and_back(const struct eas_node *data, int version)
{
    g_autoptr(GBytes) card = card_of(data, version);

    return read_card(g_bytes_get_data(card, NULL), g_bytes_get_size(card));
}

static void check_same(const struct eas_node *one, const struct eas_node *other, const char *what)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    if (item_same(EAS_CONTACTS, one, other, names))
        return;
    fprintf(stderr, "fuzz_card: %s: %s\n", what, (char *)names->pdata[0]);
    abort();
}

static void check_commands(const struct eas_node *base, const struct eas_node *mine)
{
    g_autoptr(GPtrArray) none = item_commands(EAS_CONTACTS, EAS_14_1, base, mine, NULL);
    g_autoptr(GPtrArray) add = item_commands(EAS_CONTACTS, EAS_16_1, NULL, mine, NULL);
    const struct item_command *command = add->pdata[0];

    claim(none->len == 0, "something to send of what nobody changed");
    claim(add->len == 1, "nothing to send of a new one");
    check_same(command->data, mine, "sent otherwise than written");
}

static void check_refresh(GBytes *previous, const struct eas_node *data, const char *what)
{
    struct file_context context = {.uid = "urn:uuid:1", .vcard_version = 3};
    g_autofree char *reason = NULL;
    g_autoptr(GBytes) card = file_refresh(EAS_CONTACTS, data, &context, previous, &reason);
    g_autoptr(eas_node) back = read_card(g_bytes_get_data(card, NULL), g_bytes_get_size(card));

    claim(back != NULL, "a refreshed card that cannot be read");
    check_same(back, data, what);
}

static void check_card(const uint8_t *bytes, size_t length)
{
    g_autoptr(eas_node) data = read_card(bytes, length);

    if (!data)
        return;
    for (int version = 3; version <= 4; version++) {
        g_autoptr(eas_node) back = there_and_back(data, version);

        claim(back != NULL, "its own card is refused");
        check_same(data, back, "back from the server");
        check_commands(data, back);
    }

    g_autoptr(GBytes) previous = g_bytes_new(bytes, length);
    g_autoptr(eas_node) other = eas_node_copy(data);
    check_refresh(previous, data, "refreshed by itself");
    eas_node_free(eas_node_take(other, TAG_Contacts_Email1Address));
    eas_node_free(eas_node_take(other, TAG_Contacts_LastName));
    eas_node_free(eas_node_take(other, TAG_Contacts_FileAs));
    eas_node_add(other, TAG_Contacts_JobTitle, "Chief; of, all\nthings");
    check_refresh(previous, other, "refreshed by another");
}

/* Texts are UTF-8 but where they came as OPAQUE; of these only a picture may be any bytes. */
static bool is_text(const struct eas_node *item)
{
    for (const struct eas_node *child = item->first; child; child = child->next)
        if (child->tag != TAG_Contacts_Picture && (!g_utf8_validate(child->text, -1, NULL) || !is_text(child)))
            return false;
    return true;
}

static void check_item(const uint8_t *bytes, size_t length)
{
    g_autoptr(eas_node) item = build_item(bytes, length);

    if (!is_text(item))
        return;
    g_autoptr(eas_node) once = there_and_back(item, 3);
    g_autoptr(eas_node) other = there_and_back(item, 4);

    claim(!once == !other, "refused in one version only");
    if (!once)
        return;
    check_same(item, once, "read by its card");
    check_same(once, other, "in the other version");
    check_commands(item, once);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length > 0 && *bytes < 0x20)
        check_item(bytes + 1, length - 1);
    else
        check_card(bytes, length);
    return 0;
}
