/* The cohort's tables, and the JSON files that say what their columns mean (BIDS's data dictionaries). */
#ifndef DN_COHORT_GROUP_TABLES_H
#define DN_COHORT_GROUP_TABLES_H

#include "cohort/group/outliers.h"

/* FOLDER/scans.tsv, volumes_wide.tsv, outliers.tsv, and a .json beside each and beside volumes_long.tsv. The wide table is written row by
 * row. Equal cohorts give equal bytes. DN_EIO, DN_ENOMEM, DN_ECANCELLED. */
DN_CHECKED dn_status dn_roster_write_tables(const dn_roster *cohort, const dn_roster_outliers *outliers, const char *folder);

/* For tables.c: the JSON files. */
DN_CHECKED dn_status dn_roster_write_dictionaries(const dn_roster *cohort, const char *folder);
/* For changes.c: FOLDER/longitudinal.json. */
DN_CHECKED dn_status dn_roster_describe_changes(const char *folder);

#endif
