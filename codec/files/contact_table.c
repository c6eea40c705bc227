#include "codec/files/contact_table.h"

#define C(name) TAG_Contacts_##name
#define C2(name) TAG_Contacts2_##name
const struct contact_property contact_properties[] = {
#define PROPERTY(sections, form, v3, v4, ...)                                                                          \
    {CONTACT_##form, v3, v4, {__VA_ARGS__}, sizeof((eas_tag[]){__VA_ARGS__}) / sizeof(eas_tag)},
#include "codec/files/contact.def"
#undef PROPERTY
};
#undef C
#undef C2
