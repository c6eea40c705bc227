/* A file of .easfs that grows by a JSON object a line while it is read (CONTRACT 6): events and errors. Any thread may
 * write it or read it; neither waits for more than the other's copy. */
#ifndef FS_MOUNT_LINES_H
#define FS_MOUNT_LINES_H

#include <jansson.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct lines;

/* Begins anew, at path, or, NULL, in memory. NULL when it cannot be made (errno). */
struct lines *lines_new(const char *path);
void lines_free(struct lines *lines);

/* One more line, after a first one that says "rotated" where LIMIT_EVENTS_BYTES are full. Takes the object. */
void lines_append(struct lines *lines, json_t *object);
/* What was written is gone. */
void lines_clear(struct lines *lines);

/* As fstat and pread: of what stands there at this moment. */
int lines_stat(const struct lines *lines, struct stat *st);
ssize_t lines_read(const struct lines *lines, void *buffer, size_t size, off_t offset);

/* Sets a member to a text; null for NULL and for what is no UTF-8. */
void lines_set_text(json_t *object, const char *key, const char *text);

#endif
