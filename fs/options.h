/* GNU long options by table: one row an option, stored straight into the verb's struct of values. */
#ifndef FS_OPTIONS_H
#define FS_OPTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

enum option_kind {
    OPTION_FLAG,    /* bool */
    OPTION_TEXT,    /* char *, owned by the values; the last one given holds */
    OPTION_PATH,    /* the same, made absolute */
    OPTION_LIST,    /* GPtrArray * of char *, owned by the values; NULL when none was given */
    OPTION_SECONDS, /* long, 0 to a year */
};

struct option_row {
    const char *name; /* without the dashes; NULL ends the table */
    char letter;      /* 0: none; a row may have only a letter, then name is "" */
    enum option_kind kind;
    size_t offset;        /* of the value in the struct of values */
    const char *argument; /* what the help calls it; NULL for a flag */
    const char *help;
};

/* Parses argv[1..] by the table, permuting it so that the operands come last; *first is the index
 * of the first of them. Returns 0, 64 after saying what is wrong with the command line, or -1 when --help was
 * asked for. */
int options_parse(const struct option_row *rows, void *values, const char *verb, int argc, char **argv, int *first);

/* One line an option, for --help. */
void options_print(const struct option_row *rows, GString *out);

/* Stores one value; false for what is no number where one is wanted. A flag takes no argument. */
bool options_store(const struct option_row *row, void *values, const char *argument);

/* Takes from another struct of values what this one lacks: no text, no list, a flag that is not set, no seconds. */
void options_fill(const struct option_row *rows, void *values, void *from);

/* Frees the texts and lists in a struct of values. */
void options_clear(const struct option_row *rows, void *values);

#endif
