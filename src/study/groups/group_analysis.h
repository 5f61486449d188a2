/* The whole way from a table to a comparison of groups, as in Vernikouskaya et al. 2023 and Kassubek et al. 2025: volumes, divided by head
 * size, without the outliers of each group, tested for normality, compared by the test that this allows, adjusted for covariates; with a
 * paragraph that says all of it and tables of the numbers.
 *
 * Nobody is left out without notice: everyone who is not used is in `people` with the reason, and in the paragraph. */
#ifndef DN_STUDY_GROUPS_GROUP_ANALYSIS_H
#define DN_STUDY_GROUPS_GROUP_ANALYSIS_H

#include "base/memory.h"
#include "stats/descriptive.h"
#include "stats/icv.h"
#include "stats/multiple.h"
#include "stats/regression.h"
#include "stats/result.h"
#include "stats/t_test.h"

#include <stdbool.h>
#include <stdio.h>

/* Names for a sentence, "sub-03 (no age), sub-07 (no icv) and 12 more": zero-initialised, at most 25 are kept, all are counted. */
enum { DN_NAMES_SAID = 25 };
typedef struct dn_names {
    char *text; /* owned; NULL when there are none */
    size_t count;
} dn_names;
/* reason: NULL for none. */
DN_CHECKED dn_status dn_names_add(dn_names *names, const char *name, const char *reason);
/* Writes the list; nothing when it is empty. */
void dn_names_say(FILE *out, const dn_names *names);

typedef enum { DN_TEST_AUTO, DN_TEST_PARAMETRIC, DN_TEST_RANK } dn_test_choice;
/* Of "auto", "parametric", "rank". DN_EUSAGE: none of these. */
DN_CHECKED dn_status dn_test_choice_of(const char *text, dn_test_choice *out);

/* Texts are borrowed and outlive the analysis. */
typedef struct dn_group_options {
    const char *value;             /* column of the volume */
    const char *label;             /* its name in texts; NULL: the column's name */
    const char *unit;              /* NULL: none */
    const char *group;             /* column of the group's name */
    const char *control;           /* the reference group; NULL: the one that the table names first */
    const char *id;                /* column that names people, unique; a table without it has its lines as names */
    const char *icv;               /* column of the intracranial volume; NULL: no normalisation. Needs control. */
    dn_icv_method normalise;       /* how */
    const char *const *covariates; /* columns for an analysis of covariance; categories are coded against the first one met */
    size_t covariate_count;
    double outlier_factor;      /* 1.5; 0: no rule */
    const char *outlier_source; /* whose rule it is, for the paragraph; NULL: nobody's */
    dn_test_choice test;
    bool equal_variances; /* Student and classical ANOVA instead of Welch */
    dn_adjustment adjustment;
    double level, alpha;
} dn_group_options;

/* One row of the table. */
typedef struct dn_person {
    const char *id;
    size_t row;
    size_t group;           /* DN_TABLE_NONE: none */
    double raw, icv, value; /* value: after normalisation; NaN when missing */
    const char *omitted;    /* NULL: counted; else why not ("no icv") */
    bool outlier;
    bool in_ancova;
} dn_person;

/* Tests of one set of samples. */
typedef struct dn_comparison {
    dn_sample *samples;   /* k */
    dn_summary *summary;  /* k */
    dn_result *normality; /* k; p NaN where it cannot be tested, with a note that says why */
    dn_result variances;  /* Brown-Forsythe; statistic NaN when not possible */
    bool parametric;
    dn_result overall;  /* k > 2; for k = 2 the test of the pair */
    dn_result *pairs;   /* j against i, for i < j in the order (1,0), (2,0), ..., (2,1), ...: estimates are group j minus group i */
    double *percent;    /* of each pair: 100 (mean j - mean i) / mean i */
    dn_effect *hedges;  /* of each pair; NaN when not possible */
    dn_result other[3]; /* the tests that were not chosen, for the table: count of them in others */
    size_t others;
} dn_comparison;

