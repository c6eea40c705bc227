#include "codec/wire/item_operations.h"

#include "codec/wire/wbxml_writer.h"

enum { BODY_PLAIN = 1, BODY_MIME = 4, MIME_ALWAYS = 2 };

/* Both MIMESupport and Type 4 are needed for the message as it came (MS-ASCMD 2.2.3.108.2). */
static void write_options(struct wbxml_writer *writer, bool mime)
{
    wbxml_open(writer, TAG_ItemOperations_Options);
    if (mime)
        wbxml_number(writer, TAG_AirSync_MIMESupport, MIME_ALWAYS);
    wbxml_open(writer, TAG_AirSyncBase_BodyPreference);
    wbxml_number(writer, TAG_AirSyncBase_Type, mime ? BODY_MIME : BODY_PLAIN);
    wbxml_close(writer);
    wbxml_close(writer);
}

static void write_fetch(struct wbxml_writer *writer, const struct fetch *fetch)
{
    wbxml_open(writer, TAG_ItemOperations_Fetch);
    wbxml_text(writer, TAG_ItemOperations_Store, "Mailbox");
    if (fetch->file_reference) {
        wbxml_text(writer, TAG_AirSyncBase_FileReference, fetch->file_reference);
    } else {
        if (fetch->long_id) {
            wbxml_text(writer, TAG_Search_LongId, fetch->long_id);
        } else {
            wbxml_text(writer, TAG_AirSync_CollectionId, fetch->collection_id);
            wbxml_text(writer, TAG_AirSync_ServerId, fetch->server_id);
        }
        write_options(writer, fetch->mime);
    }
    wbxml_close(writer);
}

void item_operations_request(GByteArray *out, enum eas_version version, const struct fetch *fetches, size_t count)
{
    struct wbxml_writer writer;

    (void)version; /* one form from 12.0 on */
    wbxml_writer_init(&writer, out);
    wbxml_open(&writer, TAG_ItemOperations_ItemOperations);
    for (size_t i = 0; i < count; i++)
        write_fetch(&writer, &fetches[i]);
    wbxml_close(&writer);
}
