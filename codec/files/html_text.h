/* HTML as plain text, for properties that hold nothing else. */
#ifndef CODEC_FILES_HTML_TEXT_H
#define CODEC_FILES_HTML_TEXT_H

/* What a reader would see: tags gone, script, style and head left out, blocks and <br> as line ends,
 * entities decoded, white space run together. Any text is taken, in time linear in its length. The
 * caller frees the result, which is valid UTF-8 if html is. */
char *html_text(const char *html);

#endif
