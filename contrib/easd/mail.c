#include "contrib/easd/mail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "contrib/easd/body.h"
#include "contrib/easd/draft.h"
#include "contrib/easd/limits.h"
#include "contrib/easd/mail_headers.h"
#include "contrib/easd/mail_text.h"
#include "contrib/easd/times.h"

enum { DRAFTS = 3, HEADER_FIRST = 16384 };

/* An open message: its bytes from the start, all of them or as far as its header goes. */
struct message {
    int file;
    uint64_t size;
    GByteArray *buffer;
    struct mail_headers headers;
};

static bool read_more(struct message *message, uint64_t upto)
{
    guint have = message->buffer->len;

    upto = MIN(upto, message->size);
    g_byte_array_set_size(message->buffer, (guint)upto);
    while (have < upto) {
        ssize_t got = pread(message->file, message->buffer->data + have, upto - have, have);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            g_byte_array_set_size(message->buffer, have);
            message->size = have;
            return false;
        }
        have += (guint)got;
    }
    return true;
}

/* False where the file is gone. */
static bool open_message(struct message *message, const char *path, GByteArray *buffer, bool whole)
{
    struct stat status;
    uint64_t upto = whole ? EASD_COPY_BYTES : HEADER_FIRST;

    message->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (message->file < 0)
        return false;
    if (fstat(message->file, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(message->file);
        return false;
    }
    message->size = (uint64_t)status.st_size;
    message->buffer = buffer;
    g_byte_array_set_size(buffer, 0);
    read_more(message, upto);
    for (;;) {
        mail_headers_scan(&message->headers, (const char *)buffer->data, buffer->len);
        if (message->headers.whole || buffer->len >= message->size || buffer->len >= EASD_HEADER_BYTES)
            return true;
        read_more(message, EASD_HEADER_BYTES);
    }
}

static gint64 received(const struct message *message, const struct entry *entry)
{
    gint64 date = mail_headers_date(&message->headers);

    return times_in_range(date) ? date : entry->mtime / 1000000000;
}

gint64 mail_date(const struct folder *folder, struct entry *entry)
{
    if (entry->date == ENTRY_DATE_UNKNOWN) {
        g_autofree char *path = folder_path(folder, entry);
        g_autoptr(GByteArray) buffer = g_byte_array_new();
        struct message message;

        entry->date = entry->mtime / 1000000000;
        if (open_message(&message, path, buffer, false)) {
            entry->date = received(&message, entry);
            close(message.file);
        }
    }
    return entry->date;
}

/* The properties that are the header field, decoded (MS-ASEMAIL 2.2.2). */
static const struct {
    eas_tag tag;
    enum mail_field field;
} text_properties[] = {
    {TAG_Email_To, FIELD_TO},           {TAG_Email_Cc, FIELD_CC},
    {TAG_Email_From, FIELD_FROM},       {TAG_Email_ReplyTo, FIELD_REPLY_TO},
    {TAG_Email_Subject, FIELD_SUBJECT},
};

/* The subject without its "Re:" and "Fwd:" (MS-ASEMAIL 2.2.2.79). Points into subject. */
static const char *thread_topic(const char *subject)
{
    static const char *const prefixes[] = {"re:", "fw:", "fwd:", "aw:", "wg:"};

    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (g_ascii_strncasecmp(subject, prefixes[i], strlen(prefixes[i])) != 0)
            continue;
        subject += strlen(prefixes[i]);
        while (*subject == ' ')
            subject++;
        i = (size_t)-1;
    }
    return subject;
}

/* 16 bytes that all messages of a thread share: of the first one referred to, else of the message
 * itself; and the index of a message in it (MS-ASEMAIL 2.2.2.21, 2.2.2.22). */
