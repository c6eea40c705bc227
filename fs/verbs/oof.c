/* easfs oof: out of office, shown and set. */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "fs/ask.h"
#include "fs/message.h"
#include "fs/oof_text.h"
#include "fs/verbs/verbs.h"

struct oof_values {
    char *mount, *from, *until, *internal, *external;
};

static const struct option_row oof_rows[] = {
    {"from", 0, OPTION_TEXT, offsetof(struct oof_values, from), "TIME", "with on: not before this instant (now)"},
    {"until", 0, OPTION_TEXT, offsetof(struct oof_values, until), "TIME", "with on: not after this instant"},
    {"internal", 0, OPTION_TEXT, offsetof(struct oof_values, internal), "TEXT", "what colleagues are answered"},
    {"external", 0, OPTION_TEXT, offsetof(struct oof_values, external), "TEXT",
     "what everyone else is answered; left out: nothing"},
    {"mount", 0, OPTION_TEXT, offsetof(struct oof_values, mount), "MOUNT", "the mount whose server is asked"},
    {0},
};

/* The text that the daemon understands (fs/oof_text.h). */
static char *wish(const struct oof_values *values, bool on)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *from = values->from    ? g_strdup(values->from)
                            : values->until ? g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ")
                                            : NULL;

    g_string_append_printf(out, "state %s\n", !on ? "off" : from ? "scheduled" : "on");
    if (from)
        g_string_append_printf(out, "from %s\n", from);
    if (values->until)
        g_string_append_printf(out, "until %s\n", values->until);
    if (values->internal)
        g_string_append_printf(out, "[internal]\n%s\n", values->internal);
    if (values->external)
        g_string_append_printf(out, "[external]\n%s\n", values->external);
    return g_string_free(out, FALSE);
}

static int oof_run(void *data, int argc, char **argv)
{
    static const char what[] = "tell who is away";
    const struct oof_values *values = data;
    const char *verb = argc ? argv[0] : "show";
    bool on = !strcmp(verb, "on"), off = !strcmp(verb, "off");
    g_autofree char *mountpoint = NULL, *state_dir = NULL, *text = on || off ? wish(values, on) : NULL;
    json_t *answer = NULL;
    int code;

    if (!on && !off && strcmp(verb, "show") != 0)
        return unable_to(EXIT_USAGE, what, "it is show, on or off", "there is no \"%s\"", verb);
    if ((code = ask_find(values->mount, what, &mountpoint, &state_dir)))
        return code;
    code = ask_daemon(state_dir, what, json_pack("{s:s, s:s?}", "verb", "oof", "text", text), NULL, false, &answer);
    if (code)
        return code;
    fputs(json_string_value(json_object_get(answer, "text")), stdout);
    json_decref(answer);
    return 0;
}

const struct verb verb_oof = {
    .name = "oof",
    .operands = "[show|on|off]",
    .help = "Shows the out-of-office answers, or sets them.",
    .options = oof_rows,
    .values_size = sizeof(struct oof_values),
    .most = 1,
    .run = oof_run,
};
