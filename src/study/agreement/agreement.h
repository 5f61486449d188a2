/* Agreement of methods or raters that measured the same people (limits of agreement, intraclass correlation, repeats), or comparison of
 * scores of methods on the same cases: `dien stats agreement`. */
#ifndef DN_STUDY_AGREEMENT_AGREEMENT_H
#define DN_STUDY_AGREEMENT_AGREEMENT_H

#include "stats/agreement.h"
#include "stats/multiple.h"
#include "study/output/output.h"
#include "study/tables/load.h"

/* Texts are borrowed. */
typedef struct dn_agreement_options {
    dn_study_tables tables;
    dn_study_output output;
    const char *values;       /* two columns or more, one per method, separated by commas */
    const char *reference;    /* the column that the others are compared with; NULL: the first */
    const char *label;        /* what is measured, for texts and figures; NULL: not said */
    bool scores;              /* values are scores (Dice, distances): repeated measures ANOVA and pairs */
    bool percent;             /* differences in percent of each person's mean */
    dn_limits_method limits;  /* confidence intervals of the limits */
    dn_adjustment adjustment; /* of p for the pairs of scores */
    double level;
} dn_agreement_options;

/* Writes agreement.tsv, agreement.txt and Bland-Altman figures; of scores scores_tests.tsv, scores_summary.tsv, scores.txt and a box plot.
 * DN_EUSAGE: fewer than two values, one twice, a reference that is none of them; DN_EDATA: see load.h, stats/agreement.h. */
DN_CHECKED dn_status dn_study_agreement(const dn_agreement_options *options, dn_study_result *result);

/* Of "exact", "approximate". DN_EUSAGE: none of these. */
DN_CHECKED dn_status dn_limits_method_of(const char *text, dn_limits_method *out);

#endif
