/* What a person may have meant. */
#ifndef DN_BASE_WORDS_H
#define DN_BASE_WORDS_H

/* The name nearest to `word` by edit distance (two swapped letters count as one change), or NULL when none is near enough to be meant. Case
 * does not count.
 * names: NULL-terminated. */
const char *dn_nearest_name(const char *word, const char *const *names);

#endif
