/* Volumes normalised by head size, as a table for further analyses: `dien stats normalise`. */
#ifndef DN_STUDY_NORMALISE_H
#define DN_STUDY_NORMALISE_H

#include "stats/icv.h"
#include "study/output/output.h"
#include "study/tables/load.h"

/* Texts are borrowed. */
typedef struct dn_normalise_options {
    dn_study_tables tables;
    dn_study_output output;      /* the folder is needed; the note is not used */
    const char *values;          /* columns of volumes, separated by commas */
    const char *icv;             /* column of the intracranial volume */
    const char *group, *control; /* the column and name of the reference group; both NULL: everyone */
    dn_icv_method normalise;
} dn_normalise_options;

/* Writes normalised.tsv (all columns, and NAME_normalised beside them), normalisation.tsv (mean ICV, slope, how many) and
 * normalisation.txt. DN_EUSAGE: an option is missing; DN_EDATA: see load.h and stats/icv.h. */
DN_CHECKED dn_status dn_study_normalise(const dn_normalise_options *options, dn_study_result *result);

#endif
