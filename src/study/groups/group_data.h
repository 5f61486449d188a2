/* Inside of the group analysis, for stats/group_*.c only. */
#ifndef DN_STUDY_GROUPS_GROUP_DATA_H
#define DN_STUDY_GROUPS_GROUP_DATA_H

#include "study/groups/group_analysis.h"

#include <stdio.h>

/* count * size zeroed bytes of the arena into *out (a pointer's address). */
DN_CHECKED dn_status dn_arena_take(dn_arena *arena, void *out, size_t count, size_t size);
DN_CHECKED dn_status dn_arena_format(dn_arena *arena, const char **out, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The id, or "line 7". */
DN_CHECKED dn_status dn_person_name(const dn_table *table, size_t row, size_t id, dn_arena *arena, const char **out);

/* Fills people, names, normalised values, outliers. */
DN_CHECKED dn_status dn_group_read(const dn_table *table, dn_group_analysis *out);
/* The values of each group into samples (k of them). */
DN_CHECKED dn_status dn_group_samples(dn_group_analysis *out, bool with_outliers, dn_sample *samples);
DN_CHECKED dn_status dn_group_covariates(const dn_table *table, dn_group_analysis *out);

/* The decision for every sample: Shapiro-Wilk results (p NaN with a note where impossible) and whether all are normal. */
DN_CHECKED dn_status dn_test_normality(const dn_sample *samples, size_t k, double alpha, dn_result *results, bool *normal);

/* "−3.4 %, "; nothing for NaN. */
void dn_say_percent(FILE *out, double percent);
/* "" before "Welch's t test", "the " before "paired t test". */
const char *dn_article(const char *method);

#endif
