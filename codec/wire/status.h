/* The meaning of every Status and HTTP code: scope, what to do, the command's exit code, and one
 * sentence (status.def; from MS-ASCMD 2.2.2 and 2.2.3.177, MS-ASPROV, MS-ASHTTP 2.2.2). */
#ifndef CODEC_WIRE_STATUS_H
#define CODEC_WIRE_STATUS_H

#include <stddef.h>

#include "codec/item.h"
#include "codec/result.h"

/* Where in an answer a status stood: several commands number each level by itself. */
enum eas_status_level { EAS_LEVEL_TOP, EAS_LEVEL_COLLECTION, EAS_LEVEL_ITEM };

/* The result for a status of a command. A success status, and a top-level 0 (an answer without one),
 * gives eas_served(); a code without a row is refused with account scope at the top, folder scope in
 * a collection, item scope in an item. Of Provision COLLECTION is the Policy, of Search the Store, of
 * ResolveRecipients a Response. Served, too, is what needs no other handling than success: a message
 * sent before (118), no policy for this user, an empty attachment, an item that is there already. */
struct eas_result eas_status_result(enum eas_command command, enum eas_status_level level, int status);

/* The result for an HTTP code. 200 gives eas_served(); 5xx that may pass gives UNREACHABLE. */
struct eas_result eas_http_result(int http);

/* One of the meanings of a number: as a Status of a command, or as an HTTP code. All static. */
struct eas_meaning {
    bool http;
    const char *command; /* NULL: of any */
    const char *level;   /* "", "of a folder", "of an item" */
    const char *text;
    enum eas_cause cause;
};

/* Everything a number can mean; returns how many were stored, 0 for one that nobody uses. */
size_t eas_meanings(int code, struct eas_meaning *meanings, size_t most);

#endif
