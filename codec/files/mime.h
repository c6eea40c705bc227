/* GMime's one-time setup. */
#ifndef CODEC_FILES_MIME_H
#define CODEC_FILES_MIME_H

/* Makes GMime ready; any thread, any number of times. GMime keeps character set tables of its own,
 * filled once, which is why every user of it calls this first. */
void mime_begin(void);

#endif
