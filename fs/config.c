#include "fs/config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/message.h"

#define SECTION_WORD "account "

enum { CONFIG_NAME_BYTES = 100, CONFIG_KEY_COLUMN = 34 };

struct config {
    char *path;
    GKeyFile *file;
    char **groups;
};

char *config_path(void)
{
    return g_build_filename(g_get_user_config_dir(), "easfs", "easfs.conf", NULL);
}

bool config_is_name(const char *text)
{
    if (!*text || *text == '.' || *text == '-' || strlen(text) > CONFIG_NAME_BYTES || !g_utf8_validate(text, -1, NULL))
        return false;
    for (const char *at = text; *at; at++)
        if (g_ascii_iscntrl(*at) || strchr("/[]\\", *at))
            return false;
    return true;
}

static const char *name_of(const char *group)
{
    return g_str_has_prefix(group, SECTION_WORD) ? group + strlen(SECTION_WORD) : group;
}

/* ---- where in the file ---- */

/* The line of a key in a section, of the section alone (key NULL), or the first that is neither (group NULL): GKeyFile
 * does not tell. */
static int line_of(const char *path, const char *group, const char *key)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    g_autofree char *head = group ? g_strdup_printf("[%s]", group) : NULL;
    bool inside = false;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i]; i++) {
        char *line = g_strstrip(lines[i]);
        bool section = *line == '[', comment = !*line || *line == '#';
        size_t length = strcspn(line, "=");

        if (!group && !comment && (section ? !strchr(line, ']') : !line[length] || !length || !inside))
            return i + 1;
        if (section) {
            inside = !head || strcmp(line, head) == 0;
            if (inside && group && !key)
                return i + 1;
        } else if (inside && key && !comment && strlen(key) <= length && strncmp(line, key, strlen(key)) == 0 &&
                   strspn(line + strlen(key), " \t") == length - strlen(key)) {
            return i + 1;
        }
    }
    return 0;
}

static int wrong(const struct config *config, const char *group, const char *key, const char *what, const char *advice,
                 const char *reason, ...) __attribute__((format(printf, 6, 7)));

static int wrong(const struct config *config, const char *group, const char *key, const char *what, const char *advice,
                 const char *reason, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, reason);
    text = g_strdup_vprintf(reason, args);
    va_end(args);
    return unable_to(EXIT_CONFIG, what, advice, "%s:%d: %s", config->path, line_of(config->path, group, key), text);
}

/* ---- reading ---- */

static const struct option_row *row_of(const char *key)
{
    for (const struct option_row *row = account_keys; row->name; row++)
        if (strcmp(row->name, key) == 0)
            return row;
    return NULL;
}

static bool flag_parse(const char *text, bool *value)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strcasecmp(text, words[i]) == 0) {
            *value = i % 2;
            return true;
        }
    }
    return false;
}

/* Paths begin at home with "~/", else beside the file. */
static char *path_of(const char *text)
{
    g_autofree char *file = config_path(), *directory = g_path_get_dirname(file);

    if (g_str_has_prefix(text, "~/"))
        return g_build_filename(g_get_home_dir(), text + 2, NULL);
    return g_canonicalize_filename(text, directory);
}

/* Lists have a semicolon between. Values are taken as they stand: a backslash in a command is a backslash. */
static bool store(const struct option_row *row, struct account_options *options, const char *text)
{
    g_auto(GStrv) parts = NULL;
    bool set = false;

    if (row->kind == OPTION_FLAG) {
        if (!flag_parse(text, &set))
            return false;
        return !set || options_store(row, options, NULL);
    }
    if (row->kind == OPTION_PATH) {
        g_autofree char *path = path_of(text);

        return options_store(row, options, path);
    }
    if (row->kind != OPTION_LIST)
        return options_store(row, options, text);
    parts = g_strsplit(text, ";", -1);
    for (char **part = parts; *part; part++)
        if (*g_strstrip(*part))
            options_store(row, options, *part);
    return true;
}

static int read_key(const struct config *config, const char *group, const char *key, const char *what,
                    struct account_options *options)
{
    const struct option_row *row = row_of(key);
    g_autofree char *value = g_key_file_get_value(config->file, group, key, NULL);
    bool known = row != NULL, taken = known && value && store(row, options, g_strstrip(value));

