/* Autodiscover's documents, both versions: any bytes. */
#include <glib.h>

#include "codec/wire/autodiscover.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct autodiscover said;

    autodiscover_read((const char *)bytes, length, &said);
    autodiscover_clear(&said);
    autodiscover_read_json((const char *)bytes, length, &said);
    autodiscover_clear(&said);
    return 0;
}
