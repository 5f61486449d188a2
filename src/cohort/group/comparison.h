/* What participants.tsv adds: who is in only one of it and the results, and the comparison of its groups by `dien stats groups`. */
#ifndef DN_COHORT_GROUP_COMPARISON_H
#define DN_COHORT_GROUP_COMPARISON_H

#include "cohort/group/group.h"
#include "cohort/group/roster.h"

/* Below DN_GROUP_FOLDER; holds what dn_study_groups writes. */
#define DN_ROSTER_COMPARISON_FOLDER "groups"

enum { DN_COMPARED_MOST = 4 };

/* Zero-initialise; release with dn_roster_comparison_release. */
typedef struct dn_roster_comparison {
    dn_table *people;                    /* participants.tsv; NULL: there is none */
    char *column;                        /* of its groups; owned; NULL: none */
    char *control;                       /* owned; NULL: none is known */
    char *text;                          /* paragraphs; owned; NULL: nothing was compared */
    char *why_not;                       /* owned; a sentence; NULL: it was compared, or there are no groups */
    char *command;                       /* that gives the same; owned; NULL: nothing was compared */
    const char *value[DN_COMPARED_MOST]; /* columns; static */
    size_t values;
} dn_roster_comparison;

/* Reads participants.tsv, adds remarks to the cohort, and finds the columns. DN_EDATA: no column options->group, or no participants.tsv to
 * have it in, or no group options->control. Nothing is written. */
DN_CHECKED dn_status dn_roster_comparison_prepare(dn_roster *cohort, const dn_run_group_options *options, dn_roster_comparison *out);
/* Compares the main volumes of one scan per person between the groups; FOLDER/groups gets the numbers, the
 * text and the figures, and loses what an earlier run left. What the data do not allow is in why_not and no error. */
DN_CHECKED dn_status dn_roster_compare(const dn_roster *cohort, const dn_run_group_options *options, const char *folder,
                                       dn_roster_comparison *it);
void dn_roster_comparison_release(dn_roster_comparison *comparison);

#endif