    if (value && known && strcmp(key, "password") == 0)
        explicit_bzero(value, strlen(value));
    if (!known)
        return wrong(config, group, key, what, "man easfs.conf lists the keys", "there is no key \"%s\"", key);
    if (!taken) {
        return wrong(config, group, key, what, "correct it",
                     row->kind == OPTION_FLAG ? "%s is yes or no" : "%s is a number of seconds", key);
    }
    return 0;
}

static int read_group(const struct config *config, const char *group, const char *what, struct account_options *options)
{
    g_auto(GStrv) keys = g_key_file_get_keys(config->file, group, NULL, NULL);
    int code = 0;

    if (!config_is_name(name_of(group)))
        return wrong(config, group, NULL, what, "rename it", "\"%s\" cannot name an account", name_of(group));
    for (char **key = keys; key && *key && !code; key++)
        code = read_key(config, group, *key, what, options);
    return code;
}

/* A password in a file that others can read is one that others have. */
static int check_mode(const struct config *config, const char *what)
{
    struct stat st;

    if (stat(config->path, &st) != 0 || !(st.st_mode & 077))
        return 0;
    for (char **group = config->groups; *group; group++) {
        if (g_key_file_has_key(config->file, *group, "password", NULL)) {
            return wrong(config, *group, "password", what, "chmod 600 it, or use the keyring or password-command",
                         "others than you may read this file, and it holds a password");
        }
    }
    return 0;
}

static int check_all(const struct config *config, const char *what)
{
    int code = check_mode(config, what);

    for (char **group = config->groups; *group && !code; group++) {
        struct account_options unused = {0};

        code = read_group(config, *group, what, &unused);
        account_options_clear(&unused);
        for (char **other = config->groups; other < group && !code; other++) {
            if (strcmp(name_of(*other), name_of(*group)) == 0)
                code =
                    wrong(config, *group, NULL, what, "rename one", "there are two accounts \"%s\"", name_of(*group));
        }
    }
    return code;
}

static void config_clear(struct config *config)
{
    g_clear_pointer(&config->file, g_key_file_unref);
    g_clear_pointer(&config->groups, g_strfreev);
    g_clear_pointer(&config->path, g_free);
}

static int config_open(const char *what, struct config *config)
{
    GKeyFileFlags flags = G_KEY_FILE_KEEP_COMMENTS;
    g_autoptr(GError) error = NULL;
    int code = 0;

    config->path = config_path();
    config->file = g_key_file_new();
    if (!g_key_file_load_from_file(config->file, config->path, flags, &error) &&
        !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        /* GKeyFile repeats the line, and a line can be a password. */
        code = error->domain == G_KEY_FILE_ERROR
                   ? wrong(config, NULL, NULL, what, "correct it",
                           "this is neither \"[NAME]\", \"key = value\" below one, nor a comment")
                   : unable_to(EXIT_CONFIG, what, "check the file", "%s: %s", config->path, error->message);
    }
    config->groups = g_key_file_get_groups(config->file, NULL);
    return code ? code : check_all(config, what);
}

static const char *find_group(const struct config *config, const char *name)
{
    for (char **group = config->groups; *group; group++)
        if (strcmp(name_of(*group), name) == 0)
            return *group;
    return NULL;
}

/* The group that is meant. */
static int choose(const struct config *config, const struct account_options *options, const char *what,
                  const char **group)
{
    guint count = g_strv_length(config->groups);

    *group = options->account ? find_group(config, options->account) : count == 1 ? config->groups[0] : NULL;
    if (*group)
        return 0;
    if (options->account) {
        return unable_to(EXIT_CONFIG, what, "easfs setup makes one", "%s has no account \"%s\"", config->path,
                         options->account);
    }
    if (count) {
        return unable_to(EXIT_USAGE, what, "give --account NAME",
                         "%s has %u accounts and it is not said which is meant", config->path, count);
    }
    return unable_to(EXIT_USAGE, what, "give --server and --user, or let easfs setup make an account",
                     "it is not said which account");
}

