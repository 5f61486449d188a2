/* How many people a study needs, or which difference it can find with the people it has: `dien stats power`. */
#ifndef DN_STUDY_POWER_H
#define DN_STUDY_POWER_H

#include "study/output/output.h"

typedef enum { DN_STUDY_TWO_SAMPLE, DN_STUDY_ONE_SAMPLE, DN_STUDY_PAIRED, DN_STUDY_ANOVA } dn_study_power_kind;

/* NaN: not given. For t tests one of n, difference, sd and power is NaN; for ANOVA one of n and power. Texts are borrowed. */
typedef struct dn_power_options {
    dn_study_output output; /* the note is not used */
    dn_study_power_kind kind;
    double difference; /* of means */
    double sd;         /* paired: of the differences */
    double n;          /* people per group, pairs */
    double ratio;      /* people in the second group per person in the first */
    double power, alpha;
    bool one_sided;
    const char *means; /* "852,818,823", of the groups of an ANOVA */
} dn_power_options;

/* Finds what is not given; writes power.tsv, power.txt and a figure of power against n. DN_EUSAGE: more or less is given; DN_EDATA: no
 * number of people does it. */
DN_CHECKED dn_status dn_study_power(const dn_power_options *options, dn_study_result *result);

/* Of "two-sample", "one-sample", "paired", "anova". DN_EUSAGE: none of these. */
DN_CHECKED dn_status dn_study_power_kind_of(const char *text, dn_study_power_kind *out);

#endif
