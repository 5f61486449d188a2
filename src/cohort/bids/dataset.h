/* The folder of results as a BIDS derivative: dataset_description.json, .bidsignore and README; and whether it may be used. */
#ifndef DN_COHORT_BIDS_DATASET_H
#define DN_COHORT_BIDS_DATASET_H

#include "base/status.h"

#include <stdbool.h>

/* The folder of the records of scans (cohort/run/scan_status.h), below that of the results. */
#define DN_SCAN_STATUS_FOLDER "status"

/* Makes the folder output for results from the data set, or sees whether the one that is there is of this data set and this version.
 * mix: results of another version may be in it. Several processes may call it for one folder at the same time.
 * DN_EUSAGE: it is the data set itself; it holds results of another program, another data set or (unless mix) another version, or files
 * that no run of dien wrote. DN_EINPUT, DN_EIO. */
DN_CHECKED dn_status dn_derivative_open(const char *dataset, const char *output, const char *version, bool mix);
/* The same without writing anything, for a dry run; a folder that is not there is none. */
DN_CHECKED dn_status dn_derivative_may_open(const char *dataset, const char *output, const char *version, bool mix);
/* *results: it is a BIDS derivative by its description, results and no scans. DN_ENOMEM. */
DN_CHECKED dn_status dn_derivative_is_one(const char *folder, bool *results);
/* Warns where a BIDS data set has no description. */
DN_CHECKED dn_status dn_bids_remind(const char *dataset);
/* For a step that only reads it: DN_EINPUT when it is no folder of results of `dien run`. */
DN_CHECKED dn_status dn_derivative_check(const char *output);
/* The same for one that reads the data set, too. DN_EUSAGE: the results are of another data set. */
DN_CHECKED dn_status dn_derivative_check_source(const char *dataset, const char *output);
/* The name of the data set that results come from; owned; NULL: the folder does not say. DN_EUSAGE: its description is no JSON file. */
DN_CHECKED dn_status dn_derivative_source_name(const char *output, char **out);

#endif
