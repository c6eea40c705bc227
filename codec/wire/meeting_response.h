/* MeetingResponse (MS-ASCMD 2.2.1.11): an invitation is accepted, accepted tentatively, or declined. Up to 14.1 this
 * changes the calendar only, and the client mails the reply; from 16.0 on the server mails it where it is asked to. */
#ifndef CODEC_WIRE_MEETING_RESPONSE_H
#define CODEC_WIRE_MEETING_RESPONSE_H

#include "codec/item.h"
#include "codec/wire/wbxml_tree.h"

enum meeting_answer { MEETING_ACCEPT = 1, MEETING_TENTATIVE = 2, MEETING_DECLINE = 3 };

struct meeting_reply {
    enum meeting_answer answer;
    const char *collection_id, *request_id; /* the invitation's mail, from 14.0 on the calendar's item too, or */
    const char *long_id;                    /* ... a search hit */
    const char *instance_id;                /* 14.1 and up: one occurrence, by its start, dashed with milliseconds */
    bool send;                              /* 16.0 and up: the server mails the reply */
    const char *text;                       /* ... with this plain text, or NULL */
};

/* Appends a request for 1 to LIMIT_REPLIES replies; what a version lacks is left out. */
void meeting_response_request(GByteArray *out, enum eas_version version, const struct meeting_reply *replies,
                              size_t count);

struct meeting_replied {
    char *request_id;  /* as asked; "" where it was left out */
    int status;        /* eas_status_result, EAS_LEVEL_ITEM; 0 where it was left out */
    char *calendar_id; /* the calendar's item, where the server names it; else NULL */
};

/* Reads an answer from its root into an array of struct meeting_replied, in the answer's order. Empty for a document
 * that is no MeetingResponse; its own status: answer_status. Unref it. */
GArray *meeting_response_read(const struct eas_node *root);

#endif
