/* A norm from a table of healthy people: `dien normative fit`. */
#ifndef DN_STUDY_NORMS_FIT_H
#define DN_STUDY_NORMS_FIT_H

#include "study/norms/people.h"
#include "study/output/output.h"

/* Texts are borrowed. */
typedef struct dn_norm_fit_options {
    dn_study_tables tables;  /* unit: of the volume */
    dn_norm_columns columns; /* the value is needed */
    dn_study_output output;  /* the folder is needed; the note is not used: figures say whose norm it is */
    dn_norm_method method;
    bool one_step;         /* one fit of least squares only; false: outliers are left out and the fit is repeated */
    bool with_sex;         /* a term for sex beside age and head size */
    double level;          /* of the normal interval */
    const char *structure; /* what the volume is of; NULL: the name of the column */
    const char *source;    /* where the people come from; NULL: not said */
    bool simulated;        /* the people are simulated; every result of this norm will say so */
    double scanner_sd;     /* inter-scanner SD of one person's volume; NaN: not known */
} dn_norm_fit_options;

/* Writes norm.json, norm.tsv, norm_people.tsv, norm.txt and norm_figure. DN_EUSAGE: no value or folder; DN_EDATA: see load.h and
 * stats/normative.h. */
DN_CHECKED dn_status dn_study_norm_fit(const dn_norm_fit_options *options, dn_study_result *result);

/* Of "squares", "huber", "bisquare", "quantile". DN_EUSAGE: none of these. */
DN_CHECKED dn_status dn_norm_method_of(const char *text, dn_norm_method *out);

#endif
