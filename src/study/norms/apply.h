/* Compares people with a norm: `dien normative apply`. */
#ifndef DN_STUDY_NORMS_APPLY_H
#define DN_STUDY_NORMS_APPLY_H

#include "study/norms/people.h"
#include "study/output/output.h"

/* Texts are borrowed; lists are separated by commas. */
typedef struct dn_norm_apply_options {
    const char *norm;       /* file of dn_study_norm_fit */
    dn_study_tables tables; /* unit: of the table's volumes, which are converted to the norm's; NULL: what the table knows */
    dn_norm_columns columns;
    dn_study_output output;        /* the note is not used: figures say whose norm it is */
    double scanner_sd;             /* inter-scanner SD of one person's volume; NaN: the norm's */
    const char *scanner_sd_column; /* column with that SD for each person's own scanner; NULL: none */
    const char *charts;            /* ids of people for whom a centile chart is drawn; NULL: everyone, if there are at most 6 */
} dn_norm_apply_options;

/* Writes normative.tsv, normative_summary.tsv, normative.txt, chart_ID and normative_figure. DN_EUSAGE: no norm, no table, a chart of
 * nobody; DN_EINPUT, DN_EFORMAT: the norm; DN_EDATA: see load.h; nobody can be compared, everyone is far away. */
DN_CHECKED dn_status dn_study_norm_apply(const dn_norm_apply_options *options, dn_study_result *result);

#endif
