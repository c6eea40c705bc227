#include "cache/directory.h"

#include <string.h>

#include "cache/replica_state.h"
#include "codec/files/files.h"
#include "codec/files/gal_card.h"
#include "codec/files/names.h"
#include "codec/limits.h"
#include "codec/wire/item_operations.h"
#include "codec/wire/search.h"
#include "codec/wire/status.h"

/* One connection of its own, for one question at a time: neither a sync nor a fetch waits for it. */
struct inquiry {
    GMutex lock;
    struct link *link;
    int stopping; /* atomic */
};

struct inquiry *inquiry_new(struct session *session)
{
    struct inquiry *inquiry = g_new0(struct inquiry, 1);

    g_mutex_init(&inquiry->lock);
    inquiry->link = link_new(session);
    return inquiry;
}

void inquiry_stop(struct inquiry *inquiry)
{
    g_atomic_int_set(&inquiry->stopping, TRUE);
    link_interrupt(inquiry->link);
}

void inquiry_free(struct inquiry *inquiry)
{
    if (!inquiry)
        return;
    link_free(inquiry->link);
    g_mutex_clear(&inquiry->lock);
    g_free(inquiry);
}

/* ---- one question ---- */

static struct eas_result call_run(struct replica *replica, struct call *call)
{
    struct inquiry *inquiry = replica->inquiry;

    if (!inquiry)
        return eas_unreachable(75, "there is no server to ask: this replica is offline");
    if (g_atomic_int_get(&inquiry->stopping))
        return eas_unreachable(75, "interrupted");
    call->timeout_ms = LIMIT_CONTENT_MS;
    g_mutex_lock(&inquiry->lock);
    struct eas_result result = session_call(inquiry->link, call);

    g_mutex_unlock(&inquiry->lock);
    return result;
}

/* request is taken. Afterwards the answer's root is in *answer, which the caller clears. */
static struct eas_result ask(struct replica *replica, enum eas_command command, GByteArray *request,
                             struct answer_tree *answer)
{
    struct call call = {.command = command, .request = request, .sink = &answer_tree_sink, .ctx = answer};
    struct eas_result result;

    if (replica->session && !session_offers(replica->session, command))
        result = eas_refused(EAS_SCOPE_ITEM, 69, "this server does not offer %s", eas_command_name(command));
    else
        result = call_run(replica, &call);
    if (eas_is_served(&result) && !answer_tree_root(answer))
        result = eas_unreachable(75, "the server gave no answer to %s; try again", eas_command_name(command));
    g_byte_array_unref(request);
    return result;
}

/* What the status of an answer's part says, where it is not success. */
static struct eas_result judge(enum eas_command command, enum eas_status_level level, int status)
{
    return status == 1 || status == 0 ? eas_served() : eas_status_result(command, level, status);
}

/* ---- answers as files ---- */

static void found_clear(void *data)
{
    struct found *found = data;

    g_free(found->name);
    g_free(found->path);
    g_free(found->long_id);
    g_free(found->collection_id);
    g_free(found->server_id);
    g_clear_pointer(&found->bytes, g_bytes_unref);
}

static GArray *found_new(void)
{
    GArray *all = g_array_new(FALSE, TRUE, sizeof(struct found));

    g_array_set_clear_func(all, found_clear);
    return all;
}

/* Names of answers are unique when case is ignored, as everywhere in the tree. */
static char *unique_name(GHashTable *taken, enum eas_class class, gint64 date_ns, const char *title)
{
    for (unsigned number = 1;; number++) {
        g_autofree char *name = name_generate(class, date_ns, title, number);
        g_autofree char *fold = name_fold(name);

        if (g_hash_table_add(taken, g_steal_pointer(&fold)))
            return g_steal_pointer(&name);
    }
}

static struct search_question question_for(const struct replica *replica, const char *query, char *id, size_t size)
{
    bool find = session_version(replica->session) >= EAS_16_1 && session_offers(replica->session, EAS_FIND);
    g_autofree char *unique = g_uuid_string_random();

    g_strlcpy(id, unique, size);
    return (struct search_question){
        .text = query, .search_id = id, .count = LIMIT_SEARCH_HITS, .pictures = true, .find = find};
}

enum { SEARCH_ID_BYTES = 64 };

static enum eas_command command_of(const struct search_question *question)
{
    return question->find ? EAS_FIND : EAS_SEARCH;
}

static bool has_server(const struct replica *replica, struct eas_result *result)
{
    if (!replica->session)
        *result = eas_unreachable(75, "there is no server to ask: this replica is offline");
    return replica->session != NULL;
}

