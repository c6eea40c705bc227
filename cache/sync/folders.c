/* The hierarchy: what FolderSync says, laid over the folders that are held. Ids may change (NOTES
 * section 18), so folders that went and folders that came in one answer are matched before
 * anything is removed: a matched folder keeps its directory, its inodes and its items. */
#include <errno.h>
#include <string.h>

#include "cache/step.h"
#include "cache/store/journal.h"
#include "cache/sync/engine.h"
#include "cache/sync/select.h"
#include "codec/limits.h"
#include "codec/wire/folder_sync.h"
#include "codec/wire/status.h"

struct node {
    struct collection held; /* id 0: new to us */
    char *old_path;         /* where it was before this answer; NULL for a new one */
    bool listed;            /* named by this answer */
    bool removed;
    bool changed;
    bool renumbered; /* its ServerId is another now */
    bool renamed;    /* by the user, and the server is not told yet */
    bool placed;     /* written, its children may follow */
};

struct tree {
    GPtrArray *nodes;          /* of struct node */
    GHashTable *by_server_id;  /* of struct node, which begins with its collection */
    struct policy_rules rules; /* of the policy that engine->policy is */
};

static void node_free(void *data)
{
    struct node *node = data;

    collection_clear(&node->held);
    g_free(node->old_path);
    g_free(node);
}

static void tree_clear(struct tree *tree)
{
    g_hash_table_unref(tree->by_server_id);
    g_ptr_array_unref(tree->nodes);
}

static struct node *tree_add(struct tree *tree, const struct collection *collection)
{
    struct node *node = g_new0(struct node, 1);

    node->held = *collection;
    g_ptr_array_add(tree->nodes, node);
    g_hash_table_insert(tree->by_server_id, node->held.server_id, node);
    return node;
}

/* Whether a change of the user's to this folder waits to be sent. */
static bool is_pending(struct store *store, const struct node *node, enum journal_kind kind)
{
    struct journal row = {0};
    bool pending = journal_of_collection(store, kind, node->held.id, &row) == 0 && row.state != JOURNAL_HELD;

    journal_clear(&row);
    return pending;
}

static struct tree tree_load(struct sync_engine *engine)
{
    struct store *store = engine->store;

    g_free(engine->policy);
    engine->policy = store_get(store, "policy");

    struct tree tree = {g_ptr_array_new_with_free_func(node_free), g_hash_table_new(g_str_hash, g_str_equal),
                        policy_rules(engine->policy)};
    GArray *collections = store_collections(store);

    for (guint i = 0; i < collections->len; i++)
        tree_add(&tree, &g_array_index(collections, struct collection, i));
    g_array_set_clear_func(collections, NULL); /* the nodes own the strings now */
    g_array_unref(collections);
    for (guint i = 0; i < tree.nodes->len; i++) {
        struct node *node = tree.nodes->pdata[i];

        node->old_path = select_path(tree.by_server_id, &node->held);
        node->renamed = is_pending(store, node, JOURNAL_FOLDER_UPDATE);
    }
    return tree;
}

static void replace(char **held, const char *text, bool *changed)
{
    if (g_strcmp0(*held, text) == 0)
        return;
    g_free(*held);
    *held = g_strdup(text);
    *changed = true;
}

static void node_describe(struct node *node, const struct folder_change *change)
{
    enum eas_class class = eas_folder_class(change->type);

    if (!node->renamed) {
        replace(&node->held.parent_id, change->parent_id, &node->changed);
        replace(&node->held.name, change->name, &node->changed);
    }
    node->changed |= node->held.type != change->type || node->held.class != class;
    node->held.type = change->type;
    node->held.class = class;
    node->listed = true;
    node->removed = false;
}

static void tree_change(struct tree *tree, const struct folder_change *change)
{
    struct node *node = g_hash_table_lookup(tree->by_server_id, change->server_id);

    if (change->kind == FOLDER_DELETE) {
        if (node)
            node->removed = true;
        return;
    }
    if (!node) {
        if (tree->nodes->len >= LIMIT_FOLDERS)
            return;
        struct collection fresh = {.server_id = g_strdup(change->server_id),
                                   .sync_key = g_strdup("0"),
                                   .filter = SYNC_FILTER_NONE,
                                   .class = EAS_NO_CLASS};

        node = tree_add(tree, &fresh);
        node->changed = true;
    }
    node_describe(node, change);
}

static bool is_same_folder(const struct node *gone, const struct node *came, const char *path)
{
    if (gone->held.class != came->held.class)
        return false;
    if (eas_folder_is_default(came->held.type) || eas_folder_is_default(gone->held.type))
        return came->held.type == gone->held.type;
    return g_strcmp0(gone->old_path, path) == 0 && (path || !g_strcmp0(gone->held.name, came->held.name));
}

