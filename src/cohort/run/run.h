/* `dien run DATASET OUTPUT participant`: every scan of a data set (BIDS, or folders of DICOM files) measured, in several processes, going
 * on where an earlier run ended. Results are in OUTPUT/sub-.../[ses-.../]anat, as report/write.h has them; what became of each scan is in
 * OUTPUT/status (scan_status.h). Several runs may work in one folder at the same time: each scan is locked while it is measured. */
#ifndef DN_COHORT_RUN_RUN_H
#define DN_COHORT_RUN_RUN_H

#include "cohort/batch.h"
#include "cohort/bids/layout.h"
#include "cohort/run/settings.h"

typedef struct dn_run_options {
    const char *dataset, *output;
    dn_bids_wanted wanted;
    const char *series; /* of DICOM files: dicom_scans.h; NULL: it is chosen per scan */
    dn_run_settings settings;
    const char *program;         /* worker.h; NULL: the program that runs */
    int jobs;                    /* processes at a time; 0: as many as there are cores for, and memory */
    int threads;                 /* of each; 0: 1 */
    double budget_gb;            /* memory of all of them together; 0: nine tenths of what can be had */
    int shard, shards;           /* only each shards-th scan, from the shard-th (1..shards) on; 0, 0: all */
    bool again;                  /* also scans that are done, or that could not be measured */
    bool retry;                  /* also scans that could not be measured and have not changed */
    bool mix;                    /* results of another version may be in the folder */
    bool dry;                    /* only lists what would be done */
    const dn_line_sink *results; /* gets the list of a dry run, "KEY<tab>measure|done|failed<tab>reason"; of DICOM files also "<tab>path" */
} dn_run_options;

/* What a run would do, and what it takes, from what was measured in that folder before. */
typedef struct dn_run_survey {
    size_t scans, waiting;        /* in the run, whole; to be measured */
    size_t measured;              /* in earlier runs: the next two are of them; 0: none */
    double seconds, seconds_most; /* per scan: median, and the slowest */
    int64_t memory;               /* bytes that the largest scan that waits takes, at most */
} dn_run_survey;

/* Makes the output folder, measures nothing. Errors as dn_run_participants. */
DN_CHECKED dn_status dn_run_look(const dn_run_options *options, dn_run_survey *out);

/* DN_OK: every scan is measured and accepted, now or before. DN_EQUALITY: all are measured, some were rejected by quality control.
 * DN_EPARTIAL: some could not be measured, or are being measured by another run. When none could be: the last one's code. Errors of
 * dn_bids_find_scans, dn_dicom_scans_set_series, dn_derivative_open and
 * dn_worker_start; DN_EINPUT: DICOM files wait, and dcm2niix is not installed; DN_ECANCELLED: what is done stays. */
DN_CHECKED dn_status dn_run_participants(const dn_run_options *options);

#endif
