/* Translation of written files into items, and of edits into commands: the other direction of files.h. No I/O, no
 * clock, no globals. An item's meaning is the ApplicationData of its class in one neutral form, that of 14.1: UID,
 * Timezone and Exceptions inside an event, plain text Body; what another version wants is made of it when commands are
 * written. */
#ifndef CODEC_FILES_EDIT_H
#define CODEC_FILES_EDIT_H

#include "codec/files/files.h"

/* What a written file says. */
struct written {
    struct eas_node *data; /* ApplicationData in the neutral form: all that the class can carry, nothing else */
    char *uid;             /* its UID (vCard UID too); NULL: it has none */
    char *title;           /* as file_title */
};
void written_clear(struct written *written);

/* Reads a file of the class (calendar, contacts, tasks, notes). context as for file_from_item; its version is the one
 * in use (EAS_NO_VERSION: not known yet; then 14.1's rules). false: *reason (caller frees) is one sentence saying what
 * is not valid, or what ActiveSync cannot express without changing its meaning (RFC 5545 HOURLY, RDATE, two UIDs ...).
 * What EAS lacks but changes no meaning (X-..., most vCard extras, PRODID, DTSTAMP, LAST-MODIFIED, SEQUENCE) is no
 * reason. */
bool file_read(enum eas_class class, const char *bytes, size_t length, const struct file_context *context,
               struct written *written, char **reason);

/* Whether two meanings are the same: by the class's property table, with the protocol's defaults filled in, order of
 * lists and spelling of dates, line ends and zones of equal rules apart. What the server adds by itself (DtStamp, its
 * own UID, FileAs, LastModifiedDate, NativeBodyType, MessageClass ...) does not count. With names: the properties that
 * differ are appended (static const char *; may be NULL). */
bool item_same(enum eas_class class, const struct eas_node *one, const struct eas_node *other, GPtrArray *names);

/* Both changed since base: base with the changes of both, where they touch different properties (a list such as
 * Attendees or Categories is one property; an occurrence is one) or say the same. NULL: they touch the same one
 * differently, which is the conflict; then *property (may be NULL, static) names the first. Caller frees the node. */
struct eas_node *item_merge(enum eas_class class, const struct eas_node *base, const struct eas_node *mine,
                            const struct eas_node *theirs, const char **property);

/* What travels. */
struct item_command {
    enum { ITEM_ADD, ITEM_CHANGE, ITEM_DELETE } kind; /* DELETE: of one occurrence, with instance_id */
    char *instance_id;     /* 16.x: the occurrence's original start, compact UTC; else NULL */
    struct eas_node *data; /* ApplicationData as the version wants it; NULL for DELETE */
};
void item_command_free(struct item_command *command);

/* The commands that make the server's item mean mine. base: what the server holds, as it gave it (NULL: an Add; then
 * client_uid is the UID or ClientUid it gets). Below 16.0 a Change is the whole item: base's elements that the class
 * does not map are kept, cleared ones sent empty or left out as the version wants. 16.x: only what changed, exceptions
 * as commands of their own by InstanceId. The series comes first, for a change of its pattern or times deletes its
 * exceptions on the server (MS-ASCAL 3.1.5.1): all of them follow then. Below 16.0 an Add with exceptions is followed
 * by a Change with the same, for one family of servers drops them from an Add. Never two of them in one request: the
 * caller sends them one after the other, in order. Empty array: nothing to send. A GPtrArray of struct item_command
 * with its free function set. */
GPtrArray *item_commands(enum eas_class class, enum eas_version version, const struct eas_node *base,
                         const struct eas_node *mine, const char *client_uid);

/* The bytes of a file when the server's meaning has moved on from what the user wrote: as file_from_item, with what EAS
 * lacks (X- properties, vCard extras, a user's alarms ...) carried over from the user's own file. previous NULL:
 * file_from_item. */
GBytes *file_refresh(enum eas_class class, const struct eas_node *data, const struct file_context *context,
                     GBytes *previous, char **reason);

/* ---- meetings (calendar only) ---- */

enum meeting_act {
    MEETING_NONE,     /* no one else is concerned */
    MEETING_RESPOND,  /* the own PARTSTAT changed in somebody else's meeting, and nothing else that they own */
    MEETING_ORGANISE, /* attendees would be invited, told of an update, or of a cancellation (mine NULL: removed) */
    MEETING_FOREIGN,  /* a change of somebody else's meeting that only its organiser may make; also a new one */
};
/* What the edit base → mine means to others; user: the account's own address. response gets 1 accept, 2 tentative,
 * 3 decline (MS-ASCMD UserResponse) for RESPOND. base NULL: new; mine NULL: removed. */
enum meeting_act meeting_act(const struct eas_node *base, const struct eas_node *mine, const char *user, int *response);

/* data as the server has it once it has taken the own answer (response as above). */
void meeting_answered(struct eas_node *data, int response);

/* The own answer that an event says was given, as the server tells it: 1 accept, 2 tentative, 3 decline, 0 none. */
int meeting_response_told(const struct eas_node *data);

/* What an invitation (METHOD:REQUEST) to a meeting that is known says of the own part: RESPOND with the response, or
 * NONE. What else it says is for the server to bring. */
enum meeting_act meeting_invited(const struct eas_node *base, const struct eas_node *mine, const char *user,
                                 int *response);

/* METHOD of a calendar file ("REQUEST", "REPLY" ...), upper case, or NULL: what was pasted from a mail. Caller frees.
 */
char *file_method(const char *bytes, size_t length);

/* The iTIP mail for versions that leave it to the client (≤ 14.1): method "REQUEST", "CANCEL" or "REPLY" (response as
 * above), a whole RFC 5322 message, text plus text/calendar, from user. date: the Date header; message_id without
 * brackets. NULL: nobody to mail. Caller unrefs. */
GBytes *meeting_mail(const char *method, const struct eas_node *data, const struct file_context *context, int response,
                     const char *date, const char *message_id);

#endif