typedef struct dn_group_analysis {
    dn_group_options options;
    size_t k, pair_count;
    const char **names; /* k, the control first */
    dn_person *people;  /* one row of the table per person */
    size_t people_count, omitted, outliers;
    double *low, *high;      /* k: the fences of the outlier rule */
    double mean_icv, slope;  /* of the normalisation; NaN without */
    dn_comparison used, all; /* without and with the outliers; `all` is empty (samples NULL) when there are none */
    bool has_ancova;
    dn_ancova ancova;       /* pairs adjusted as the options say, where there are more than two groups */
    bool has_ancova_all;    /* when there are outliers */
    dn_ancova ancova_all;   /* with them */
    char **covariate_names; /* as coded: "age", "sex (M)" */
    size_t covariate_columns;
    size_t ancova_omitted;
    dn_arena arena; /* owns names, values and results */
} dn_group_analysis;

/* table: borrowed, outlives the analysis. *out: release with dn_group_analysis_release, also after a failure.
 * DN_EDATA with a sentence: a missing column, text in a number, a person twice, a group of one, no variance, fewer than two groups, no
 * controls. */
DN_CHECKED dn_status dn_group_analyse(const dn_table *table, const dn_group_options *options, dn_group_analysis *out);
void dn_group_analysis_release(dn_group_analysis *analysis);

/* Several values are one family: adjusts the overall p of count analyses (used.overall.p_adjusted, and with outliers
 * all.overall.p_adjusted) by the options' method. */
DN_CHECKED dn_status dn_group_adjust_family(dn_group_analysis *analyses, size_t count);

/* Adds the rows of this analysis to tests (columns of dn_result_append, and value, role, percent_difference, hedges_g, ...), summary (one
 * row per group, with and without outliers) and people (one row per person: raw, icv, value, used, reason). Tables may be NULL. */
DN_CHECKED dn_status dn_group_tabulate(const dn_group_analysis *analysis, dn_table *tests, dn_table *summary, dn_table *people);
/* The paragraph; owned by the caller. */
DN_CHECKED dn_status dn_group_paragraph(const dn_group_analysis *analysis, char **out);

/* Whether a column holds texts rather than numbers: more of the one than of the other. A single text among numbers is a mistake, not a
 * category. */
bool dn_column_is_category(const dn_table *table, size_t column);

/* A category (sex) by groups: counts, chi squared, or Fisher's exact test for two by two with a small expected count. */
typedef struct dn_category_analysis {
    const char *value;
    size_t k, categories;
    const char **names; /* k, the control first */
    const char **categories_names;
    double *counts; /* k x categories */
    size_t n;
    dn_names omitted;
    dn_result chosen, other; /* other: method NULL when there is none */
    dn_arena arena;
} dn_category_analysis;

/* Uses value, group, control, id and level of the options. Release also after a failure. */
DN_CHECKED dn_status dn_category_analyse(const dn_table *table, const dn_group_options *options, dn_category_analysis *out);
void dn_category_analysis_release(dn_category_analysis *analysis);
/* Rows for the same tables as dn_group_tabulate (summary: one row per group and category, with n and share). */
DN_CHECKED dn_status dn_category_tabulate(const dn_category_analysis *analysis, dn_table *tests, dn_table *summary);
DN_CHECKED dn_status dn_category_paragraph(const dn_category_analysis *analysis, char **out);

/* Two values of the same people: columns first and second of each row, or with group != NULL the value first in the rows of the two groups,
 * matched by id (second is then NULL). */
typedef struct dn_paired_options {
    const char *first, *second, *group, *id, *label, *unit;
    dn_test_choice test;
    double level, alpha;
} dn_paired_options;

typedef struct dn_paired_analysis {
    dn_paired_options options;
    const char *names[2];
    const char **ids;
    double *values[2]; /* n each */
    size_t n;
    dn_names omitted;
    dn_summary summary[2];
    dn_result normality; /* of the differences */
    bool parametric;
    dn_result test, other;
    double percent; /* of the mean of second against the mean of first */
    dn_arena arena;
} dn_paired_analysis;

/* Differences are second minus first. The same contract as dn_group_analyse. */
DN_CHECKED dn_status dn_paired_analyse(const dn_table *table, const dn_paired_options *options, dn_paired_analysis *out);
void dn_paired_analysis_release(dn_paired_analysis *analysis);
DN_CHECKED dn_status dn_paired_tabulate(const dn_paired_analysis *analysis, dn_table *tests, dn_table *summary, dn_table *people);
DN_CHECKED dn_status dn_paired_paragraph(const dn_paired_analysis *analysis, char **out);

#endif
