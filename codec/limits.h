/* Every limit of the project, by name, in one table. Sizes are bytes, times milliseconds, unless
 * the name says otherwise. Nothing that comes from the network may grow past one of these. */
#ifndef CODEC_LIMITS_H
#define CODEC_LIMITS_H

/* WBXML documents */
#define LIMIT_DOCUMENT_BYTES (8LL << 30)   /* one response, however long it streams */
#define LIMIT_DOCUMENT_DEPTH 64            /* open elements; the deepest schema needs 13 */
#define LIMIT_DOCUMENT_ELEMENTS 20000000LL /* elements in one response */
#define LIMIT_VALUE_BYTES (64 << 20)       /* one value kept whole in a tree (a photo, a description) */
#define LIMIT_TREE_BYTES (256 << 20)       /* all values of one tree */
#define LIMIT_UNTYPED_BYTES (64 << 10)     /* a body's Data held back until its Type is known */
#define LIMIT_TRACE_VALUE_BYTES (64 << 10) /* of one value shown in a trace; of the rest, only the count */
#define LIMIT_KEY_BYTES 1024               /* a SyncKey, ServerId, ParentId, status */

/* items */
#define LIMIT_BODY_BYTES (2LL << 30)        /* one message */
#define LIMIT_NAME_BYTES 200                /* a generated file name, ending included (CONTRACT 2) */
#define LIMIT_HEADER_VALUE_BYTES (64 << 10) /* one header of a message built here; the protocol's To has 32 KiB */
#define LIMIT_FIELDS 5000                   /* fields in the header of a message that a user wrote */
#define LIMIT_ADDRESSES 5000                /* addresses of one such message */
#define LIMIT_REFERENCES 32                 /* messages one answers, by In-Reply-To and References */
#define LIMIT_ADDRESS_BYTES 320             /* an address of a message built here (RFC 5321 4.5.3.1) */
#define LIMIT_ADDRESS_NAME_BYTES 255        /* the name beside it: encoded, the line keeps below 998 */
#define LIMIT_ENCODED_BYTES (8 << 10)       /* a text in which encoded words are looked for */
#define LIMIT_CARD_LINES 10000              /* lines of one, unfolded */
#define LIMIT_PICTURE_TEXT (48 << 10)       /* base64 of a contact's picture (MS-ASCNTC 2.2.2.58) */
#define LIMIT_UID_BYTES 300                 /* of an event, as the protocol takes it (MS-ASCAL 2.2.2.46) */
#define LIMIT_USER_NAME_BYTES 255           /* a name a user gives */
#define LIMIT_WRITTEN_BYTES (16 << 20)      /* a calendar, card, task or note that a user writes */
#define LIMIT_WRITTEN_DEPTH 8               /* components inside each other in one */
#define LIMIT_EXCEPTIONS 1000               /* changed or removed occurrences of a series (the protocol's schema) */
#define LIMIT_OCCURRENCES 200000            /* occurrences looked through to find one of a series */
#define LIMIT_ATTENDEES 2000                /* people of a meeting */
#define LIMIT_CATEGORIES 300                /* of an item (MS-ASCAL 2.2.2.10); children of a contact */
#define LIMIT_REASON_BYTES 200              /* of a user's text quoted in a reason */
#define LIMIT_FOLDERS 20000                 /* folders of one account */
#define LIMIT_FOLDER_DEPTH 64               /* ancestors of a folder, before it counts as a loop */

