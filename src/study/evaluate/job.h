/* The data shared by evaluate.c (compares), structures.c (chooses the structures) and report.c (writes the results). */
#ifndef DN_STUDY_EVALUATE_JOB_H
#define DN_STUDY_EVALUATE_JOB_H

#include "base/table.h"
#include "image/volume.h"
#include "study/evaluate/evaluate.h"

enum { STRUCTURES = 512, MEASURES = 12 };

typedef struct structure {
    char name[64];
    uint16_t *labels; /* owned */
    size_t count;
} structure;

typedef struct subject {
    char *name, *predicted, *truth; /* owned */
    double seconds;                 /* that the prediction took; NaN: not known */
} subject;

typedef struct evaluation_job {
    const dn_evaluate_options *options;
    subject *subjects;
    size_t subject_count;
    structure structures[STRUCTURES];
    size_t structure_count;
    dn_table *table;
} evaluation_job;

/* Measure 0 .. MEASURES - 1 as a column's name, and how its numbers are printed. */
const char *dn_measure_name(size_t measure);
const char *dn_measure_format(size_t measure);
/* Fills structures: those of the options; without any every label that is in one of the maps, and both sides together. present: 65536,
 * which labels are there. DN_EUSAGE: a structure that cannot be read, a name twice, too many. */
DN_CHECKED dn_status dn_evaluation_choose(evaluation_job *job, const char *structures);
DN_CHECKED dn_status dn_evaluation_choose_all(evaluation_job *job, const bool *present);

/* The table of one subject, or mean and standard deviation of several, into result; all of it, and figures, into the folder (NULL: not). */
DN_CHECKED dn_status dn_evaluation_report(const evaluation_job *job, const char *folder, dn_study_result *result);

#endif
