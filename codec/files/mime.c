#include "codec/files/mime.h"

#include <gmime/gmime.h>

void mime_begin(void)
{
    static gsize begun;

    if (g_once_init_enter(&begun)) {
        g_mime_init();
        g_once_init_leave(&begun, 1);
    }
}
