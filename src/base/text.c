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

size_t dn_text_character(const char *text, size_t size)
{
    const unsigned char *p = (const unsigned char *)text;
    const size_t n = p[0] < 0x80                   ? 1
                     : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
                     : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
                     : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                                   : 0;
    if (n > size) {
        return 0;
    }
    for (size_t i = 1; i < n; ++i) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* Overlong forms, surrogates and what lies beyond U+10FFFF. */
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)) {
        return 0;
    }
    return n;
}
