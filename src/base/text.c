#define _GNU_SOURCE
#include "base/text.h"

#include <stdlib.h>

dn_status dn_text_open(dn_text *text)
{
    *text = (dn_text){0};
    text->stream = open_memstream(&text->bytes, &text->size);
    if (text->stream == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory for a text");
    }
    return DN_OK;
}

dn_status dn_text_take(dn_text *text, char **out)
{
    int failed = ferror(text->stream);
    failed |= fclose(text->stream);
    text->stream = NULL;
    if (failed != 0 || text->bytes == NULL) {
        dn_text_discard(text);
        DN_FAIL(DN_ENOMEM, "not enough memory for a text");
    }
    *out = text->bytes;
    *text = (dn_text){0};
    return DN_OK;
}

void dn_text_discard(dn_text *text)
{
    if (text->stream != NULL) {
        fclose(text->stream);
    }
    free(text->bytes);
    *text = (dn_text){0};
}

void dn_text_make_line(char *text)
{
    for (; *text != '\0'; ++text) {
        if ((unsigned char)*text < ' ' || *text == 127) {
            *text = '?';
        }
    }
}
