/* FolderCreate, FolderUpdate, FolderDelete (MS-ASCMD 2.2.1.2 to 2.2.1.4): directories made, renamed and taken
 * away, and each a step of the hierarchy's key. */
#include <errno.h>
#include <string.h>

#include "contrib/easd/command.h"
#include "contrib/easd/folder_sync.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/store.h"

enum {
    STATUS_OK = 1,
    STATUS_EXISTS = 2,  /* for FolderUpdate also: one of the default folders */
    STATUS_SYSTEM = 3,  /* FolderDelete */
    STATUS_MISSING = 4, /* FolderUpdate, FolderDelete */
    STATUS_NO_PARENT = 5,
    STATUS_SERVER = 6,
    STATUS_BAD_KEY = 9,
    STATUS_BAD_REQUEST = 10,
};

struct ask {
    const char *key, *server_id, *parent_id, *name;
    gint64 type;
};

/* The elements of a request, all of them and in order. False for anything else. */
static bool read_ask(struct ask *ask, const struct eas_node *root, const eas_tag *order, size_t count)
{
    const struct eas_node *child = root->first;

    *ask = (struct ask){0};
    for (size_t i = 0; i < count; i++, child = child->next)
        if (!child || child->tag != order[i] || child->length == 0 || child->length > EASD_FOLDER_NAME)
            return false;
    ask->key = eas_node_text(root, TAG_FolderHierarchy_SyncKey);
    ask->server_id = eas_node_text(root, TAG_FolderHierarchy_ServerId);
    ask->parent_id = eas_node_text(root, TAG_FolderHierarchy_ParentId);
    ask->name = eas_node_text(root, TAG_FolderHierarchy_DisplayName);
    ask->type = eas_node_number(root, TAG_FolderHierarchy_Type, 0);
    return child == NULL;
}

static void write_answer(struct request *request, struct answer *answer, int status, const char *id)
{
    struct wbxml_writer wbxml;

    answer_begin(answer, &wbxml);
    wbxml_open(&wbxml, request->command->root);
    wbxml_number(&wbxml, TAG_FolderHierarchy_Status, status);
    if (status == STATUS_OK)
        wbxml_text(&wbxml, TAG_FolderHierarchy_SyncKey, request->device->hierarchy_key);
    if (status == STATUS_OK && id)
        wbxml_text(&wbxml, TAG_FolderHierarchy_ServerId, id);
    wbxml_close(&wbxml);
}

static bool key_known(struct request *request, const char *key)
{
    GHashTable *told = strcmp(key, "0") == 0 ? NULL : hierarchy_at(request->device, key);

    if (told)
        g_hash_table_unref(told);
    return told != NULL;
}

/* A name that a directory can bear, and that is seen there. */
static bool name_usable(const char *name)
{
    size_t length = strlen(name);

    for (const char *at = name; *at; at++)
        if (*at == '/' || (unsigned char)*at < ' ')
            return false;
    return length > 0 && length < 256 && name[0] != '.' && name[length - 1] != '~';
}

/* The folder types a client may make, and what they hold (MS-ASCMD 2.2.3.186.2). */
static bool class_of_type(gint64 type, enum item_class *class)
{
    static const struct {
        int type;
        enum item_class class;
    } rows[] = {{1, CLASS_MAIL},      {12, CLASS_MAIL},  {13, CLASS_CALENDAR},
                {14, CLASS_CONTACTS}, {15, CLASS_TASKS}, {17, CLASS_NOTES}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].type == type) {
            *class = rows[i].class;
            return true;
        }
    return false;
}

/* The parent, if it is there; *root for none, the root itself. */
static struct folder *find_parent(const struct request *request, const char *id, bool *root)
{
    *root = strcmp(id, "0") == 0;
    return *root ? NULL : mailbox_folder(request->mailbox, id);
}

/* Directories stand by class: what is asked for below another class stands at its own top, and FolderSync
 * says so. */
static struct folder *same_class(struct folder *parent, enum item_class class)
{
    return parent && parent->class == class ? parent : NULL;
}

static int failure(void)
{
    return errno == EEXIST || errno == ENOTEMPTY ? STATUS_EXISTS : STATUS_SERVER;
}

