/* Questions to the person at the terminal; whatever stdin is. */
#ifndef FS_QUESTION_H
#define FS_QUESTION_H

#include <stdbool.h>

/* The line that is answered, without blanks around it ("": just Enter); NULL without a terminal or at its end. The
 * caller frees it. */
char *question_line(const char *text);

/* yes or no; anything that is neither, or no answer, is by_default. */
bool question_yes(const char *text, bool by_default);

#endif
