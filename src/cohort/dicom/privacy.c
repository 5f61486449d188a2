/* What must not reach an output. */
#define _GNU_SOURCE
#include "cohort/dicom/privacy.h"

#include "base/memory.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHORTEST = 3 };

void dn_private_release(dn_private_values *list)
{
    for (size_t i = 0; i < list->count; ++i) {
        free(list->values[i]);
    }
    free(list->values);
    *list = (dn_private_values){0};
}

static dn_status add(dn_private_values *list, const char *text, size_t length)
{
    char *copy = NULL;
    if (length < SHORTEST) {
        return DN_OK;
    }
    for (size_t i = 0; i < list->count; ++i) {
        if (strlen(list->values[i]) == length && strncasecmp(list->values[i], text, length) == 0) {
            return DN_OK;
        }
    }
    DN_TRY(dn_asprintf(&copy, "%.*s", (int)length, text));
    const dn_status status = dn_realloc(&list->values, list->count + 1, sizeof *list->values, "private values");
    if (status != DN_OK) {
        free(copy);
        return status;
    }
    list->values[list->count++] = copy;
    list->foreign = list->foreign || !dn_text_is_ascii(copy);
    return DN_OK;
}

/* "Doe^Ann^M.^^Dr=..." in its parts. */
static dn_status add_person(dn_private_values *list, const char *name)
{
    static const char between[] = "^=\\,;.-' ";
    while (*name != '\0') {
        const size_t length = strcspn(name, between);
        DN_TRY(add(list, name, length));
        name += length;
        name += strspn(name, between);
    }
    return DN_OK;
}

/* "19570312" as people write it. */
static dn_status add_date(dn_private_values *list, const char *date)
{
    if (strlen(date) != 8 || strspn(date, "0123456789") != 8) {
        return DN_OK;
    }
    const char *y = date, *m = date + 4, *d = date + 6;
    char text[16];
    for (const char *between = "-./_"; *between != '\0'; ++between) {
        snprintf(text, sizeof text, "%.4s%c%.2s%c%.2s", y, *between, m, *between, d);
        DN_TRY(add(list, text, strlen(text)));
        snprintf(text, sizeof text, "%.2s%c%.2s%c%.4s", d, *between, m, *between, y);
        DN_TRY(add(list, text, strlen(text)));
        snprintf(text, sizeof text, "%.2s%c%.2s%c%.4s", m, *between, d, *between, y);
        DN_TRY(add(list, text, strlen(text)));
    }
    snprintf(text, sizeof text, "%.2s%.2s%.4s", d, m, y);
    return add(list, text, strlen(text));
}

dn_status dn_private_add(dn_private_values *list, const dn_dicom_header *header)
{
    for (size_t f = 0; f < DN_DICOM_COUNT; ++f) {
        const char *text = header->text[f];
        const dn_dicom_kind kind = dn_dicom_kind_of((dn_dicom_field)f);
        if (kind == DN_DICOM_PLAIN) {
            continue;
        }
        DN_TRY(add(list, text, strlen(text)));
        if (kind == DN_DICOM_PERSON) {
            DN_TRY(add_person(list, text));
        }
    }
    const char *day = header->text[DN_DICOM_STUDY_DATE];
    DN_TRY(strlen(day) == 8 ? add(list, day, 8) : DN_OK);
    DN_TRY(add_date(list, day));
    return add_date(list, header->text[DN_DICOM_BIRTH_DATE]);
}

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || ((unsigned char)c & 0x80) != 0;
}

/* Letters and digits of ASCII in a value. */
static size_t plain_letters(const char *value)
{
    size_t n = 0;
    for (; *value != '\0'; ++value) {
        n += isalnum((unsigned char)*value) != 0;
    }
    return n;
}

/* The end of value in text that begins with it; NULL: it does not. A run of n bytes beyond ASCII is 1 to 2 n letters. */
static const char *match(const char *text, const char *value)
{
    for (; *value != '\0'; ++value, ++text) {
        size_t run = 0;
        while (((unsigned char)value[run] & 0x80) != 0) {
            ++run;
        }
        if (run > 0) {
            for (size_t n = 1; n <= 2 * run && is_letter(text[n - 1]); ++n) {
                const char *end = match(text + n, value + run);
                if (end != NULL) {
                    return end;
                }
            }
            return NULL;
        }
        if (tolower((unsigned char)*text) != tolower((unsigned char)*value)) {
            return NULL;
        }
    }
    return text;
}

static bool holds(const char *text, const char *value)
{
    enum { ENOUGH = 2 };
    const bool anywhere = strpbrk(value, "0123456789") != NULL;
    if (!dn_text_is_ascii(value) && plain_letters(value) < ENOUGH) {
        return false; /* foreign, below */
    }
    for (const char *at = text; *at != '\0'; ++at) {
        const char *end = anywhere || at == text || !is_letter(at[-1]) ? match(at, value) : NULL;
        if (end != NULL && (anywhere || !is_letter(*end))) {
            return true;
        }
    }
    return false;
}

bool dn_private_in(const dn_private_values *list, const char *text)
{
    if (list->foreign && !dn_text_is_ascii(text)) {
        return true;
    }
    for (size_t i = 0; i < list->count; ++i) {
        if (holds(text, list->values[i])) {
            return true;
        }
    }
    return false;
}

/* Letters and digits of text, as far as there is room. Returns how many. */
static size_t squeeze(const char *text, char *out, size_t size)
{
    size_t n = 0;
    for (; *text != '\0' && n + 1 < size; ++text) {
        if (is_letter(*text)) {
            out[n++] = *text;
        }
    }
    out[n] = '\0';
    return n;
}

bool dn_private_in_name(const dn_private_values *list, const char *name)
{
    char all[512], value[512];
    enum { LONG_ENOUGH = 4 };
    squeeze(name, all, sizeof all);
    for (size_t i = 0; i < list->count; ++i) {
        if (squeeze(list->values[i], value, sizeof value) >= LONG_ENOUGH && strcasestr(all, value) != NULL) {
            return true;
        }
    }
    return dn_private_in(list, name);
}

void dn_private_show(const dn_private_values *list, const char *text, char *out, size_t size)
{
    size_t n = 0;
    if (dn_private_in(list, text)) {
        text = "(not shown)";
    } else if (*text == '\0') {
        text = "(no description)";
    }
    while (*text != '\0') {
        const size_t length = dn_text_character(text, strlen(text));
        const size_t bytes = length > 0 ? length : 1;
        if (n + bytes >= size) {
            break;
        }
        memcpy(out + n, length > 0 ? text : "?", bytes);
        n += bytes;
        text += bytes;
    }
    out[n] = '\0';
    dn_text_make_line(out);
}
