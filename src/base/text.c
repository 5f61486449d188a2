/* Texts that grow in memory, the removal of control characters from texts of others, and numbers in texts. */
#define _GNU_SOURCE
#include "base/text.h"

#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

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

/* Control characters of the second set: U+0080 to U+009F, or the same bytes alone, which some terminals obey like escape sequences. */
static size_t second_set(const char *text, size_t size)
{
    const unsigned char *p = (const unsigned char *)text;
    if (size > 1 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) {
        return 2;
    }
    return p[0] >= 0x80 && p[0] < 0xa0 ? 1 : 0;
}

void dn_text_without_controls(char *text, size_t size, const char *kept)
{
    for (size_t i = 0; i < size;) {
        const unsigned char c = (unsigned char)text[i];
        size_t n = c >= 0x80 ? dn_text_character(text + i, size - i) : 1;
        size_t bad = second_set(text + i, size - i);
        if (bad == 0 && (c < ' ' || c == 127) && (c == '\0' || strchr(kept, (int)c) == NULL)) {
            bad = 1;
        }
        if (n > 1 && bad < 2) { /* a letter, whose later bytes may look like control characters */
            bad = 0;
        }
        memset(text + i, '?', bad);
        i += bad > 0 ? bad : n > 0 ? n : 1;
    }
}

void dn_text_make_line(char *text)
{
    dn_text_without_controls(text, strlen(text), "");
}

bool dn_text_is_ascii(const char *text)
{
    while (*text != '\0' && (unsigned char)*text < 0x80) {
        ++text;
    }
    return *text == '\0';
}

void dn_text_make_ascii(char *text)
{
    for (char *p = text; *p != '\0'; ++p) {
        *p = (unsigned char)*p < 0x80 ? *p : '?';
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

static locale_t c_locale;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

double dn_number_parse(const char *text, char **end)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_locale);
    return c_locale != (locale_t)0 ? strtod_l(text, end, c_locale) : strtod(text, end);
}
