/* People who cannot be compared with a norm, and the reasons. */
#ifndef DN_STUDY_NORMS_APART_H
#define DN_STUDY_NORMS_APART_H

#include "study/norms/people.h"

#include <stdio.h>

/* People who are too far outside a norm for any z (dn_norm_beyond): another unit, or a mistake. Zero-initialise; free person. */
typedef struct dn_apart {
    dn_norm_person *person; /* names are the cohort's */
    size_t count;
} dn_apart;

/* Removes them from the cohort; values that are only far outside give a remark. DN_EDATA if nobody is left; the message says why. */
DN_CHECKED dn_status dn_apart_take(const dn_norm_model *model, dn_cohort *cohort, dn_apart *out);
/* Rows with the column not_judged. */
DN_CHECKED dn_status dn_apart_tabulate(const dn_norm_model *model, const dn_apart *apart, dn_table *table);
/* "Not judged: sub-03 (...). "; nothing when there is none. */
DN_CHECKED dn_status dn_apart_say(const dn_norm_model *model, const dn_apart *apart, FILE *stream);

#endif
