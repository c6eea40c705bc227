#include "fs/tokens.h"

#include <string.h>
#include <sys/stat.h>

#include "fs/keyring.h"
#include "fs/secret_file.h"

struct tokens {
    char *account, *file; /* file NULL: the keyring */
};

static char *tokens_load(void *ctx, char **why)
{
    const struct tokens *tokens = ctx;
    char *token = NULL;

    if (tokens->file)
        return secret_file_read(tokens->file, why);
    return keyring_find(tokens->account, TOKEN_KIND, &token, why) == KEYRING_DONE ? token : NULL;
}

static bool tokens_save(void *ctx, const char *token, char **why)
{
    const struct tokens *tokens = ctx;

    if (tokens->file)
        return secret_file_write(tokens->file, token, why);
    return keyring_store(tokens->account, TOKEN_KIND, token, why) == KEYRING_DONE;
}

static void tokens_free(void *ctx)
{
    struct tokens *tokens = ctx;

    g_free(tokens->account);
    g_free(tokens->file);
    g_free(tokens);
}

struct oauth_config *tokens_config(const struct account_options *options, const char *account)
{
    struct oauth_config *config = g_new0(struct oauth_config, 1);
    struct tokens *tokens = g_new0(struct tokens, 1);

    tokens->account = g_strdup(account);
    tokens->file = options->token_file ? g_canonicalize_filename(options->token_file, NULL) : NULL;
    config->tenant = g_strdup(options->oauth_tenant);
    config->client_id = g_strdup(options->oauth_client_id);
    config->scope = g_strdup(options->oauth_scope);
    config->device_endpoint = g_strdup(options->oauth_device_endpoint);
    config->token_endpoint = g_strdup(options->oauth_token_endpoint);
    config->token_command = g_strdup(options->token_command);
    config->insecure_http = options->insecure_http;
    config->load = tokens_load;
    config->save = tokens_save;
    config->ctx = tokens;
    config->ctx_free = tokens_free;
    return config;
}

char *tokens_usual_file(const char *account)
{
    g_autofree char *name = g_strconcat(account, ".token", NULL);

    return g_build_filename(g_get_user_config_dir(), "easfs", name, NULL);
}
