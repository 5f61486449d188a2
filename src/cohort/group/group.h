/* `dien run DATASET OUTPUT group`: one table of the whole cohort, outliers, and a report, from what `dien run ... participant` left in
 * OUTPUT. Scans are not read. Writes into OUTPUT/group:
 *
 *     scans.tsv          every scan: measured or not, accepted or not, whether the tables of volumes use it, and why
 *     volumes_wide.tsv   one row per person and session, a column per structure and side, in mm3; of the scan that is used
 *     volumes_long.tsv   one row per scan, structure and side; of all measured scans
 *     longitudinal.tsv   the change per person, structure and side, if the step of the sessions was run (changes.h)
 *     outliers.tsv       volumes and asymmetries that are far from those of the others (outliers.h)
 *     report.html        all of it to look at (report.h)
 *     groups/            the comparison of the groups that participants.tsv names (comparison.h)
 *
 * with a JSON file beside each table that says what its columns mean. Every file is written whole or not at all; equal inputs give equal
 * bytes. A missing measure is n/a or a missing row, never 0. */
#ifndef DN_COHORT_GROUP_GROUP_H
#define DN_COHORT_GROUP_GROUP_H

#include "base/status.h"

#include <stdbool.h>

/* Where it writes, below the folder of results. */
#define DN_GROUP_FOLDER "group"

/* Texts are borrowed. */
typedef struct dn_run_group_options {
    const char *dataset, *output;
    const char *group;   /* column of DATASET/participants.tsv that names the groups; NULL: group, diagnosis or dx, if there is one */
    const char *control; /* the reference group; NULL: one that is named control, CON, HC or the like */
    bool count_rejected; /* scans that quality control rejected count in distributions, outliers and groups */
} dn_run_group_options;

/* DN_OK: written; scans that failed or were rejected before are named in it. DN_EPARTIAL: written, but records or tables in OUTPUT are
 * damaged, and their scans are not counted. DN_EINPUT: OUTPUT holds no results, or no DATASET; DN_EDATA: no scan of it is measured
 * (scans.tsv and the report are written), or participants.tsv has no column options->group; DN_EUSAGE: OUTPUT is of another data set.
 * DN_EIO, DN_ENOMEM, DN_ECANCELLED: files that were there stay as they were. */
DN_CHECKED dn_status dn_run_group(const dn_run_group_options *options);

#endif
