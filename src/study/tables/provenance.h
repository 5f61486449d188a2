/* Reads the JSON file of `dien segment` beside a table of volumes: whether the scan was accepted, why not, and how it was measured. */
#ifndef DN_STUDY_TABLES_PROVENANCE_H
#define DN_STUDY_TABLES_PROVENANCE_H

#include "study/tables/remarks.h"

typedef enum { DN_SCAN_UNJUDGED, DN_SCAN_ACCEPTED, DN_SCAN_REJECTED, DN_SCAN_BY_HAND } dn_scan_verdict;

/* All owned. Without a JSON file: path and participant only. */
typedef struct dn_scan_record {
    char *path;                                      /* of the table of volumes */
    char *participant, *session;                     /* session NULL: none */
    dn_scan_verdict verdict;                         /* from the table's column accepted; without one from the JSON file */
    char *reason;                                    /* why quality control rejects the scan; NULL: not said */
    char *warnings;                                  /* codes of its warnings, "blurred, noisy"; NULL: none */
    char *corrected;                                 /* who corrected the label map by hand, and what; NULL: nobody */
    char *networks, *version, *options, *resolution; /* as texts to be compared and shown; NULL: not said */
} dn_scan_record;

/* Reads STEM_volumes.json for STEM_volumes.tsv into record (zero, but for path and verdict), and a person's review of it (review.h), which
 * stands above the verdict. A file that is not there or cannot be understood leaves
 * described false. DN_ENOMEM. */
DN_CHECKED dn_status dn_scan_record_describe(dn_scan_record *record);
/* A person's review alone: verdict and reason. path and verdict are set. DN_ENOMEM. */
DN_CHECKED dn_status dn_scan_record_review(dn_scan_record *record);
void dn_scan_record_release(dn_scan_record *record);

/* Remarks on scans that were measured differently (networks, versions, options, resolutions), that carry warnings, and that a person
 * accepted. scans: those that are counted. */
DN_CHECKED dn_status dn_scan_records_remark(const dn_scan_record *const *scans, size_t count, dn_remarks *remarks);

#endif
