/* The figures of `dien stats groups`. */
#ifndef DN_STUDY_GROUPS_GROUPS_FIGURE_H
#define DN_STUDY_GROUPS_GROUPS_FIGURE_H

#include "study/groups/group_analysis.h"

/* folder/groups_figure_VALUE: boxes of all groups, who was left out as crosses, p with and without them where someone was, p adjusted for
 * the covariates where there are any; a line under the figure says which. note: the user's own line, or NULL. */
DN_CHECKED dn_status dn_groups_figure(const dn_group_analysis *analysis, const char *folder, const char *note);
/* folder/groups_figure_paired: two boxes. */
DN_CHECKED dn_status dn_paired_figure(const dn_paired_analysis *analysis, const char *folder, const char *note);

#endif
