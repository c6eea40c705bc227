#include "tests/unit/lib/script.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

static void add_number(struct eas_node *parent, eas_tag tag, int number)
{
    g_autofree char *text = g_strdup_printf("%d", number);

    eas_node_add(parent, tag, text);
}

static struct eas_node *policy_answer(const struct step *step)
{
    struct eas_node *root = eas_node_new(TAG_Provision_Provision, NULL);

    if (step->kind != STEP_BARE_POLICY)
        add_number(root, TAG_Provision_Status, 1);
    if (step->kind == STEP_WIPE) {
        eas_node_add(root, TAG_Provision_RemoteWipe, NULL);
        return root;
    }
    struct eas_node *policies = eas_node_add(root, TAG_Provision_Policies, NULL);
    struct eas_node *policy = eas_node_add(policies, TAG_Provision_Policy, NULL);

    eas_node_add(policy, TAG_Provision_PolicyType, "MS-EAS-Provisioning-WBXML");
    add_number(policy, TAG_Provision_Status, step->code);
    if (step->key)
        eas_node_add(policy, TAG_Provision_PolicyKey, step->key);
    return root;
}

void script_play(void *ctx, const struct script_request *request, struct script_reply *reply)
{
    static const char page[] = "<html>a page</html>";
    struct script *script = ctx;
    const struct step *step = &script->steps[script->next];

    (void)request;
    if (script->next + 1 < script->count)
        script->next++;
    switch (step->kind) {
    case STEP_DOCUMENT:
        script_reply_document(reply, step->headers, rig_answer(step->code));
        break;
    case STEP_EMPTY:
        script_reply_http(reply, 200, step->headers, "", 0);
        break;
    case STEP_CODE:
        script_reply_http(reply, step->code, step->headers, page, strlen(page));
        break;
    case STEP_LOST:
        break;
    case STEP_HOLD:
        reply->hold = true;
        break;
    default:
        script_reply_document(reply, step->headers, policy_answer(step));
    }
}

char *script_commands(struct script_server *server)
{
    GString *commands = g_string_new(NULL);
    const struct script_request *request;

    for (unsigned i = 0; (request = script_server_request(server, i)); i++)
        g_string_append_printf(commands, "%s%s", i ? " " : "", request->command);
    return g_string_free(commands, FALSE);
}

void expect_commands(struct rig *rig, const char *expected)
{
    g_autofree char *commands = script_commands(rig->server);

    assert_string_equal(commands, expected);
}

void expect_header(struct rig *rig, unsigned index, const char *name, const char *expected)
{
    const struct script_request *request = script_server_request(rig->server, index);
    g_autofree char *value = script_request_header(request, name);

    if (g_strcmp0(value, expected) != 0)
        fail_msg("request %u has %s: %s, expected %s", index, name, value, expected);
}
