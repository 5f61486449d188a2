/* A text that grows in memory: open, write to its stream with fprintf, take. */
#ifndef DN_BASE_TEXT_H
#define DN_BASE_TEXT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Zero-initialise ({0}). */
typedef struct dn_text {
    FILE *stream; /* owned; write to it */
    char *bytes;
    size_t size;
} dn_text;

/* DN_ENOMEM. */
DN_CHECKED dn_status dn_text_open(dn_text *text);
/* Closes text; *out is owned by the caller (free). DN_ENOMEM when a write failed; text is released all the same. */
DN_CHECKED dn_status dn_text_take(dn_text *text, char **out);
/* Safe on a zeroed, taken or discarded text. */
void dn_text_discard(dn_text *text);

/* A message is one line and moves no cursor: each control character of text (a file name may hold a newline or an escape
 * sequence) becomes '?', as ls shows it on a terminal. */
void dn_text_make_line(char *text);

/* The same for size bytes, but for the characters in kept ("\n\t"). */
void dn_text_without_controls(char *text, size_t size, const char *kept);

/* Whether no byte of text is beyond ASCII. */
bool dn_text_is_ascii(const char *text);
/* Each byte beyond ASCII becomes '?'. */
void dn_text_make_ascii(char *text);

/* Bytes of the UTF-8 character at text, of which size bytes are left (or a zero follows); 0: it is none. */
size_t dn_text_character(const char *text, size_t size);

/* strtod in the C locale, whatever a program that uses the library has set: "." before decimals. */
double dn_number_parse(const char *text, char **end);

#endif