int config_fill(struct account_options *options, const char *what)
{
    struct account_options read = {0};
    struct config config = {0};
    const char *group = NULL;
    int code = config_open(what, &config);

    if (!code)
        code = choose(&config, options, what, &group);
    if (!code)
        code = read_group(&config, group, what, &read);
    if (!code) {
        if (!options->account)
            options->account = g_strdup(name_of(group));
        /* Of two ways to one secret, the command line's. */
        if (options->password_file || options->password_command) {
            g_clear_pointer(&read.password_file, g_free);
            g_clear_pointer(&read.password_command, g_free);
        }
        options_fill(account_keys, options, &read);
    }
    account_options_clear(&read);
    config_clear(&config);
    return code;
}

int config_names(const char *what, char ***names)
{
    struct config config = {0};
    int code = config_open(what, &config);
    GPtrArray *list = g_ptr_array_new();

    for (char **group = config.groups; !code && *group; group++)
        g_ptr_array_add(list, g_strdup(name_of(*group)));
    g_ptr_array_add(list, NULL);
    *names = (char **)g_ptr_array_free(list, FALSE);
    config_clear(&config);
    return code;
}

/* ---- writing ---- */

static void write_row(GKeyFile *file, const char *group, const struct option_row *row,
                      const struct account_options *options)
{
    const char *place = (const char *)options + row->offset;
    const GPtrArray *list;
    g_autoptr(GString) joined = g_string_new(NULL);

    switch (row->kind) {
    case OPTION_FLAG:
        if (*(const bool *)place)
            g_key_file_set_value(file, group, row->name, "yes");
        return;
    case OPTION_TEXT:
    case OPTION_PATH:
        if (*(char *const *)place)
            g_key_file_set_value(file, group, row->name, *(char *const *)place);
        return;
    case OPTION_LIST:
        list = *(GPtrArray *const *)place;
        for (guint i = 0; list && i < list->len; i++)
            g_string_append_printf(joined, "%s%s", i ? ";" : "", (const char *)list->pdata[i]);
        if (list)
            g_key_file_set_value(file, group, row->name, joined->str);
        return;
    case OPTION_SECONDS:
        if (*(const long *)place)
            g_key_file_set_int64(file, group, row->name, *(const long *)place);
        return;
    }
}

static int replace_file(const struct config *config, const char *what)
{
    g_autofree char *directory = g_path_get_dirname(config->path);
    gsize length = 0;
    g_autofree char *text = g_key_file_to_data(config->file, &length, NULL);
    g_autoptr(GError) error = NULL;
    int code = 0;

    g_mkdir_with_parents(directory, 0700);
    if (!g_file_set_contents_full(config->path, text, (gssize)length,
                                  G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, &error))
        code = unable_to(EXIT_CONFIG, what, "check the directory", "%s", error->message);
    explicit_bzero(text, length);
    return code;
}

int config_write(const char *name, const struct account_options *options, const char *what)
{
    struct config config = {0};
    int code = config_open(what, &config);
    g_autofree char *group = NULL;

    if (!code) {
        group = g_strdup(find_group(&config, name) ? find_group(&config, name) : name);
        g_key_file_remove_group(config.file, group, NULL);
        for (const struct option_row *row = account_keys; row->name; row++)
            write_row(config.file, group, row, options);
        code = replace_file(&config, what);
    }
    config_clear(&config);
    return code;
}

int config_write_list(const char *name, const char *key, const GPtrArray *list, const char *what)
{
    struct config config = {0};
    int code = config_open(what, &config);
    const char *group = code ? NULL : find_group(&config, name);
    g_autoptr(GString) joined = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++)
        g_string_append_printf(joined, "%s%s", i ? ";" : "", (const char *)list->pdata[i]);
    if (group && joined->len)
        g_key_file_set_value(config.file, group, key, joined->str);
    else if (group)
        g_key_file_remove_key(config.file, group, key, NULL);
    if (group)
        code = replace_file(&config, what);
    config_clear(&config);
    return code;
}

void config_print_keys(GString *out)
{
    for (const struct option_row *row = account_keys; row->name; row++) {
        g_autofree char *left = g_strdup_printf("  %s = %s", row->name, row->argument ? row->argument : "yes|no");

        g_string_append_printf(out, "%-*s  %s\n", CONFIG_KEY_COLUMN, left, row->help);
    }
}
