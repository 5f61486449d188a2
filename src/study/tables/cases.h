/* Rows of a table that have a number in every column that an analysis needs; the others are named, never dropped in silence. */
#ifndef DN_STUDY_TABLES_CASES_H
#define DN_STUDY_TABLES_CASES_H

#include "base/table.h"

#include <stdio.h>

typedef struct dn_cases {
    size_t n, k;        /* complete rows; columns */
    double *values;     /* n x k, owned */
    size_t *row;        /* n: where in the table, owned */
    size_t omitted;     /* rows left out */
    char *omitted_text; /* "sub-03 (no age), sub-07 (no icv)", owned; NULL when there are none; long lists end in "and 12 more" */
} dn_cases;

/* columns: names of k columns of numbers. id: column that names a row in messages and must not repeat (NULL or absent from the table: lines
 * are named, nothing is checked); id_repeats: repeats are meant (stability, people against a norm). A warning names what is left out.
 * DN_EDATA: a column is missing, a text stands where a number should, an id is there twice, no complete row. Release with dn_cases_release,
 * also after a failure.
 */
DN_CHECKED dn_status dn_cases_take(const dn_table *table, const char *const *columns, size_t k, const char *id, int id_repeats,
                                   dn_cases *out);
void dn_cases_release(dn_cases *cases);
/* "sub-01", or "line 7" when there is no such column or no name in it. text: 32 bytes for the latter. */
const char *dn_case_name(const dn_table *table, size_t row, const char *id, char text[32]);
/* "; left out: sub-03 (no age)" or "". Writes to stream. */
void dn_cases_say_omitted(FILE *stream, const dn_cases *cases);

#endif