static int create(struct request *request, const struct ask *ask, char **id)
{
    enum item_class class;
    bool root;
    struct folder *parent = find_parent(request, ask->parent_id, &root), *made;

    if (!key_known(request, ask->key))
        return STATUS_BAD_KEY;
    if (!class_of_type(ask->type, &class) || !name_usable(ask->name))
        return STATUS_BAD_REQUEST;
    if (!parent && !root)
        return STATUS_NO_PARENT;
    made = store_make_folder(request->mailbox, same_class(parent, class), class, ask->name);
    if (!made)
        return failure();
    const struct told_folder told = {made->id, (char *)ask->parent_id, (char *)ask->name, made->type};

    hierarchy_change(request, ask->key, &told, NULL);
    *id = g_strdup(request->fault.kind == FAULT_WRONG_ID ? "1" : made->id);
    return STATUS_OK;
}

void run_folder_create(struct request *request, struct answer *answer)
{
    static const eas_tag order[] = {TAG_FolderHierarchy_SyncKey, TAG_FolderHierarchy_ParentId,
                                    TAG_FolderHierarchy_DisplayName, TAG_FolderHierarchy_Type};
    g_autofree char *id = NULL;
    struct ask ask;
    int status = STATUS_BAD_REQUEST;

    if (read_ask(&ask, request->root, order, G_N_ELEMENTS(order)))
        status = create(request, &ask, &id);
    write_answer(request, answer, status, id);
}

static bool inside(const struct folder *folder, const struct folder *parent)
{
    size_t length = strlen(folder->path);

    return parent && strncmp(parent->path, folder->path, length) == 0 &&
           (parent->path[length] == '\0' || parent->path[length] == '/');
}

/* What is thrown away leaves its class: in Deleted Items only mail is seen. */
static bool move(struct folder *folder, struct folder *parent, const char *name)
{
    enum { DELETED_ITEMS = 4 };

    if (parent && parent->type == DELETED_ITEMS)
        return store_rename_folder(folder, parent, name);
    return store_rename_folder(folder, same_class(parent, folder->class), name);
}

static int update(struct request *request, const struct ask *ask)
{
    struct folder *folder = mailbox_folder(request->mailbox, ask->server_id), *parent;
    bool root;

    if (!key_known(request, ask->key))
        return STATUS_BAD_KEY;
    if (!folder)
        return STATUS_MISSING;
    if (folder->standard)
        return STATUS_EXISTS;
    parent = find_parent(request, ask->parent_id, &root);
    if ((!parent && !root) || inside(folder, parent))
        return STATUS_NO_PARENT;
    if (!name_usable(ask->name))
        return STATUS_BAD_REQUEST;
    if (strcmp(folder->parent, ask->parent_id) == 0 && strcmp(folder->name, ask->name) == 0)
        return hierarchy_change(request, ask->key, NULL, NULL), STATUS_OK;
    if (!move(folder, parent, ask->name))
        return failure();
    const struct told_folder told = {(char *)ask->server_id, (char *)ask->parent_id, (char *)ask->name, folder->type};

    hierarchy_change(request, ask->key, &told, NULL);
    return STATUS_OK;
}

void run_folder_update(struct request *request, struct answer *answer)
{
    static const eas_tag order[] = {TAG_FolderHierarchy_SyncKey, TAG_FolderHierarchy_ServerId,
                                    TAG_FolderHierarchy_ParentId, TAG_FolderHierarchy_DisplayName};
    struct ask ask;
    int status = STATUS_BAD_REQUEST;

    if (read_ask(&ask, request->root, order, G_N_ELEMENTS(order)))
        status = update(request, &ask);
    write_answer(request, answer, status, NULL);
}

static int delete (struct request *request, const struct ask *ask)
{
    struct folder *folder = mailbox_folder(request->mailbox, ask->server_id);

    if (!key_known(request, ask->key))
        return STATUS_BAD_KEY;
    if (!folder)
        return STATUS_MISSING;
    if (folder->standard)
        return STATUS_SYSTEM;
    if (!store_remove_folder(folder))
        return STATUS_SERVER;
    hierarchy_change(request, ask->key, NULL, ask->server_id);
    return STATUS_OK;
}

void run_folder_delete(struct request *request, struct answer *answer)
{
    static const eas_tag order[] = {TAG_FolderHierarchy_SyncKey, TAG_FolderHierarchy_ServerId};
    struct ask ask;
    int status = STATUS_BAD_REQUEST;

    if (read_ask(&ask, request->root, order, G_N_ELEMENTS(order)))
        status = delete (request, &ask);
    write_answer(request, answer, status, NULL);
}
