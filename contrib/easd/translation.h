/* What a file of calendar, contacts, tasks or notes becomes: properties, a text, and what a
 * FilterType asks about. */
#ifndef EASD_TRANSLATION_H
#define EASD_TRANSLATION_H

#include "codec/wire/wbxml_tree.h"
#include "contrib/easd/options.h"

struct translation {
    /* in */
    const char *bytes;
    size_t length;
    const char *user; /* the mailbox's owner, for who is who in a meeting */
    const char *fallback_uid, *server_id;
    gint64 mtime; /* seconds since 1970 */
    int version;  /* ten times the protocol's */
    const struct options *options;
    /* out */
    struct eas_node *properties; /* their parent, to be filled; its tag means nothing */
    char *text;                  /* the body; NULL: none */
    gint64 last;                 /* when it is over, seconds since 1970; INT64_MAX: never */
    bool done;                   /* a completed task */
    char *refusal;               /* why it cannot be served; NULL: it can */
    int needs;                   /* the version that could; 0: none */
};

typedef void translate(struct translation *translation);
translate calendar_translate, contacts_translate, tasks_translate, notes_translate;

/* Adds a text where there is one; a number; a list as a container of its own. */
void translation_text(struct eas_node *parent, eas_tag tag, const char *text);
void translation_number(struct eas_node *parent, eas_tag tag, gint64 number);
void translation_list(struct eas_node *parent, eas_tag list, eas_tag element, const GPtrArray *texts);

/* A Body as a node, where the options ask for plain text; else NULL. */
struct eas_node *translation_body(const struct options *options, const char *text);

/* Refuses what only a later version than the one spoken can say; needs 0: any can. */
bool translation_needs(struct translation *translation, int needs);

/* Sets refusal unless one is set. Always false. */
bool translation_refuse(struct translation *translation, const char *reason);

#endif