/* sync */
#define LIMIT_INLINE_BYTES (512 << 10)   /* a body asked inline in Sync; longer ones are fetched */
#define LIMIT_WINDOW_ITEMS 512           /* WindowSize, the protocol's own top */
#define LIMIT_WINDOW_BYTES (8 << 20)     /* what a window should bring, by the mean seen so far */
#define LIMIT_WINDOW_FIRST 32            /* items of the first window, nothing measured yet */
#define LIMIT_IDLE_ROUNDS 8              /* MoreAvailable without any progress, then the folder is at fault */
#define LIMIT_COMMANDS 200               /* commands of one Sync request (MS-ASCMD 3.1.5.10) */
#define LIMIT_MOVES 1000                 /* moves of one MoveItems request (MS-ASCMD 3.1.5.10) */
#define LIMIT_REPLIES 100                /* of one MeetingResponse request (MS-ASCMD 3.1.5.10) */
#define LIMIT_ESTIMATES 1000             /* collections of one GetItemEstimate request (MS-ASCMD 3.1.5.10) */
#define LIMIT_FETCHES 100                /* Fetch operations of one ItemOperations request */
#define LIMIT_POISON_WINDOW 1            /* window at which an unanswerable item is stepped around */
#define LIMIT_WINDOW_MEMORY (64 << 20)   /* properties of one answer held until they are stored */
#define LIMIT_SETTLE_ROUNDS 4            /* Sync requests over all folders in one pass, until nothing is new */
#define LIMIT_COLLECTIONS 300            /* collections one Sync request names, until the server says its own limit */
#define LIMIT_STATUS_RETRIES 3           /* the same request after "try again", then the folder is at fault */
#define LIMIT_SIZE_GUESS 4096            /* announced for a body of which nobody knows the size */
#define LIMIT_MAIL_HEAD_BYTES (64 << 10) /* looked through for a Message-ID */
#define LIMIT_FETCH_WORKERS 2            /* connections that fetch bodies, besides the one for parked opens */
#define LIMIT_REBUILD_BYTES (4 << 20)    /* a body that is not MIME, held while its message is built */
#define LIMIT_FETCH_ITEMS 32             /* messages one bulk request asks for */

/* upload */
#define LIMIT_UPLOAD_BYTES (4 << 20) /* what the commands of one Sync request say; one alone may say more */
#define LIMIT_UPLOAD_ROUNDS 64       /* of sending and asking again in one pass; the next one goes on */
#define LIMIT_UPLOAD_ALONE 2         /* attempts after which a command travels alone, in case it is the one at fault */
#define LIMIT_UPLOAD_TRIES 8         /* attempts at one edit, then it is held and passed by */
#define LIMIT_GATHER_MS 150          /* after an edit, in which others may follow to travel with it */
#define LIMIT_GATHER_LAST_MS 2000    /* ... as long as they do, but no longer */
#define LIMIT_UPLOAD_STUCK_MS 5000   /* between two passes for what is due and has to wait for its folder */
#define LIMIT_SENT_LOOK_MS 600000    /* a message that may have been sent is looked for so long */
#define LIMIT_SENT_AGAIN_MS 15000    /* ... every so often */
#define LIMIT_SENT_HEADS 50          /* ... in so many of the newest messages of Sent Items */

