/* Repeated scans of the same person, on one scanner and on several: `dien stability`. */
#ifndef DN_STUDY_AGREEMENT_STABILITY_H
#define DN_STUDY_AGREEMENT_STABILITY_H

#include "stats/multiple.h"
#include "study/output/output.h"
#include "study/tables/load.h"

/* Texts are borrowed; lists are separated by commas. */
typedef struct dn_stability_options {
    dn_study_tables tables; /* one row per scan; without its column id all scans are of one person */
    bool id_given;          /* the column id must be there */
    dn_study_output output;
    const char *values;       /* columns, one per method */
    const char *scanner;      /* column that names the scanner */
    const char *between_sd;   /* SD between people of each method, in the order of values; NULL: not known */
    const char *norms;        /* files of norms, one per method, that give this SD; NULL: none */
    dn_adjustment adjustment; /* of p for the pairs of methods */
    double level;
} dn_stability_options;

/* Writes stability.tsv, stability_tests.tsv, stability.txt and a box plot of the residuals. DN_EUSAGE: no value, other than one SD or norm
 * per value, both of them; DN_EDATA: see load.h; a row without a scanner; a norm without an SD. */
DN_CHECKED dn_status dn_study_stability(const dn_stability_options *options, dn_study_result *result);

#endif
