/* What edit.c has to know of a class: one row a class, in its table. Properties are compared, merged and
 * sent by tables, whatever the class. */
#ifndef CODEC_FILES_EDIT_CLASS_H
#define CODEC_FILES_EDIT_CLASS_H

#include "codec/files/edit.h"

/* One property of an item: what a person would call one thing, in however many elements it stands. */
struct edit_property {
    const char *name; /* as it is told to people: "Location" */
    eas_tag tags[8];  /* its elements of ApplicationData, the first one the neutral form's; EAS_TAG_NONE ends */
    /* What data says of it in one spelling, NULL for the protocol's default; the caller frees it. Texts that
     * are equal mean the same. */
    char *(*value)(const struct edit_property *property, const struct eas_node *data);
    /* Where a text of one side alone cannot tell; NULL: by value. */
    bool (*same)(const struct edit_property *property, const struct eas_node *one, const struct eas_node *other);
    /* Lays base with both sides' changes into merged, which has the rows before this one and is theirs in the rest;
     * false: the conflict. NULL: such a property is one whole, so that two changes of it that differ are the conflict.
     */
    bool (*merge)(const struct edit_property *property, const struct eas_node *base, const struct eas_node *mine,
                  const struct eas_node *theirs, struct eas_node *merged);
    eas_tag child;      /* of a list: its elements */
    long long fallback; /* of a number: its default */
    bool by_empty; /* cleared by an empty element; else by being left out, or by its default where it is a number */
};

struct edit_class {
    /* As file_read; *written is all zeros and is cleared by the caller where this returns false. */
    bool (*read)(const char *bytes, size_t length, const struct file_context *context, struct written *written,
                 char **reason);
    const struct edit_property *properties;
    size_t property_count;
    /* Elements of ApplicationData that only the server writes: never sent, though a property may be compared by them.
     * EAS_TAG_NONE ends; may be NULL. */
    const eas_tag *server_only;
    /* Turns a whole item from the neutral form into the version's, in place; base NULL: an Add, which gets
     * client_uid. May be NULL. */
    void (*outgoing)(struct eas_node *data, enum eas_version version, const struct eas_node *base,
                     const char *client_uid);
    /* As item_commands, where whole items are not the way; returns NULL where they are, and may be NULL. */
    GPtrArray *(*commands)(enum eas_version version, const struct eas_node *base, const struct eas_node *mine,
                           const char *client_uid);
    /* As file_refresh, previous never NULL: fresh is what file_from_item gave (not the function's to free). */
    GBytes *(*refresh)(GBytes *fresh, GBytes *previous);
};

extern const struct edit_class edit_calendar, edit_contacts, edit_tasks, edit_notes;

/* ---- values: for the rows ---- */

/* A text: line ends as LF, control characters and white space at the ends gone; NULL for a blank one. */
char *edit_text(const struct edit_property *property, const struct eas_node *data);
/* The same of a text itself, which may be NULL. */
char *edit_text_of(const char *text);
/* A number; NULL for the row's fallback and for what is no number. */
char *edit_number(const struct edit_property *property, const struct eas_node *data);
/* A date, to the second, in one spelling; NULL for none and for those that stand for none. */
char *edit_date(const struct edit_property *property, const struct eas_node *data);
/* The texts of the elements "child", sorted, each once. */
char *edit_list(const struct edit_property *property, const struct eas_node *data);
/* The Body as text; tags[1], if any, is the class's own element of 2.5. */
char *edit_body(const struct edit_property *property, const struct eas_node *data);

/* ---- whole items ---- */

bool edit_same(const struct edit_property *property, const struct eas_node *one, const struct eas_node *other);

/* Takes every element of the property out of data, and puts copies of from's there instead. */
void edit_put(const struct edit_property *property, struct eas_node *data, const struct eas_node *from);
void edit_take_all(struct eas_node *data, eas_tag tag);

/* Says that data no longer has the property: an empty element, a number's default, or nothing at all. */
void edit_clear(const struct edit_property *property, struct eas_node *data);

/* Leaves of a Body what is the client's to write, its type and text; nothing of one that came cut short, for it would
 * replace the whole. */
void edit_trim_body(struct eas_node *data);

/* Takes out what a version does not know yet, at every depth. */
void edit_drop_newer(struct eas_node *data, enum eas_version version);

/* Whether the property is the client's to write: its first tag is not among server_only. */
bool edit_is_sent(const struct edit_class *class, const struct edit_property *property);

/* A row more for item_commands's array; data is the command's from then on, and loses what XML cannot hold. */
void edit_add_command(GPtrArray *commands, int kind, const char *instance_id, struct eas_node *data);
GPtrArray *edit_no_commands(void);

/* Base with what mine changed, in the neutral form, without what only the server writes; NULL: nothing is changed. base
 * NULL: all of mine. */
struct eas_node *edit_whole(const struct edit_class *class, const struct eas_node *base, const struct eas_node *mine);

#endif