/* deadlines and retries */
#define LIMIT_POLL_MS 60000            /* between two passes while online, where nothing pushes */
#define LIMIT_POLL_LAST_MS 300000      /* ... where nothing happens for long; it doubles up to here */
#define LIMIT_HEARTBEAT_FIRST_S 300    /* seconds the first Ping may hang */
#define LIMIT_HEARTBEAT_LEAST_S 60     /* ... and the shortest that is asked for unasked (Exchange's own least) */
#define LIMIT_HEARTBEAT_MOST_S 3540    /* ... and the longest (MS-ASCMD 2.2.3.79.1) */
#define LIMIT_HEARTBEAT_TOLD_S 86400   /* ... and what a server may ask for */
#define LIMIT_HEARTBEAT_SLACK_S 30     /* an answer may be so much later than the interval */
#define LIMIT_MOVE_GUESSES 32          /* new messages of one answer that are looked for in other folders */
#define LIMIT_FUTILE_FOLDER 3          /* changes told of a folder that are none, in a row, then it rests from Ping */
#define LIMIT_FUTILE_PINGS 6           /* Pings in a row that tell nothing or fail, then the server is polled */
#define LIMIT_FUTILE_MS 250            /* before the third of them; it doubles */
#define LIMIT_CUT_PINGS 5              /* Pings cut by passes, in a row, up to which the pause before the next grows */
#define LIMIT_CUT_MS 1000              /* after the second of them; it doubles */
#define LIMIT_PUSH_AGAIN_MS 1800000    /* after which Ping is tried again */
#define LIMIT_FOLDERS_MS 600000        /* between two looks at the folder tree, unless the server asks for one */
#define LIMIT_SILENCE_MS 3600000       /* a folder silent for so long is checked by GetItemEstimate */
#define LIMIT_RETRY_FIRST_MS 1000      /* first delay after nobody answered; it doubles */
#define LIMIT_RETRY_LAST_MS 300000     /* and stays here */
#define LIMIT_CONTENT_MS 20000         /* a parked open (CONTRACT 4) */
#define LIMIT_FAILED_OPEN_MS 5000      /* how long a failed fetch is remembered */
#define LIMIT_FIRST_TREE_MS 60000      /* the first mount waits this long for the folder tree */
#define LIMIT_GONE_ADDRESSES 64        /* more local addresses that went away: all did */
#define LIMIT_NETWORK_SETTLE_MS 200    /* after word of a change, until the network is looked at */
#define LIMIT_KEEPALIVE_S 30           /* a silent connection is probed after so long */
#define LIMIT_KEEPALIVE_PROBE_S 5      /* ... every so often */
#define LIMIT_UNHEARD_MS 30000         /* bytes, or a probe, that nobody acknowledges: the connection is dead */
#define LIMIT_CONNECT_MS 15000         /* TCP and TLS */
#define LIMIT_ANSWER_MS 300000         /* an ordinary command, first byte */
#define LIMIT_INTERRUPT_MS 1000        /* an interrupted exchange ends by then, should the wake-up be lost */
#define LIMIT_STALL_MS 60000           /* no byte at all for so long ends an exchange */
#define LIMIT_STALL_BYTES 1024         /* fewer than these in LIMIT_STALL_MS is no byte at all */
#define LIMIT_HTTP_RETRIES 3           /* resends of an idempotent command that stayed unreachable */
#define LIMIT_RESEND_MS 250            /* before the second resend, twice that before the third */
#define LIMIT_REDIRECTS 5              /* 451 and 30x hops */
#define LIMIT_PROVISION_ROUNDS 2       /* provisioning rounds in a row */
#define LIMIT_RETRY_AFTER_S 3600       /* the longest Retry-After obeyed without asking */
#define LIMIT_HEADER_BYTES (256 << 10) /* all headers of one answer */
#define LIMIT_ERROR_BODY_BYTES (64 << 10) /* of a refused exchange, kept for the sentence */

/* finding the server, and what is wrong with it */
#define LIMIT_DNS_MS 5000             /* a question to the name servers */
#define LIMIT_DNS_KEEP_MS 60000       /* an address is asked for again after so long, where a resolver is given */
#define LIMIT_DNS_RECORDS 32          /* of one answer */
#define LIMIT_PROBE_MS 8000           /* one question to a server nobody knows yet */
#define LIMIT_PROBE_BYTES (256 << 10) /* its answer's body */
#define LIMIT_AUTODISCOVER_BYTES (256 << 10) /* an Autodiscover document */
#define LIMIT_AUTODISCOVER_DEPTH 32          /* open elements in it */
#define LIMIT_AUTODISCOVER_VALUE 2048        /* one value of it */
#define LIMIT_DISCOVER_MS 30000              /* all ways of discovery together */
#define LIMIT_DISCOVER_HOPS 10               /* redirects and other addresses followed (MS-OXDISCO 3.1.5) */
#define LIMIT_DISCOVER_LOGINS 2              /* refused log-ins, then the password is offered to nobody more */
#define LIMIT_DIAGNOSE_MS 55000              /* all that doctor does */
#define LIMIT_CLOCK_S 43200                  /* two clocks farther apart: one of them is wrong */
#define LIMIT_DIAGNOSE_STEP_MS 8000          /* one step of it */

