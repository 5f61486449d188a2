/* OUTPUT/group/report.html: the cohort on one page for a reader who knows brains, not programs. It has the look of the report of one scan,
 * is plain HTML and CSS, and needs no other file but the pictures and reports of single scans, to which it links by relative paths. */
#ifndef DN_COHORT_GROUP_REPORT_H
#define DN_COHORT_GROUP_REPORT_H

#include "cohort/group/comparison.h"
#include "cohort/group/outliers.h"

/* Scans of a kind that are shown; how many more there are is said. */
enum { DN_ROSTER_CARDS_MOST = 500, DN_ROSTER_LINES_MOST = 2000 };

/* Equal cohorts give equal bytes. DN_EIO, DN_ENOMEM, DN_ECANCELLED. */
DN_CHECKED dn_status dn_roster_write_report(const dn_roster *cohort, const dn_roster_outliers *outliers,
                                            const dn_roster_comparison *comparison, const dn_run_group_options *options,
                                            const char *folder);

#endif
