/* Writes a result into a folder, each file atomically; names begin with the scan's stem (design.md):
 *   STEM_dseg.nii.gz, _dseg.tsv, _dseg.json      labels on the scan's own grid, their table and provenance
 *   STEM_label-ICV_mask.nii.gz, .json            mask of the inside of the skull, if it was measured
 *   STEM_volumes.tsv, _volumes.json              one row per structure and side
 *   STEM_measured_and_true.tsv                   if the true labels are known (segment/truth.h)
 *   STEM_probseg.nii.gz, _probseg.json           posteriors of the hypothalamus, one volume per label, if requested
 *   STEM_qc.png, STEM_report.html                for people; not of a stack of slices
 * Equal inputs and options give equal bytes: no times, no paths but the input's name. */
#ifndef DN_REPORT_WRITE_H
#define DN_REPORT_WRITE_H

#include "base/status.h"
#include "quality/verdict.h"
#include "report/page.h"
#include "segment/result.h"

#include <stdbool.h>

typedef struct dn_output_options {
    const char *folder; /* exists */
    const char *source; /* what the sidecars name as their source; NULL: the scan's name */
    bool posteriors;
    dn_report_options report; /* age and sex of the person, and the norms, for the report */
} dn_output_options;

/* Before a scan is measured: whether its results may be written, i.e. none of their names is a folder, a device (DN_EIO), an input of
 * the command, or a label map that somebody else made (DN_EUSAGE). folder need not exist. */
DN_CHECKED dn_status dn_outputs_check(const char *scan, const char *folder);
/* The ends of the names of all files that may be written, "_dseg.nii.gz"; i from 0 on, NULL past the last one. */
const char *dn_output_suffix(size_t i);
/* DN_EIO: the sentence names the file. */
DN_CHECKED dn_status dn_outputs_write(const dn_segment_result *result, const dn_judgement *judgement, const dn_output_options *options);
#endif