/* log-in */
#define LIMIT_TOKEN_BYTES (16 << 10)        /* an access or refresh token */
#define LIMIT_TOKEN_ANSWER_BYTES (64 << 10) /* an answer of the issuer */
#define LIMIT_TOKEN_MS 20000                /* for one */
#define LIMIT_TOKEN_GRACE_MS 3000           /* its answer may be the new log-in: an interruption waits so long */
#define LIMIT_TOKEN_LIFE_S 31536000         /* an access token is believed to live at most so long */
#define LIMIT_TOKEN_EARLY_S 60              /* it is renewed so long before its end, or a tenth of its life */
#define LIMIT_DEVICE_S 900                  /* a person may take so long to log in elsewhere */
#define LIMIT_DEVICE_PAUSE_S 60             /* between two questions whether they have */
#define LIMIT_DEVICE_USUAL_S 5              /* ... where the issuer does not say (RFC 8628 3.2) */
#define LIMIT_DEVICE_SLOWER_S 5             /* added to that when the issuer says slow_down (RFC 8628 3.5) */

/* directory and search */
#define LIMIT_SEARCH_HITS 100           /* of one search (MS-ASCMD 2.2.3.143.4 allows no more at once) */
#define LIMIT_GAL_TEXT_BYTES 1024       /* one value of an entry */
#define LIMIT_GAL_PICTURE_BYTES 102400  /* a photo asked for */
#define LIMIT_GAL_PICTURES 100          /* photos of one answer */
#define LIMIT_RECIPIENTS 100            /* addresses of one ResolveRecipients (MS-ASCMD 3.1.5.10) */
#define LIMIT_RECIPIENT_ANSWERS 1000    /* people of one answer */
#define LIMIT_FREE_BUSY_SLOTS 32768     /* half hours of one answer */
#define LIMIT_OOF_TEXT_BYTES (64 << 10) /* one out-of-office message */
#define LIMIT_QUERY_BYTES 200           /* a query that is a directory's name (CONTRACT 1) ... */
#define LIMIT_QUERY_LEAST 2             /* ... and the shortest */
#define LIMIT_QUERY_KEEP_MS 60000       /* its result is kept so long */
#define LIMIT_QUERIES 64                /* results kept at once */

/* edits */
#define LIMIT_EDIT_BYTES (256 << 20)     /* one file that a user writes */
#define LIMIT_EDIT_BATCH 64              /* requests of users that share one sync of the disk */
#define LIMIT_EDIT_BATCH_BYTES (8 << 20) /* ... and what they write; one alone may write more */
#define LIMIT_UNSYNCED_MS 100            /* names that changed are on disk by then (CONTRACT 5) */
#define LIMIT_UMOUNT_MS 10000            /* what waits is tried to be sent for so long before an unmount (CONTRACT 6) */
#define LIMIT_STORE_TRY_MS 2000          /* after the disk refused a write, until it is tried again */
#define LIMIT_GRACE_MS 5000              /* an item that was removed comes back with its name (CONTRACT 5) */
#define LIMIT_ATTRIBUTE_BYTES (64 << 10) /* one xattr of no meaning to the server */

/* the mount */
#define LIMIT_EVENTS_WAITING 16384    /* events not told yet, then one overflow and plain invalidations */
#define LIMIT_EVENTS_BYTES (16 << 20) /* .easfs/events, then it is truncated (CONTRACT 6) */
#define LIMIT_SETTLE_MS 5000          /* a sync that is waited for waits so long for the kernel to hear of it */
#define LIMIT_SELF_OP_MS 2000         /* one operation of the daemon on its own mount, then it does no more of them */

/* store */
#define LIMIT_PACK_BUFFER (128 << 10)  /* of a body being written, before it goes to its pack */
#define LIMIT_PACK_AHEAD (1 << 20)     /* bytes of a pack after which the disk begins to write them */
#define LIMIT_RECLAIM 1000             /* dead bodies given back at one go */
#define LIMIT_ERRORS 1000              /* lines of what went wrong that status shows */
#define LIMIT_PACK_BYTES (256LL << 20) /* one body pack, then the next is begun */
#define LIMIT_TXN_MS 50                /* a window's transaction */
#define LIMIT_STORE_CACHE_KIB 8192     /* SQLite page cache of a connection */

#endif
