/* `dien synth --from-scan`: a real scan as simulated scanners would have shown it, as files, and what those scanners were. */
#ifndef DN_SYNTH_SCANNER_COPIES_H
#define DN_SYNTH_SCANNER_COPIES_H

#include "base/status.h"

#include <stdint.h>

/* FOLDER/scanners.tsv: one row for each of count scanners of the family seed. */
DN_CHECKED dn_status dn_scanner_table_write(const char *folder, uint64_t seed, int64_t count);

/* Writes STEM_scanner-01_T1w.nii.gz and so on, one for each scanner. scan: its place among the scans, which makes the noise its own. Errors
 * name the scan's file; DN_ECANCELLED. */
DN_CHECKED dn_status dn_scanner_copies_write(const char *path, uint64_t scan, uint64_t seed, int64_t count, const char *folder);

#endif
