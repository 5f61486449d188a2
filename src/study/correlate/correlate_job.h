/* What correlate.c (data, tests, tables, paragraph) and correlate_figure.c share. */
#ifndef DN_STUDY_CORRELATE_CORRELATE_JOB_H
#define DN_STUDY_CORRELATE_CORRELATE_JOB_H

#include "stats/result.h"
#include "study/correlate/correlate.h"
#include "study/tables/cases.h"
#include "study/tables/design.h"

typedef struct correlate_job {
    const dn_correlate_options *options;
    const char *folder, *x_name;
    char *y_name; /* owned */
    dn_table *table;
    char **covariates; /* as asked for */
    size_t asked;
    dn_design design; /* k columns: the covariates, categories coded */
    size_t k;
    dn_remarks remarks;
    dn_cases cases; /* columns: x, y, covariates */
    double *x, *y;
    const double **z;
    double *columns;
    dn_result normality[2], chosen, other;
    bool parametric;
} correlate_job;

/* x_unit, or what the table knows; NULL: nobody does. Borrowed. */
const char *dn_correlate_x_unit(const correlate_job *job);
/* folder/correlate_figure: the points, and of a parametric test the line and its band. */
DN_CHECKED dn_status dn_correlate_figure(const correlate_job *job);

#endif
