/* Out of office: the Oof part of Settings (MS-ASCMD 2.2.3.117). */
#ifndef CODEC_WIRE_OOF_H
#define CODEC_WIRE_OOF_H

#include "codec/item.h"
#include "codec/wire/wbxml_tree.h"

enum oof_state { OOF_OFF = 0, OOF_ON = 1, OOF_SCHEDULED = 2 };
enum oof_audience { OOF_INTERNAL, OOF_EXTERNAL_KNOWN, OOF_EXTERNAL_UNKNOWN, OOF_AUDIENCES };

struct oof_message {
    bool given; /* named by the answer, or to be set */
    bool enabled;
    char *text; /* plain text; NULL is "" */
};

struct oof {
    int status; /* of the part, or of the whole; answers only */
    enum oof_state state;
    char *start, *end; /* "2026-01-31T13:45:00.000Z", with OOF_SCHEDULED; else NULL */
    struct oof_message messages[OOF_AUDIENCES];
};
void oof_clear(struct oof *oof);

/* Append a whole request each. Setting one audience replaces that one only. */
void oof_get_request(GByteArray *out);
void oof_set_request(GByteArray *out, const struct oof *oof);

/* Reads the answer to a Get; HTML messages come as the plain text they show. To a Set only status counts. */
void oof_read(const struct eas_node *root, struct oof *oof);

#endif
