/* What the parts of the cohort's report share. Internal to cohort/group/report*.c. */
#ifndef DN_COHORT_GROUP_REPORT_PRIVATE_H
#define DN_COHORT_GROUP_REPORT_PRIVATE_H

#include "cohort/group/report.h"
#include "report/page.h"

typedef struct dn_roster_page {
    dn_file_writer *w;
    const dn_roster *cohort;
    const dn_roster_outliers *outliers;
    const dn_roster_comparison *comparison;
    const dn_run_group_options *options;
    const char *folder; /* the report's */
    size_t *order;      /* of scans: room for all, to list some of them */
} dn_roster_page;

/* "1 234" with a narrow space. Returns out. */
const char *dn_roster_number(size_t value, char out[40]);
/* A link's address for a file of a scan, relative to the report: "../sub-01/anat/NAME", with %20 for what an address cannot hold. */
DN_CHECKED dn_status dn_roster_put_address(dn_file_writer *w, const dn_roster_scan *scan, const char *name);
/* The scan's name, a link to its report if there is one. */
DN_CHECKED dn_status dn_roster_put_name(dn_file_writer *w, const dn_roster_scan *scan);

DN_CHECKED dn_status dn_roster_put_volumes(const dn_roster_page *it); /* distributions */
DN_CHECKED dn_status dn_roster_put_groups(const dn_roster_page *it);
DN_CHECKED dn_status dn_roster_put_failed(const dn_roster_page *it);
DN_CHECKED dn_status dn_roster_put_rejected(const dn_roster_page *it);
DN_CHECKED dn_status dn_roster_put_outliers(const dn_roster_page *it);
DN_CHECKED dn_status dn_roster_put_others(const dn_roster_page *it);

#endif
