/* What agreement.c (limits of agreement, reliability) and scores.c share. */
#ifndef DN_STUDY_AGREEMENT_AGREEMENT_JOB_H
#define DN_STUDY_AGREEMENT_AGREEMENT_JOB_H

#include "chart/figure_kinds.h"
#include "study/agreement/agreement.h"
#include "study/tables/cases.h"

#include <stdio.h>

/* The data of one run. */
typedef struct agreement_job {
    const dn_agreement_options *options;
    const char *folder, *label, *unit;
    double level;
    char **columns;
    size_t k, reference;
    double x_low, x_high, y_low, y_high; /* of all panels, so that they can be compared by eye */
    dn_cases cases;
    dn_table *results;
    FILE *text;              /* the paragraph */
    dn_figure *figure;       /* owned; drawn when tables and text are written */
    const char *figure_name; /* its file */
} agreement_job;

/* out: one value per case. */
void dn_agreement_column(const agreement_job *job, size_t column, double *out);
/* "" where none was given. */
const char *dn_agreement_unit(const agreement_job *job);
/* Scores: repeated measures and pairs into job's results, text and figure. */
DN_CHECKED dn_status dn_scores_compare(agreement_job *job);

#endif