static void write_conversation(struct wbxml_writer *wbxml, const struct message *message, gint64 date)
{
    g_autofree char *references = mail_headers_text(&message->headers, FIELD_REFERENCES);
    g_autofree char *own = mail_headers_text(&message->headers, FIELD_MESSAGE_ID);
    const char *root = references && *references ? references : own ? own : "";
    g_autoptr(GChecksum) digest = g_checksum_new(G_CHECKSUM_MD5);
    guint8 bytes[16], index[5];
    gsize length = sizeof bytes;
    guint64 ticks = (guint64)(date + 11644473600) * 10000000;

    g_checksum_update(digest, (const guchar *)root, (gssize)strcspn(root, " >"));
    g_checksum_get_digest(digest, bytes, &length);
    wbxml_opaque(wbxml, TAG_Email2_ConversationId, bytes, sizeof bytes);
    for (int i = 0; i < 5; i++)
        index[i] = (guint8)(ticks >> (56 - 8 * i));
    wbxml_opaque(wbxml, TAG_Email2_ConversationIndex, index, sizeof index);
}

static void get_attribute(int file, const char *name, char *value, size_t room)
{
    ssize_t length = fgetxattr(file, name, value, room - 1);

    value[MAX(length, 0)] = '\0';
}

/* None are an empty element: one that is absent from a change says nothing of them (MS-ASEMAIL: Categories). */
static void write_categories(struct wbxml_writer *wbxml, const char *lines)
{
    g_auto(GStrv) names = g_strsplit(lines, "\n", -1);
    bool some = false;

    for (char **name = names; *name; name++) {
        if (**name && !some)
            wbxml_open(wbxml, TAG_Email_Categories);
        if (**name)
            wbxml_text(wbxml, TAG_Email_Category, *name);
        some |= **name != '\0';
    }
    if (some)
        wbxml_close(wbxml);
    else
        wbxml_empty(wbxml, TAG_Email_Categories);
}

/* What was done with a message last: 1 answered, 2 all answered, 3 forwarded (MS-ASEMAIL 2.2.2.42). */
static void write_verb(struct wbxml_writer *wbxml, const char *answered)
{
    static const char *const verbs[] = {"reply", "replyall", "forward"};

    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (strcmp(answered, verbs[i]) == 0)
            wbxml_number(wbxml, TAG_Email2_LastVerbExecuted, (long long)i + 1);
}

/* The state a mount shows in user.eas.*: a copy of it is served with the same state. */
static void write_state(struct wbxml_writer *wbxml, const struct message *message, int version)
{
    char read[8] = "", flag[16] = "", answered[16] = "", categories[4096] = "";

    if (flistxattr(message->file, NULL, 0) > 0) {
        get_attribute(message->file, "user.eas.read", read, sizeof read);
        get_attribute(message->file, "user.eas.flag", flag, sizeof flag);
        get_attribute(message->file, "user.eas.answered", answered, sizeof answered);
        get_attribute(message->file, "user.eas.categories", categories, sizeof categories);
    }
    wbxml_text(wbxml, TAG_Email_Read, read[0] == '1' ? "1" : "0");
    if (strcmp(flag, "active") == 0 || strcmp(flag, "complete") == 0) {
        wbxml_open(wbxml, TAG_Email_Flag);
        wbxml_text(wbxml, TAG_Email_Status, flag[0] == 'a' ? "2" : "1");
        wbxml_text(wbxml, TAG_Email_FlagType, "Flag for follow up");
        wbxml_close(wbxml);
    } else {
        wbxml_empty(wbxml, TAG_Email_Flag);
    }
    if (version >= 140)
        write_categories(wbxml, g_utf8_validate(categories, -1, NULL) ? categories : "");
    if (version >= 140)
        write_verb(wbxml, answered);
}

static void write_properties(struct item_writer *writer, const struct message *message, const struct folder *folder,
                             struct entry *entry)
{
    struct wbxml_writer *wbxml = &writer->wbxml;
    g_autofree char *topic = mail_headers_text(&message->headers, FIELD_SUBJECT);
    g_autofree char *type = mail_headers_text(&message->headers, FIELD_CONTENT_TYPE);
    char when[TIMES_TEXT];

