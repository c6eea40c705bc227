/* One row and its command in a request. */
#ifndef CACHE_UPLOAD_PART_H
#define CACHE_UPLOAD_PART_H

#include "cache/upload/uploader.h"

struct part {
    struct journal row;
    struct preparation preparation;
    struct collection *collection;
    size_t at; /* which of its commands */
};
void part_free(void *part);

const struct item_command *part_command(const struct part *part);
bool part_is_last(const struct part *part); /* of the commands of its row */
/* How many of its row's commands were taken before, if the row still says what it said then. */
size_t part_taken_before(const struct upload *upload, const struct part *part);
/* Pointers live as long as the part. */
struct sync_command part_wire(const struct part *part);

/* What an answer about its folder says of the part, within a transaction. 0 or a negative errno. */
int part_judge(struct upload *upload, struct part *part, const struct harvest *harvest);

#endif
