/* Correlation of two variables, also with covariates, with the ALS-FRS-R slope and volumes normalised by head size: `dien stats correlate`.
 */
#ifndef DN_STUDY_CORRELATE_CORRELATE_H
#define DN_STUDY_CORRELATE_CORRELATE_H

#include "stats/icv.h"
#include "study/groups/group_analysis.h"
#include "study/output/output.h"
#include "study/tables/load.h"

/* Texts are borrowed; lists are separated by commas. */
typedef struct dn_correlate_options {
    dn_study_tables tables; /* unit: of y */
    dn_study_output output;
    const char *x, *y;             /* columns; y is the one that icv normalises */
    const char *covariates;        /* columns of a partial correlation; NULL: none */
    const char *categories;        /* columns whose numbers are names; NULL: none */
    const char *icv;               /* column of the intracranial volume; NULL: no normalisation */
    const char *group, *control;   /* column and name of the reference group of the normalisation; both NULL: everyone */
    const char *alsfrs, *duration; /* columns that make the column alsfrs_slope; NULL: it is not made */
    const char *label, *x_unit;    /* name of y in the figure; unit of x; NULL: from the table */
    dn_icv_method normalise;
    dn_test_choice test;
    double level, alpha; /* of confidence intervals; of Shapiro-Wilk */
} dn_correlate_options;

/* Writes correlate.tsv, correlate_people.tsv, correlate.txt and a scatter plot. DN_EUSAGE: x or y is missing or both are one column, half
 * of a pair of options; DN_EDATA: see load.h, stats/correlation.h. */
DN_CHECKED dn_status dn_study_correlate(const dn_correlate_options *options, dn_study_result *result);

#endif
