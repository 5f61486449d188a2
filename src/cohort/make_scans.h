/* `dien synth`: scans made from label maps, or from scans. */
#ifndef DN_COHORT_MAKE_SCANS_H
#define DN_COHORT_MAKE_SCANS_H

#include "cohort/batch.h"
#include "synth/samples.h"

/* Samples of each label map (synth/samples.h). tissues: path of a tissue table; NULL: the one that comes with dien. Errors as
 * dn_batch_run. */
DN_CHECKED dn_status dn_make_samples(const char *const *paths, size_t count, const char *tissues, const dn_samples_options *options);

/* Copies of each scan as the same simulated scanners would show it, and FOLDER/scanners.tsv with their settings (synth/scanner_copies.h).
 * Errors as dn_batch_run. */
DN_CHECKED dn_status dn_make_scanner_copies(const char *const *paths, size_t count, uint64_t seed, int64_t scanners, const char *folder);

#endif
