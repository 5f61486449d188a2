/* From tables to a comparison of groups, or of two values of the same people: `dien stats groups`. */
#ifndef DN_STUDY_GROUPS_GROUPS_H
#define DN_STUDY_GROUPS_GROUPS_H

#include "study/groups/group_analysis.h"
#include "study/output/output.h"
#include "study/tables/load.h"

/* Values beyond 1.5 interquartile ranges of their group are left out; the last two name the paper whose protocol has this rule. */
typedef enum { DN_OUTLIERS_NONE, DN_OUTLIERS_IQR, DN_OUTLIERS_VERNIKOUSKAYA_2023, DN_OUTLIERS_KASSUBEK_2025 } dn_outlier_rule;

/* Texts are borrowed; lists are separated by commas. */
typedef struct dn_groups_options {
    dn_study_tables tables;
    dn_study_output output;
    const char *values;      /* columns to compare; numbers, or categories (chi squared) */
    const char *group;       /* column of the group's name */
    const char *control;     /* the reference group, also of pairs; NULL: the one that the table names first */
    const char *icv;         /* column of the intracranial volume; NULL: no normalisation. Needs control. */
    dn_icv_method normalise; /* how */
    const char *covariates;  /* columns for an analysis of covariance; NULL: none */
    const char *categories;  /* columns whose numbers are names; NULL: none */
    const char *order;       /* order of the groups; NULL: the table's */
    const char *label;       /* name of the value in texts and figures, if there is only one; NULL: the column's name */
    bool paired;             /* the two values (or the two groups, by id) are of the same people */
    bool equal_variances;    /* Student and classical ANOVA instead of Welch */
    dn_test_choice test;
    dn_outlier_rule outliers;
    dn_adjustment adjustment;
    double level, alpha; /* of confidence intervals; of significance */
} dn_groups_options;

/* Writes groups.tsv, groups_summary.tsv, groups_people.tsv, groups.txt and a box plot per value. DN_EUSAGE: no value, no group, a value
 * twice, icv without control, a paired comparison of other than two or with what it cannot do; DN_EDATA: see load.h and group_analysis.h;
 * DN_EIO. */
DN_CHECKED dn_status dn_study_groups(const dn_groups_options *options, dn_study_result *result);

/* Of "none", "iqr", "vernikouskaya2023", "kassubek2025". DN_EUSAGE: none of these. */
DN_CHECKED dn_status dn_outlier_rule_of(const char *text, dn_outlier_rule *out);

#endif
