/* `dien segment`: scans measured, judged and written, one after the other. */
#ifndef DN_COHORT_MEASURE_H
#define DN_COHORT_MEASURE_H

#include "report/write.h"
#include "segment/scan.h"

typedef struct dn_measure_options {
    dn_segmenter_options segmenter; /* its scans are filled in */
    dn_output_options outputs;      /* the folder is made, and removed if nothing could be measured */
    bool accept;                    /* a scan that the rules reject is accepted by hand, and that is recorded */
    const char *truth;              /* path of the true label map of the one scan, with which its volumes are compared; NULL: not known */
    const char *times;              /* path of a table of the seconds per scan; NULL: not wanted */
} dn_measure_options;

/* Results are reported through dn_log; results as report/write.h has them. Errors as dn_batch_run (batch.h): DN_EQUALITY when all were
 * written and some failed quality control. */
DN_CHECKED dn_status dn_measure_scans(const char *const *paths, size_t count, const dn_measure_options *options);

#endif