/* The folder that went takes the id and the description of the one that came, which is dropped. */
static void node_renumber(struct tree *tree, struct node *gone, struct node *came)
{
    g_hash_table_remove(tree->by_server_id, gone->held.server_id);
    g_hash_table_remove(tree->by_server_id, came->held.server_id);
    g_free(gone->held.server_id);
    g_free(gone->held.parent_id);
    g_free(gone->held.name);
    gone->held.server_id = g_steal_pointer(&came->held.server_id);
    gone->held.parent_id = g_steal_pointer(&came->held.parent_id);
    gone->held.name = g_steal_pointer(&came->held.name);
    gone->held.type = came->held.type;
    gone->removed = false;
    gone->listed = gone->changed = gone->renumbered = true;
    g_hash_table_insert(tree->by_server_id, gone->held.server_id, gone);
    g_ptr_array_remove_fast(tree->nodes, came);
}

static void tree_match(struct tree *tree)
{
    g_autoptr(GPtrArray) gone = g_ptr_array_new(), came = g_ptr_array_new();
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < tree->nodes->len; i++) {
        struct node *node = tree->nodes->pdata[i];

        if (node->removed) {
            g_ptr_array_add(gone, node);
        } else if (!node->held.id) {
            g_ptr_array_add(came, node);
            g_ptr_array_add(paths, select_path(tree->by_server_id, &node->held));
        }
    }
    for (guint i = 0; i < came->len; i++)
        for (guint j = 0; j < gone->len; j++)
            if (is_same_folder(gone->pdata[j], came->pdata[i], paths->pdata[i])) {
                node_renumber(tree, gone->pdata[j], came->pdata[i]);
                g_ptr_array_remove_index_fast(gone, j);
                break;
            }
}

static int node_remove(struct sync_engine *engine, struct node *node)
{
    int64_t id = node->held.id;

    node->held.id = node->held.ino = 0;
    return id ? store_collection_remove(engine->store, id) : 0;
}

static void key_drop(struct collection *collection)
{
    g_free(collection->sync_key);
    collection->sync_key = g_strdup("0");
    collection->more = false;
}

/* Gives the folder what this run's options say of it. A folder that is no longer wanted keeps its
 * row, not its items; one whose window is another is read anew. */
static int node_select(struct sync_engine *engine, struct tree *tree, struct node *node)
{
    struct collection *held = &node->held;
    g_autofree char *path = select_path(tree->by_server_id, held);
    bool wanted = path && select_wants(engine->config, held->class, path);
    int filter = wanted ? select_filter(engine->config->since, held->class) : SYNC_FILTER_NONE;

    int error = 0;

    filter = select_cap(filter, held->class, &tree->rules);

    if (held->selected && !wanted) {
        error = node_remove(engine, node);
        key_drop(held);
        held->complete = held->resync = false;
    }
    node->changed |= held->selected != wanted || held->filter != filter;
    if (held->id && wanted && (node->renumbered || (held->selected && held->filter != filter))) {
        key_drop(held);
        held->resync = true;
        error = error ? error : store_resync_begin(engine->store, held->id);
    }
    held->selected = wanted;
    held->filter = filter;
    return error;
}

static int node_place(struct sync_engine *engine, struct node *node)
{
    node->placed = true;
    if (!node->changed || is_pending(engine->store, node, JOURNAL_FOLDER_DELETE))
        return 0;
    int error = store_collection_put(engine->store, &node->held);

    return error ? error : store_collection_state(engine->store, &node->held);
}

static bool may_place(const struct tree *tree, const struct node *node)
{
    const struct node *parent =
        node->held.parent_id ? g_hash_table_lookup(tree->by_server_id, node->held.parent_id) : NULL;

    return !parent || parent->placed || parent->removed;
}

/* Parents first; what is left when nothing moves any more is a loop, and is placed as it comes. */
static int tree_place(struct sync_engine *engine, struct tree *tree)
{
    bool loop = false;
    guint left = tree->nodes->len;

    while (left > 0) {
        guint before = left;

        left = 0;
        for (guint i = 0; i < tree->nodes->len; i++) {
            struct node *node = tree->nodes->pdata[i];

            if (node->placed || node->removed)
                continue;
            if (!loop && !may_place(tree, node)) {
                left++;
                continue;
            }
            int error = node_place(engine, node);

            if (error)
                return error;
        }
        loop = left == before;
    }
    return 0;
}

/* A longer path first: what is in a folder goes before it, else it would be moved out of it. */
static gint compare_depth(gconstpointer a, gconstpointer b)
{
    const char *one = (*(struct node *const *)a)->old_path, *other = (*(struct node *const *)b)->old_path;
    size_t length = one ? strlen(one) : 0, other_length = other ? strlen(other) : 0;

    return (length < other_length) - (length > other_length);
}

