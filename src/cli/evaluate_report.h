/* What `dien evaluate` compared, and how it tells it. */
#ifndef DN_CLI_EVALUATE_REPORT_H
#define DN_CLI_EVALUATE_REPORT_H

#include "base/table.h"
#include "cli/command.h"

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
    const dn_arguments *arguments;
    subject *subjects;
    size_t subject_count;
    structure structures[STRUCTURES];
    size_t structure_count;
    dn_table *table;
} evaluation_job;

/* Measure 0 .. MEASURES - 1 as a column's name, and how its numbers are printed. */
const char *dn_measure_name(size_t measure);
const char *dn_measure_format(size_t measure);
/* The table of one subject, or mean and standard deviation of several, on stdout; all of it, and figures, into folder (NULL: not). */
DN_CHECKED dn_status dn_evaluate_report(const evaluation_job *job, const char *folder);

#endif
