/* What the two halves of `dien normative` share. command_normative.c: options, tables in; normative_fit.c, normative_apply.c: one each. */
#ifndef DN_CLI_NORMATIVE_COMMAND_H
#define DN_CLI_NORMATIVE_COMMAND_H

#include "chart/figure_kinds.h"
#include "cli/command.h"
#include "cli/complete_cases.h"
#include "cli/stats_command.h"
#include "stats/normative.h"

/* Persons of the tables named by positional arguments from..end. persons[i] is case i; texts are borrowed from table. */
typedef struct dn_cohort {
    dn_table *table;
    const char *columns[DN_NORM_COLUMNS]; /* names; NULL: there is none; borrowed from table, norm or arguments */
    size_t sex, scanner;                  /* of table, DN_TABLE_NONE: none */
    dn_remarks remarks;
    dn_cases cases; /* columns: value, ICV, age */
    dn_norm_person *persons;
    char (*names)[32]; /* for rows without an id */
} dn_cohort;

/* norm: whose columns and unit are taken (NULL: fit; --value and --unit). Release with dn_cohort_release, also after a failure. */
DN_CHECKED dn_status dn_cohort_load(const dn_arguments *arguments, size_t from, const dn_norm_model *norm, dn_cohort *out);
void dn_cohort_release(dn_cohort *cohort);

DN_CHECKED dn_status dn_normative_fit_run(const dn_arguments *arguments);
DN_CHECKED dn_status dn_normative_apply_run(const dn_arguments *arguments);

/* People who are too far from a norm for any z (dn_norm_beyond): another unit, or a mistake. Zero-initialise; free person. */
typedef struct dn_apart {
    dn_norm_person *person; /* names are the cohort's */
    size_t count;
} dn_apart;

/* Takes them out of the cohort; who is only far is a remark. DN_EDATA when nobody is left: why. */
DN_CHECKED dn_status dn_apart_take(const dn_norm_model *model, dn_cohort *cohort, dn_apart *out);
/* Rows with the column not_judged. */
DN_CHECKED dn_status dn_apart_tabulate(const dn_norm_model *model, const dn_apart *apart, dn_table *table);
/* "Not judged: sub-03 (...). "; nothing when there is none. */
DN_CHECKED dn_status dn_apart_say(const dn_norm_model *model, const dn_apart *apart, FILE *stream);

/* "least squares in two steps", ...; static. */
const char *dn_norm_method_text(const dn_norm_model *model);
/* The centile chart at one head size: fills the figure's next panel. cohort_*: grey points, n_cohort may be 0. */
DN_CHECKED dn_status dn_norm_chart(dn_figure *figure, const dn_norm_model *model, const char *title, double icv, dn_sex sex,
                                   size_t n_cohort, const double *cohort_age, const double *cohort_value, const dn_figure_person *persons,
                                   size_t n_persons);
/* The line under every figure of a norm: who is in it, and whether it is simulated. */
DN_CHECKED dn_status dn_norm_figure_note(dn_figure *figure, const dn_norm_model *model, const char *own);
#endif