static void add_people(struct replica *replica, const GArray *entries, GArray *all)
{
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    int version = replica->config->vcard_version ? replica->config->vcard_version : 3;

    for (guint i = 0; i < entries->len; i++) {
        const struct gal_entry *entry = &g_array_index(entries, struct gal_entry, i);
        const char *title = entry->display_name ? entry->display_name : entry->email;
        struct found found = {.name = unique_name(taken, EAS_CONTACTS, 0, title), .bytes = gal_card(entry, version)};

        g_array_append_val(all, found);
    }
}

/* Nothing found is an empty answer, whatever way a server has to say it (MS-ASCMD 2.2.3.177.14: 6). */
enum { SEARCH_NOT_FOUND = 6 };

/* Where a search is asked, and its answer read. */
struct place {
    void (*write)(GByteArray *out, enum eas_version version, const struct search_question *question);
    void (*read)(const struct eas_node *root, struct search_answer *answer);
};
static const struct place people = {search_gal_request, search_gal_read};
static const struct place messages = {search_mailbox_request, search_mailbox_read};

/* *answer is the caller's to clear, whatever the result. */
static struct eas_result search(struct replica *replica, const struct place *place, const char *query,
                                struct search_answer *answer)
{
    GByteArray *request = g_byte_array_new();
    struct answer_tree tree = {0};
    struct eas_result result;
    char id[SEARCH_ID_BYTES];

    *answer = (struct search_answer){0};
    if (!has_server(replica, &result)) {
        g_byte_array_unref(request);
        return result;
    }
    struct search_question question = question_for(replica, query, id, sizeof id);

    place->write(request, session_version(replica->session), &question);
    result = ask(replica, command_of(&question), request, &tree);
    if (eas_is_served(&result)) {
        place->read(answer_tree_root(&tree), answer);
        if (answer->status != SEARCH_NOT_FOUND)
            result = judge(command_of(&question), EAS_LEVEL_COLLECTION, answer->status);
    }
    answer_tree_clear(&tree);
    return result;
}

struct eas_result directory_people(struct replica *replica, const char *query, GArray **all)
{
    struct search_answer answer;
    struct eas_result result = search(replica, &people, query, &answer);

    *all = found_new();
    if (eas_is_served(&result))
        add_people(replica, answer.entries, *all);
    search_answer_clear(&answer);
    return result;
}

/* ---- messages ---- */

/* Whether a hit may be in the collection: by the id it names, if it names one (not all servers do; one family names it
 * without the percent-encoding that it has elsewhere). */
static bool may_hold(const struct collection *collection, const struct search_hit *hit)
{
    g_autofree char *decoded = g_uri_unescape_string(collection->server_id, NULL);

    if (collection->class != EAS_MAIL || !collection->ino)
        return false;
    return !hit->collection_id || !strcmp(collection->server_id, hit->collection_id) ||
           !g_strcmp0(decoded, hit->collection_id);
}

/* The file of a message that is known by its folder and its id, or, where a search gives another id, by the name
 * that everyone gives it (CONTRACT 2). */
static char *path_of(struct replica *replica, struct view *view, const struct search_hit *hit, gint64 date_ns,
                     const char *title)
{
    g_autoptr(GArray) collections = store_collections(replica->store);
    g_autofree char *name = name_generate(EAS_MAIL, date_ns, title, 1);
    struct item item = {0};
    char *path = NULL;

    for (guint i = 0; i < collections->len && !path; i++) {
        const struct collection *each = &g_array_index(collections, struct collection, i);
        struct view_attr attr;

        if (!may_hold(each, hit))
            continue;
        if (hit->server_id && store_item_find(replica->store, each->id, hit->server_id, &item) == 0)
            path = store_path(replica->store, item.ino);
        else if (!hit->server_id && view_lookup(view, (uint64_t)each->ino, name, &attr) == 0)
            path = store_path(replica->store, (int64_t)attr.ino);
        item_clear(&item);
    }
    return path;
}

static void add_message(struct replica *replica, struct view *view, const struct search_hit *hit, GHashTable *taken,
                        GArray *all)
{
    g_autofree char *title = file_title(EAS_MAIL, hit->properties);
    const char *date = eas_node_text(hit->properties, TAG_Email_DateReceived);
    gint64 date_ns = 0;
    struct found found = {0};

    if (date)
        eas_date_parse(date, &date_ns);
    found.path = path_of(replica, view, hit, date_ns, title);
    found.name = unique_name(taken, EAS_MAIL, date_ns, title);
    found.long_id = g_strdup(hit->long_id);
    found.collection_id = g_strdup(hit->collection_id);
    found.server_id = g_strdup(hit->server_id);
    g_array_append_val(all, found);
}

