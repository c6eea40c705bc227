#include "fs/forget.h"

#include <errno.h>
#include <unistd.h>

#include "fs/keyring.h"
#include "fs/replica_key.h"
#include "fs/tokens.h"

/* Where no keyring answers it holds nothing. */
static bool forget_kind(const char *account, const char *kind)
{
    g_autofree char *why = NULL;

    return keyring_forget(account, kind, &why) != KEYRING_LOCKED;
}

static bool forget_file(const char *path)
{
    return unlink(path) == 0 || errno == ENOENT;
}

bool forget_secrets(void *ctx)
{
    const struct forget *forget = ctx;
    g_autofree char *password_name = g_strconcat(forget->title, ".password", NULL);
    g_autofree char *password_file = g_build_filename(g_get_user_config_dir(), "easfs", password_name, NULL);
    g_autofree char *token_file = tokens_usual_file(forget->title);
    bool password = forget_kind(forget->title, PASSWORD_KIND), token = forget_kind(forget->title, TOKEN_KIND);
    bool key = forget_kind(forget->state_dir, REPLICA_KEY_KIND);
    bool files = forget_file(password_file) & forget_file(token_file);

    return password && token && key && files;
}
