/* The verbs of the command: one file each, one row each in fs/main.c. */
#ifndef FS_VERBS_VERBS_H
#define FS_VERBS_VERBS_H

#include "fs/options.h"

struct verb {
    const char *name;
    const char *operands; /* for the usage line: "MOUNTPOINT" */
    const char *help;     /* one sentence */
    const struct option_row *options;
    size_t values_size; /* of the struct the options are stored in; it starts zeroed */
    int least, most;    /* operands */
    /* values as parsed; operands are argv[0..argc-1]. Returns the exit code, everything said. */
    int (*run)(void *values, int argc, char **argv);
};

extern const struct verb verb_mount, verb_umount, verb_status, verb_sync, verb_folders, verb_cache, verb_export,
    verb_doctor, verb_explain, verb_gal, verb_search, verb_freebusy, verb_oof, verb_login, verb_setup, verb_retry,
    verb_discard, verb_send, verb_sendmail, verb_respond;

#endif
