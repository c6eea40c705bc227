/* A policy document (EASProvisionDoc, MS-ASPROV 2.2.2) as text, what of it a mount keeps, and what to answer. */
#ifndef CODEC_WIRE_POLICY_H
#define CODEC_WIRE_POLICY_H

#include <glib.h>

#include "codec/wire/wbxml_tree.h"

enum policy_status { POLICY_APPLIED = 1, POLICY_PARTLY = 2 }; /* MS-ASPROV 2.2.2.54.2 */

struct policy_rules {
    bool encrypt;               /* the replica has to be encrypted */
    int mail_age, calendar_age; /* the longest FilterType allowed; 0: any */
    enum policy_status status;  /* as it is to be acknowledged, with encrypt obeyed */
};

/* The settings as "Name=value" lines, in the document's order; NULL gives "". The caller frees it. */
char *policy_text(const struct eas_node *document);
/* What such text asks; NULL or "": nothing, and that is applied. */
struct policy_rules policy_rules(const char *text);
/* The same for a person, a line each: what is kept, what is not, what is the device's. sealed: the replica is
 * encrypted. NULL where there is no policy; "asks for nothing" where it has no demand. The caller frees it. */
char *policy_words(const char *text, bool sealed);

#endif