static GPtrArray *removed_of(const struct tree *tree)
{
    GPtrArray *removed = g_ptr_array_new();

    for (guint i = 0; i < tree->nodes->len; i++)
        if (((struct node *)tree->nodes->pdata[i])->removed)
            g_ptr_array_add(removed, tree->nodes->pdata[i]);
    g_ptr_array_sort(removed, compare_depth);
    return removed;
}

static int tree_write(struct sync_engine *engine, struct tree *tree)
{
    g_autoptr(GPtrArray) removed = removed_of(tree);
    int error = 0;

    for (guint i = 0; !error && i < removed->len; i++)
        error = node_remove(engine, removed->pdata[i]);
    for (guint i = 0; !error && i < tree->nodes->len; i++)
        if (!((struct node *)tree->nodes->pdata[i])->removed)
            error = node_select(engine, tree, tree->nodes->pdata[i]);
    return error ? error : tree_place(engine, tree);
}

/* One transaction: the folders and, when an answer brought them, the key that came with them. */
static int tree_commit(struct sync_engine *engine, struct tree *tree, const char *key)
{
    int error = store_begin(engine->store);

    if (error)
        return error;
    error = tree_write(engine, tree);
    if (!error && key)
        error = store_set(engine->store, "hierarchy-key", key);
    if (!error) {
        step("commit");
        error = store_commit(engine->store);
        step("committed");
        return error;
    }
    store_rollback(engine->store);
    return error;
}

bool folders_selection_is_old(struct sync_engine *engine)
{
    g_autofree char *policy = store_get(engine->store, "policy");

    return engine->selection_old || g_strcmp0(policy, engine->policy) != 0;
}

int folders_select(struct sync_engine *engine)
{
    struct tree tree = tree_load(engine);
    int error = tree_commit(engine, &tree, NULL);

    engine->selection_old = false;
    tree_clear(&tree);
    return error;
}

static struct eas_result answer_apply(struct sync_engine *engine, const struct folder_sync_answer *answer, bool full)
{
    struct tree tree = tree_load(engine);
    int error;

    for (guint i = 0; i < answer->changes->len; i++)
        tree_change(&tree, answer->changes->pdata[i]);
    for (guint i = 0; full && i < tree.nodes->len; i++) {
        struct node *node = tree.nodes->pdata[i];

        node->removed |= !node->listed;
    }
    tree_match(&tree);
    error = tree_commit(engine, &tree, answer->sync_key);
    tree_clear(&tree);
    if (!error && engine->hooks.tree_known)
        engine->hooks.tree_known(engine->hooks.ctx);
    return store_result(error);
}

static struct eas_result answer_judge(struct sync_engine *engine, const struct call *call, const struct eas_node *root,
                                      bool full)
{
    struct folder_sync_answer answer;
    struct eas_result result;

    if (call->empty && !full)
        return eas_served();
    if (!root)
        return eas_refused(EAS_SCOPE_ACCOUNT, 76, "the server gives no list of folders");
    folder_sync_read(root, &answer);
    if (answer.status == 0)
        result = eas_refused(EAS_SCOPE_ACCOUNT, 76, "the answer is not a list of folders");
    else if (answer.status != 1)
        result = eas_status_result(EAS_FOLDER_SYNC, EAS_LEVEL_TOP, answer.status);
    else if (full && answer.changes->len == 0)
        result = eas_refused(EAS_SCOPE_ACCOUNT, 69, "the server says that the mailbox has no folder at all");
    else
        result = answer_apply(engine, &answer, full);
    engine->tree_stirred |= !full && answer.changes->len > 0;
    folder_sync_clear(&answer);
    return result;
}

static struct eas_result folders_ask(struct sync_engine *engine, const char *key)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct answer_tree answer = {0};
    struct call call = {.command = EAS_FOLDER_SYNC, .request = request, .sink = &answer_tree_sink, .ctx = &answer};
    struct eas_result result;

    folder_sync_request(request, key);
    result = session_call(engine->link, &call);
    if (eas_is_served(&result))
        result = answer_judge(engine, &call, answer_tree_root(&answer), !strcmp(key, "0"));
    answer_tree_clear(&answer);
    return result;
}

static bool wants_new_key(const struct eas_result *result)
{
    return result->outcome == EAS_REFUSED &&
           (result->action == EAS_ACTION_FOLDERS_NEW || result->action == EAS_ACTION_RESYNC);
}

struct eas_result folders_sync(struct sync_engine *engine)
{
    g_autofree char *key = engine->folders_anew ? NULL : store_get(engine->store, "hierarchy-key");
    struct eas_result result = folders_ask(engine, key && *key ? key : "0");

    if (key && wants_new_key(&result))
        result = folders_ask(engine, "0");
    if (!eas_is_served(&result))
        return result;
    engine->folders_stale = engine->folders_anew = false;
    engine->folders_at = g_get_monotonic_time();
    g_hash_table_remove_all(engine->keyless);
    return result;
}
