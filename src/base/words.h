/* Words that the user typed: the nearest known word, one of several words, lists. */
#ifndef DN_BASE_WORDS_H
#define DN_BASE_WORDS_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* The name nearest to `word` by edit distance (two swapped letters count as one change), or NULL if none is near enough. Case
 * does not count.
 * names: NULL-terminated. */
const char *dn_nearest_name(const char *word, const char *const *names);

/* Whether word is among words (NULL-terminated; NULL: none). */
bool dn_is_among(const char *word, const char *const *words);

/* *out: the place of text among words (NULL-terminated). DN_EUSAGE: "WHAT must be one of a, b or c, not TEXT". */
DN_CHECKED dn_status dn_choice_of(const char *what, const char *text, const char *const *words, int *out);

/* "a,b,c" into texts without blanks around them; empty ones are passed over. *items has *count entries; release with one free. NULL text: 0
 * entries. DN_ENOMEM. */
DN_CHECKED dn_status dn_split_list(const char *text, char ***items, size_t *count);
/* "0,1.1,2.9" into numbers, by the rules above; *out: owned by the caller, NULL for no numbers. DN_EUSAGE: "WHAT "abc" is not a number". */
DN_CHECKED dn_status dn_split_numbers(const char *what, const char *text, double **out, size_t *count);

#endif
