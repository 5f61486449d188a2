/* The record of one scan in the output folder: OUT/status/KEY.json, written after all results of the scan are in place. It says what was
 * measured with what, so that a later run does only what is left, and why. Without a record that is whole, a scan was not measured.
 *
 *     {"Scan": "sub-01/anat/sub-01_T1w.nii.gz", "State": "done", "Accepted": true, "Score": 0.97, "Message": "",
 *      "Input": {"Bytes": 9, "Modified": "1700000000.000000000", "SHA256": "..."}, "Version": "0.1.0", "Models": [...],
 *      "Settings": {...}, "Folder": "sub-01/anat", "Outputs": [{"name": "sub-01_volumes.tsv", "bytes": 1}], "Seconds": 8.1,
 *      "PeakMemory_MB": 600}
 *
 * Of DICOM files it also has "Dicom", the folder below the data set, and "Series": why that series was measured, and why none of the
 * others.
 */
#ifndef DN_COHORT_RUN_SCAN_STATUS_H
#define DN_COHORT_RUN_SCAN_STATUS_H

#include "cohort/bids/dataset.h"
#include "cohort/bids/layout.h"
#include "cohort/run/scan_input.h"
#include "cohort/run/worker.h"

#include <stdbool.h>

/* What a scan is measured with in this run. Borrowed. */
typedef struct dn_run_identity {
    const char *version;
    const json_t *models;   /* [{"name", "sha256"}] */
    const json_t *settings; /* settings.h */
} dn_run_identity;

typedef enum {
    DN_SCAN_NEW,    /* not measured yet, or its record is damaged */
    DN_SCAN_STALE,  /* measured, but the scan, the program, a network or a setting is another one now, or results are missing */
    DN_SCAN_FAILED, /* could not be measured, and nothing has changed since */
    DN_SCAN_DONE    /* measured, all as now */
} dn_scan_state;

typedef struct dn_scan_status {
    dn_scan_state state;
    char *reason;     /* owned; STALE: why, in words; FAILED: the sentence of then; else NULL */
    dn_status status; /* of then */
    bool accepted;
    double seconds, peak_mb;
    int64_t written; /* when the record was written, ns; 0: there is none */
} dn_scan_status;
void dn_scan_status_release(dn_scan_status *record);

/* What is known of a scan. The file's hash is looked at only if its size is the same and its time is not. A record that is missing or
 * cannot be read is no error. DN_ENOMEM. */
DN_CHECKED dn_status dn_scan_status_look(const char *output, const dn_bids_scan *scan, const dn_run_identity *now, dn_scan_status *out);
/* Whether another try may go better though nothing has changed: memory, disks and crashes do not depend on the scan alone. */
bool dn_scan_status_may_pass(dn_status status);
/* After a scan was measured or could not be. input: of dn_scan_input_look before it was. DN_EIO. */
DN_CHECKED dn_status dn_scan_status_write(const char *output, const dn_bids_scan *scan, const dn_run_identity *now,
                                          const dn_scan_input *input, const dn_worker_answer *answer);
/* Before it is measured again: what is there no longer counts. *results: owned; the results that the record names, as they are now, for
 * dn_scan_status_restore; NULL: there is no record. DN_EIO. */
DN_CHECKED dn_status dn_scan_status_set_aside(const char *output, const dn_bids_scan *scan, char **results);
/* After a try that says nothing about the scan: the record counts again if its results are still those. *restored: they are. DN_EIO. */
DN_CHECKED dn_status dn_scan_status_restore(const char *output, const dn_bids_scan *scan, const char *results, bool *restored);

#endif
