#include "tests/unit/lib/rig.h"

#include <string.h>

static char *memory_get(void *ctx, const char *key)
{
    struct rig *rig = ctx;

    g_mutex_lock(&rig->lock);
    char *value = g_strdup(g_hash_table_lookup(rig->memory, key));
    g_mutex_unlock(&rig->lock);
    return value;
}

static void memory_set(void *ctx, const char *key, const char *value)
{
    struct rig *rig = ctx;

    g_mutex_lock(&rig->lock);
    if (value)
        g_hash_table_replace(rig->memory, g_strdup(key), g_strdup(value));
    else
        g_hash_table_remove(rig->memory, key);
    g_mutex_unlock(&rig->lock);
}

void rig_start(struct rig *rig, script_handler handler, void *ctx, SSL_CTX *tls)
{
    static const char *const proxies[] = {"http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"};

    for (size_t i = 0; i < G_N_ELEMENTS(proxies); i++)
        g_unsetenv(proxies[i]);
    memset(rig, 0, sizeof *rig);
    g_mutex_init(&rig->lock);
    rig->memory = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    rig->server = script_server_new(handler, ctx, tls);
}

void rig_stop(struct rig *rig)
{
    answer_tree_clear(&rig->tree);
    link_free(rig->link);
    session_free(rig->session);
    if (rig->server)
        script_server_free(rig->server);
    g_hash_table_unref(rig->memory);
    g_mutex_clear(&rig->lock);
}

struct session_config *rig_config(struct rig *rig)
{
    struct session_config *config = g_new0(struct session_config, 1);

    config->server = script_server_url(rig->server);
    config->user = g_strdup("user");
    config->password = g_strdup("secret");
    config->insecure_http = true;
    return config;
}

void rig_warm(struct rig *rig)
{
    g_autofree char *base = script_server_url(rig->server);
    g_autofree char *url = g_strdup_printf("%s/Microsoft-Server-ActiveSync", base);

    memory_set(rig, "origin", url);
    memory_set(rig, "url", url);
    memory_set(rig, "device-id", "0123456789abcdef0123456789abcdef");
    memory_set(rig, "version", "14.1");
    memory_set(rig, "device-information", "set");
}

void rig_session(struct rig *rig, struct session_config *config)
{
    struct session_memory memory = {memory_get, memory_set, rig};

    rig->session = session_new(config ? config : rig_config(rig), &memory, &rig->made);
    rig->link = rig->session ? link_new(rig->session) : NULL;
}

void rig_start_warm(struct rig *rig, script_handler handler, void *ctx)
{
    rig_start(rig, handler, ctx, NULL);
    rig_warm(rig);
    rig_session(rig, NULL);
    if (!rig->session)
        g_error("no session: %s", rig->made.text);
}

static struct eas_result call_on(struct link *link, enum eas_command command, struct answer_tree *tree,
                                 struct call *call)
{
    g_autoptr(eas_node) root = eas_node_new(TAG_FolderHierarchy_FolderSync, NULL);
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct wbxml_writer writer;

    eas_node_add(root, TAG_FolderHierarchy_SyncKey, "0");
    wbxml_writer_init(&writer, request);
    eas_node_write(&writer, root);
    *call = (struct call){.command = command, .request = request, .sink = &answer_tree_sink, .ctx = tree};
    struct eas_result result = session_call(link, call);

    call->request = NULL;
    return result;
}

struct eas_result rig_call(struct rig *rig, enum eas_command command)
{
    struct call call;

    answer_tree_clear(&rig->tree);
    struct eas_result result = call_on(rig->link, command, &rig->tree, &call);

    rig->empty = call.empty;
    rig->status = call.status;
    return result;
}

struct eas_result rig_call_on(struct link *link, enum eas_command command)
{
    struct answer_tree tree = {0};
    struct call call;
    struct eas_result result = call_on(link, command, &tree, &call);

    answer_tree_clear(&tree);
    return result;
}

char *rig_recall(struct rig *rig, const char *key)
{
    return memory_get(rig, key);
}

struct eas_node *rig_answer(int status)
{
    struct eas_node *root = eas_node_new(TAG_FolderHierarchy_FolderSync, NULL);
    g_autofree char *text = g_strdup_printf("%d", status);

    eas_node_add(root, TAG_FolderHierarchy_Status, text);
    eas_node_add(root, TAG_FolderHierarchy_SyncKey, "key-1");
    return root;
}