    entry->date = received(message, entry);
    for (size_t i = 0; i < G_N_ELEMENTS(text_properties); i++) {
        g_autofree char *text = mail_headers_text(&message->headers, text_properties[i].field);

        if (text)
            wbxml_text(wbxml, text_properties[i].tag, text);
    }
    wbxml_text(wbxml, TAG_Email_DateReceived, times_dashed(entry->date, when));
    if (topic)
        wbxml_text(wbxml, TAG_Email_ThreadTopic, thread_topic(topic));
    wbxml_number(wbxml, TAG_Email_Importance, mail_headers_importance(&message->headers));
    wbxml_text(wbxml, TAG_Email_MessageClass, mail_headers_class(&message->headers));
    wbxml_text(wbxml, TAG_Email_InternetCPID, "65001");
    wbxml_text(wbxml, TAG_Email_ContentClass, "urn:content-classes:message");
    write_state(wbxml, message, writer->version);
    wbxml_text(wbxml, TAG_AirSyncBase_NativeBodyType,
               type && g_ascii_strncasecmp(type, "text/plain", 10) != 0 ? "2" : "1");
    if (writer->version >= 140)
        write_conversation(wbxml, message, entry->date);
    if (writer->version >= 160)
        wbxml_text(wbxml, TAG_Email2_IsDraft, folder->type == DRAFTS ? "1" : "0");
}

/* From 16.0 on drafts are told by their fields, as a client writes them. */
static void write_draft(struct item_writer *writer, const char *path, const struct folder *folder,
                        const struct entry *entry)
{
    char id[EASD_ID_BYTES];

    folder_server_id(folder, entry, id);
    if (writer->version >= 160 && folder->type == DRAFTS)
        draft_write_properties(writer, path, id);
}

/* The type of body that the preferences, MIMESupport and the message agree on. */
static enum body_type choose_body(const struct options *options, const struct message *message)
{
    if (options->bodies[BODY_MIME].wanted &&
        (options->mime_support == 2 || (options->mime_support == 1 && mail_headers_smime(&message->headers))))
        return BODY_MIME;
    return options->bodies[BODY_HTML].wanted ? BODY_HTML : options->bodies[BODY_PLAIN].wanted ? BODY_PLAIN : BODY_NONE;
}

static gint64 mime_truncation(const struct options *options)
{
    gint64 own = options->bodies[BODY_MIME].truncation;

    return own >= 0 ? own : options->mime_truncation;
}

/* How many bytes of the MIME go out. */
static uint64_t mime_length(const struct options *options, uint64_t size)
{
    gint64 truncation = mime_truncation(options);

    if (truncation < 0 || (uint64_t)truncation >= size)
        return size;
    return options->bodies[BODY_MIME].all_or_none ? 0 : (uint64_t)truncation;
}

/* Takes the message's file over where its bytes are to come from it. */
static void write_mime(struct item_writer *writer, struct message *message, const struct options *options)
{
    struct body body = {.type = BODY_MIME, .size = message->size, .length = mime_length(options, message->size)};

    if (body.length <= EASD_COPY_BYTES && message->buffer->len < body.length)
        read_more(message, body.length);
    if (body.length <= message->buffer->len) {
        body.bytes = body.length ? (const char *)message->buffer->data : ""; /* an empty array has no data */
    } else {
        body.file = message->file;
        message->file = -1;
    }
    body.opaque = true;
    body_write(writer, &body);
}

enum item_result mail_write(struct item_writer *writer, const struct folder *folder, struct entry *entry,
                            const struct options *options)
{
    g_autofree char *path = folder_path(folder, entry);
    struct message message;

    if (!open_message(&message, path, writer->buffer, !writer->state_only && options->bodies[BODY_MIME].wanted))
        return ITEM_GONE;
    if (writer->state_only) {
        write_state(&writer->wbxml, &message, writer->version);
        close(message.file);
        return ITEM_WRITTEN;
    }
    write_properties(writer, &message, folder, entry);
    write_draft(writer, path, folder, entry);

    enum body_type type = choose_body(options, &message);

    if (type == BODY_MIME)
        write_mime(writer, &message, options);
    else if (type != BODY_NONE)
        mail_text_write(writer, path, type, options);
    if (message.file >= 0)
        close(message.file);
    return ITEM_WRITTEN;
}

gint64 mail_cost(const struct entry *entry, const struct options *options, guint *files)
{
    gint64 bytes = options->bodies[BODY_MIME].wanted ? (gint64)mime_length(options, (uint64_t)entry->size) : 0;

    if (bytes <= EASD_COPY_BYTES)
        return bytes + 1024;
    ++*files;
    return 1024;
}
