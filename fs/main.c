/* easfs VERB: finds the verb, reads its options, runs it. */
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "fs/config.h"
#include "fs/message.h"
#include "fs/verbs/verbs.h"

static const struct verb *const verbs[] = {
    &verb_mount, &verb_umount, &verb_status,  &verb_sync,    &verb_folders,  &verb_cache,   &verb_export,
    &verb_login, &verb_setup,  &verb_doctor,  &verb_explain, &verb_gal,      &verb_search,  &verb_freebusy,
    &verb_oof,   &verb_retry,  &verb_discard, &verb_send,    &verb_sendmail, &verb_respond,
};

static const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    return NULL;
}

static int help_all(FILE *to)
{
    fprintf(to, "Usage: easfs VERB [OPTION]...\n"
                "Mounts an Exchange mailbox over ActiveSync as plain files.\n\n");
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
        fprintf(to, "  %-9s %s\n", verbs[i]->name, verbs[i]->help);
    fprintf(to, "\neasfs VERB --help tells more; easfs --keys lists the keys of easfs.conf; easfs --version says which "
                "this is.\n");
    return to == stdout ? 0 : EXIT_USAGE;
}

static int help_verb(const struct verb *verb)
{
    g_autoptr(GString) out = g_string_new(NULL);

    g_string_append_printf(out, "Usage: easfs %s %s%s\n%s\n", verb->name, verb->operands,
                           verb->options->name ? " [OPTION]..." : "", verb->help);
    if (verb->options->name) {
        g_string_append(out, "\n");
        options_print(verb->options, out);
    }
    fputs(out->str, stdout);
    return 0;
}

static int help_keys(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    config_print_keys(out);
    fputs(out->str, stdout);
    return 0;
}

static int verb_run(const struct verb *verb, int argc, char **argv)
{
    g_autofree void *values = g_malloc0(MAX(verb->values_size, 1));
    int first = 0;
    int code = options_parse(verb->options, values, verb->name, argc, argv, &first);

    if (code == 0) {
        int operands = argc - first;

        if (operands < verb->least || operands > verb->most) {
            g_autofree char *what = g_strdup_printf("run %s", verb->name);

            code = unable_to(EXIT_USAGE, what, "see its --help", "usage is easfs %s %s", verb->name, verb->operands);
        } else {
            code = verb->run(values, operands, argv + first);
        }
    } else if (code < 0) {
        code = help_verb(verb);
    }
    options_clear(verb->options, values);
    return code;
}

int main(int argc, char **argv)
{
    const struct verb *verb;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit of the file size is told to who writes, and ends nobody */
    if (argc > 0 && g_str_has_suffix(argv[0], "sendmail"))
        return verb_run(&verb_sendmail, argc, argv);
    if (argc < 2)
        return help_all(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return help_all(stdout);
    if (strcmp(argv[1], "--version") == 0) {
        printf("easfs %s\n", EASFS_VERSION);
        return 0;
    }
    if (strcmp(argv[1], "--keys") == 0)
        return help_keys();
    verb = verb_find(argv[1]);
    if (!verb)
        return unable_to(EXIT_USAGE, "run", "see easfs --help", "there is no verb \"%s\"", argv[1]);
    return verb_run(verb, argc - 1, argv + 1);
}
