/* Every limit of easd, by name. Sizes are bytes unless the name says otherwise. They are the
 * server's own: it shares no number with the client it tests. */
#ifndef EASD_LIMITS_H
#define EASD_LIMITS_H

#define EASD_REQUEST_BYTES (16 << 20) /* one request's document */
#define EASD_CONNECTIONS 256          /* at one time */
#define EASD_IDLE_SECONDS 4000        /* a silent connection; longer than the longest heartbeat */
#define EASD_MAILBOXES 64
#define EASD_DEVICES 64      /* partnerships of one mailbox; the longest unused one goes */
#define EASD_FOLDERS 20000   /* of one mailbox */
#define EASD_FOLDER_DEPTH 32 /* directories below a class directory */
#define EASD_ID_BYTES 64     /* SyncKey, CollectionId, ServerId (MS-ASCMD 2.2.3) */

#define EASD_WINDOW_DEFAULT 100 /* WindowSize left out (MS-ASCMD 2.2.3.199.2) */
#define EASD_WINDOW_TOP 512
#define EASD_WINDOW_BYTES (32 << 20) /* bodies one answer holds in memory */
#define EASD_COPY_BYTES (256 << 10)  /* longer bodies go from the file to the socket */
#define EASD_OPEN_FILES 64           /* files one answer keeps open for that */
#define EASD_COMMANDS 200            /* of one Sync request (MS-ASCMD 3.1.5.10) */
#define EASD_COLLECTIONS 300         /* of one Sync or Ping request; beyond: 15, 6 */
#define EASD_FETCHES 100             /* of one ItemOperations request: beyond: 103 */
#define EASD_ESTIMATES 1000          /* collections of one GetItemEstimate request; beyond: 103 */

#define EASD_HEARTBEAT_MIN 60 /* seconds, as Exchange has them */
#define EASD_HEARTBEAT_MAX 3540
#define EASD_RESCAN_SECONDS 1 /* between two looks where inotify cannot be had */

#define EASD_HEADER_BYTES (256 << 10) /* of a message, searched for its end */
#define EASD_HEADER_VALUE 32768       /* one header field as a property (MS-ASEMAIL 2.2.2.74) */
#define EASD_FILE_BYTES (16 << 20)    /* one .ics or .vcf */
#define EASD_STREAM_BLOCK (64 << 10)
#define EASD_FOLDER_NAME 256        /* a DisplayName (MS-ASCMD 2.2.3.47.3) */
#define EASD_NAME_BYTES 180         /* of a file's name, before its ending and a number */
#define EASD_TEXT_BYTES (512 << 10) /* a body that a client writes */
#define EASD_RECIPIENTS 100         /* of one ResolveRecipients request; beyond: 5 */
#define EASD_MOVES 1000             /* of one MoveItems request; beyond: 103 */
#define EASD_RESPONSES 100          /* of one MeetingResponse request; beyond: 103 */
#define EASD_CLIENT_ID 40           /* of a message that is sent (MS-ASCMD 2.2.3.28) */
#define EASD_SENT_IDS 1000          /* ClientIds of mail that a device is remembered to have sent */

#define EASD_FAULT_MS 3600000          /* the longest delay */
#define EASD_FAULT_BYTES (1 << 30)     /* the latest cut, the fastest trickle */
#define EASD_FAULT_TRICKLE_MS 50       /* between two pieces of one */
#define EASD_FAULT_REQUEST_BYTES 65536 /* rules set by one request */

#endif
