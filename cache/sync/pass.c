#include "cache/sync/pass.h"

#include "cache/upload/upload.h"
#include "codec/limits.h"
#include "codec/wire/settings.h"

/* The account's own address, once: it tells whose answer a meeting's attendee is. No server owes it. */
static void learn_address(struct sync_engine *engine)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct answer_tree answer = {0};
    struct user_information user = {0};
    struct call call = {.command = EAS_SETTINGS, .request = request, .sink = &answer_tree_sink, .ctx = &answer};

    if (engine->address || !session_offers(engine->session, EAS_SETTINGS))
        return;
    settings_user_request(request);
    struct eas_result result = session_call(engine->link, &call);

    if (eas_is_served(&result) && answer_tree_root(&answer)) {
        settings_user_read(answer_tree_root(&answer), &user);
        engine->address = g_strdup(user.primary ? user.primary : "");
        store_set(engine->store, "address", engine->address);
        settings_user_clear(&user);
    }
    answer_tree_clear(&answer);
}

/* Keys are good for the protocol version they were made with (NOTES section 1); another one begins anew. */
static struct eas_result match_version(struct sync_engine *engine)
{
    const char *version = eas_version_text(session_version(engine->session));
    g_autofree char *made_with = store_get(engine->store, "keys-version");
    int error = 0;

    if (!g_strcmp0(made_with, version))
        return eas_served();
    if (made_with)
        error = down_restart(engine);
    return store_result(error ? error : store_set(engine->store, "keys-version", version));
}

static bool folders_are_due(const struct sync_engine *engine, const struct sync_scope *scope)
{
    return scope->full || scope->folders || scope->folders_anew || engine->folders_stale || engine->folders_anew ||
           !engine->folders_at || g_get_monotonic_time() - engine->folders_at >= LIMIT_FOLDERS_MS * 1000LL;
}

bool sync_is_idle(struct sync_engine *engine, const struct sync_scope *scope)
{
    return scope->only && !g_hash_table_size(scope->only) && !folders_are_due(engine, scope) &&
           !folders_selection_is_old(engine) && !upload_is_due(engine);
}

/* Sends, and asks again where something was sent, until nothing is due any more. */
static struct eas_result up(struct sync_engine *engine)
{
    struct eas_result result = eas_served();

    for (int round = 0; round < LIMIT_UPLOAD_ROUNDS && eas_is_served(&result) && upload_is_due(engine); round++) {
        g_autoptr(GHashTable) touched = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

        result = upload_send(engine, touched, round == 0);
        if (eas_is_served(&result) && round && !engine->folders_stale && !g_hash_table_size(touched))
            break; /* what is due has to wait for something else */
        if (eas_is_served(&result))
            result = store_result(upload_prepare(engine, touched));
        if (eas_is_served(&result) && engine->folders_stale)
            result = folders_sync(engine);
        if (eas_is_served(&result) && g_hash_table_size(touched))
            result = down_pass(engine, touched);
    }
    return result;
}

/* Folders, then items. Where a collection says that the tree has changed: FolderSync with the held
 * key; if that does not help, from 0 (NOTES section 18). */
static struct eas_result folders_then_items(struct sync_engine *engine, const struct sync_scope *scope)
{
    struct eas_result result = session_connect(engine->link);

    if (eas_is_served(&result))
        result = match_version(engine);
    if (eas_is_served(&result))
        result = store_result(upload_prepare(engine, scope->only));
    for (int round = 0; round < 3 && eas_is_served(&result); round++) {
        if (round == 0 ? folders_are_due(engine, scope) : engine->folders_stale) {
            engine->folders_anew |= round == 2;
            result = folders_sync(engine);
        } else if (round && !folders_selection_is_old(engine)) {
            break;
        }
        if (eas_is_served(&result) && folders_selection_is_old(engine))
            result = store_result(folders_select(engine));
        if (eas_is_served(&result) && round == 0)
            learn_address(engine);
        if (eas_is_served(&result))
            result = match_version(engine);
        if (eas_is_served(&result))
            result = down_pass(engine, round ? NULL : scope->only);
    }
    return eas_is_served(&result) ? up(engine) : result;
}

struct eas_result sync_pass(struct sync_engine *engine, const struct sync_scope *scope)
{
    int error = scope->full ? down_restart(engine) : 0;

    g_hash_table_remove_all(engine->stirred);
    engine->tree_stirred = false;
    engine->folders_anew |= scope->folders_anew;
    return error ? store_result(error) : folders_then_items(engine, scope);
}
