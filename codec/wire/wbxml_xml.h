/* A document as XML for a person: what --trace writes. It is printed as it is read, in constant
 * memory, and without what nobody but the user may see. */
#ifndef CODEC_WIRE_WBXML_XML_H
#define CODEC_WIRE_WBXML_XML_H

#include <glib.h>

#include "codec/limits.h"
#include "codec/wire/wbxml_reader.h"

/* Is the tag's value to be shown as its length only, "[N bytes]"? */
typedef bool wbxml_secret(eas_tag tag);

/* Bodies, attachments, pictures, passwords and out-of-office texts, in every namespace. */
wbxml_secret wbxml_is_secret;

/* Use as ctx of wbxml_xml_handler. The namespace of an element stands as xmlns where it is not its
 * parent's ("AirSync", as in MS-ASWBXML); a value of an opaque that is no text is shown as base64;
 * characters that XML cannot hold, and broken UTF-8, as U+FFFD; at most LIMIT_TRACE_VALUE_BYTES of a
 * value are shown. */
struct wbxml_xml {
    GString *out; /* the caller's; may be emptied between any two calls */
    wbxml_secret *is_secret;
    GString *value; /* of the innermost element, up to the limit */
    size_t value_bytes;
    bool opaque, start_is_open;
    unsigned depth;
    unsigned char pages[LIMIT_DOCUMENT_DEPTH];
};

/* is_secret NULL: wbxml_is_secret. Free what it holds with wbxml_xml_clear. */
void wbxml_xml_init(struct wbxml_xml *xml, GString *out, wbxml_secret *is_secret);
void wbxml_xml_clear(struct wbxml_xml *xml);
extern const struct wbxml_handler wbxml_xml_handler;

/* A whole document at once, appended to out. An error is told in a comment at the end. */
enum wbxml_error wbxml_xml_print(GString *out, const void *bytes, size_t length, wbxml_secret *is_secret);

#endif
