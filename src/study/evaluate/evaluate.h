/* Compares label maps with a truth: `dien evaluate`. The measures of one structure are in compare.h. */
#ifndef DN_STUDY_EVALUATE_EVALUATE_H
#define DN_STUDY_EVALUATE_EVALUATE_H

#include "study/output/output.h"

/* Texts are borrowed; NULL: not given. */
typedef struct dn_evaluate_options {
    const char *predicted, *truth; /* two label maps, or two folders of them */
    dn_study_output output;        /* the note is not used */
    const char *structures;        /* "thalamus=10+49,hypothalamus=801-810,17"; NULL: every label that is there, and both sides together */
    const char *translate_truth, *translate_predicted; /* tables (label, to) that renumber them */
    const char *suffix;       /* end of the predictions' file names in a folder; the text before it is the subject ("_dseg.nii.gz") */
    const char *truth_suffix; /* the same of truths; NULL: as suffix */
    const char *times;        /* table (columns subject, seconds) of the time per prediction */
    bool resample;            /* a prediction is resampled onto the truth's grid if the grids differ */
} dn_evaluate_options;

/* The text is the table of one subject, or of several mean and standard deviation. Writes evaluation.tsv, and of several
 * evaluation_summary.tsv, a box plot of Dice and Bland-Altman figures. DN_EUSAGE: a file and a folder, a structure that cannot be read;
 * DN_EINPUT: a folder without pairs; DN_EGEOMETRY: grids differ; DN_EDATA: nothing to compare; DN_EPARTIAL: done, but some truths have no
 * prediction. */
DN_CHECKED dn_status dn_study_evaluate(const dn_evaluate_options *options, dn_study_result *result);

#endif
