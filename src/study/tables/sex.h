/* Sex as people write it. */
#ifndef DN_STUDY_TABLES_SEX_H
#define DN_STUDY_TABLES_SEX_H

#include "stats/normative.h"

/* M, male, man, männlich; F, female, woman, W, weiblich, in any case; O, other, D, U, unknown are DN_SEX_UNKNOWN. false: none of these, and
 * no number tells which sex it is. */
bool dn_sex_of(const char *text, dn_sex *out);

#endif
