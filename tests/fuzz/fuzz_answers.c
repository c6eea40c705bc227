/* Answers that are read as trees: any document, by every reader of one. A reader must take what another command's
 * answer holds as well, and never say more than its limits allow. shared seeds: protocol/vectors
 * protocol/vectors/synthetic */
#include "codec/limits.h"
#include "codec/wire/folder_change.h"
#include "codec/wire/folder_sync.h"
#include "codec/wire/get_item_estimate.h"
#include "codec/wire/meeting_response.h"
#include "codec/wire/move_items.h"
#include "codec/wire/ping.h"
#include "codec/wire/provision.h"
#include "codec/wire/settings.h"
#include "tests/fuzz/fuzz.h"

static void demand(bool good)
{
    if (!good)
        abort();
}

static void read_arrays(const struct eas_node *root)
{
    g_autoptr(GArray) estimates = get_item_estimate_read(root), moved = move_items_read(root),
                      replied = meeting_response_read(root);

    for (guint i = 0; i < estimates->len; i++)
        demand(g_array_index(estimates, struct item_estimate, i).collection_id != NULL);
    demand(moved->len <= LIMIT_MOVES && replied->len <= LIMIT_REPLIES);
    for (guint i = 0; i < moved->len; i++) {
        const struct item_moved *one = &g_array_index(moved, struct item_moved, i);

        demand(*one->server_id && (one->new_server_id != NULL) == (one->status == 3));
    }
}

static void read_folders(const struct eas_node *root)
{
    struct folder_sync_answer folders;
    struct folder_changed changed;

    folder_sync_read(root, &folders);
    demand((folders.sync_key != NULL) >= (folders.changes->len > 0));
    folder_sync_clear(&folders);
    folder_changed_read(root, &changed);
    demand((changed.sync_key != NULL) == (changed.status == 1));
    folder_changed_clear(&changed);
}

static void read_others(const struct eas_node *root)
{
    struct ping_answer ping;
    struct provision_answer policy;
    struct user_information user;

    ping_read(root, &ping);
    ping_clear(&ping);
    provision_read(root, &policy);
    provision_clear(&policy);
    settings_user_read(root, &user);
    settings_user_clear(&user);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    g_autoptr(eas_node) root = eas_node_parse(bytes, length, NULL);

    if (!root)
        return 0;
    read_arrays(root);
    read_folders(root);
    read_others(root);
    return 0;
}