struct eas_result directory_messages(struct replica *replica, const char *query, GArray **all)
{
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct search_answer answer;
    struct eas_result result = search(replica, &messages, query, &answer);
    struct view *view = eas_is_served(&result) ? view_new(replica->store) : NULL;

    *all = found_new();
    for (guint i = 0; view && i < answer.hits->len; i++)
        add_message(replica, view, &g_array_index(answer.hits, struct search_hit, i), taken, *all);
    view_free(view);
    search_answer_clear(&answer);
    return result;
}

/* ---- a message outside the replica ---- */

struct fetching {
    GByteArray *bytes;
    int status;
};

static bool fetch_bytes(void *ctx, size_t index, const char *bytes, size_t length)
{
    struct fetching *fetching = ctx;

    (void)index;
    if (fetching->bytes->len > LIMIT_VALUE_BYTES - MIN(length, (size_t)LIMIT_VALUE_BYTES))
        return false;
    g_byte_array_append(fetching->bytes, (const guint8 *)bytes, (guint)length);
    return true;
}

static bool fetch_done(void *ctx, const struct fetched *fetched)
{
    ((struct fetching *)ctx)->status = fetched->status;
    return true;
}

struct eas_result directory_fetch(struct replica *replica, struct found *found)
{
    static const struct fetch_events events = {fetch_bytes, fetch_done};
    const struct fetch fetch = {.collection_id = found->server_id ? found->collection_id : NULL,
                                .server_id = found->server_id,
                                .long_id = found->server_id ? NULL : found->long_id,
                                .mime = true};
    struct fetching fetching = {.bytes = g_byte_array_new()};
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct eas_result result;

    if (found->bytes || !has_server(replica, &result)) {
        g_byte_array_unref(fetching.bytes);
        return found->bytes ? eas_served() : result;
    }
    struct fetch_reader *reader = fetch_reader_new(&events, &fetching, 1);
    struct call call = {.command = EAS_ITEM_OPERATIONS, .request = request, .sink = &fetch_sink, .ctx = reader};

    item_operations_request(request, session_version(replica->session), &fetch, 1);
    result = call_run(replica, &call);
    fetch_reader_free(reader);
    if (eas_is_served(&result))
        result = fetching.status ? judge(EAS_ITEM_OPERATIONS, EAS_LEVEL_ITEM, fetching.status)
                                 : eas_refused(EAS_SCOPE_ITEM, 69, "the server does not give this message");
    if (eas_is_served(&result))
        found->bytes = g_byte_array_free_to_bytes(fetching.bytes);
    else
        g_byte_array_unref(fetching.bytes);
    return result;
}

/* ---- who is busy, and who is away ---- */

struct eas_result directory_free_busy(struct replica *replica, const char *const *addresses, size_t count,
                                      const char *start, const char *end, GArray **recipients)
{
    GByteArray *request = g_byte_array_new();
    struct answer_tree tree = {0};
    struct eas_result result;
    int status = 0;

    *recipients = NULL;
    if (!has_server(replica, &result)) {
        g_byte_array_unref(request);
        return result;
    }
    resolve_recipients_request(request, session_version(replica->session), addresses, count, start, end);
    result = ask(replica, EAS_RESOLVE_RECIPIENTS, request, &tree);
    if (eas_is_served(&result)) {
        *recipients = resolve_recipients_read(answer_tree_root(&tree), &status);
        result = judge(EAS_RESOLVE_RECIPIENTS, EAS_LEVEL_TOP, status);
    }
    answer_tree_clear(&tree);
    return result;
}

struct eas_result directory_oof(struct replica *replica, struct oof *oof)
{
    GByteArray *request = g_byte_array_new();
    struct answer_tree tree = {0};

    *oof = (struct oof){0};
    oof_get_request(request);
    struct eas_result result = ask(replica, EAS_SETTINGS, request, &tree);

    if (eas_is_served(&result)) {
        oof_read(answer_tree_root(&tree), oof);
        result = judge(EAS_SETTINGS, EAS_LEVEL_TOP, oof->status);
    }
    answer_tree_clear(&tree);
    return result;
}

struct eas_result directory_oof_set(struct replica *replica, const struct oof *oof)
{
    GByteArray *request = g_byte_array_new();
    struct answer_tree tree = {0};
    struct oof answer = {0};

    oof_set_request(request, oof);
    struct eas_result result = ask(replica, EAS_SETTINGS, request, &tree);

    if (eas_is_served(&result)) {
        oof_read(answer_tree_root(&tree), &answer);
        result = judge(EAS_SETTINGS, EAS_LEVEL_TOP, answer.status);
        oof_clear(&answer);
    }
    answer_tree_clear(&tree);
    return result;
}
