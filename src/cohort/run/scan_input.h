/* Whether a scan's input is still the one that was measured: of a file its size, time and hash; of a folder of DICOM files those of all
 * files in it. */
#ifndef DN_COHORT_RUN_SCAN_INPUT_H
#define DN_COHORT_RUN_SCAN_INPUT_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct dn_scan_input {
    int64_t bytes;     /* of all files; -1: the folder cannot be read, or has too many */
    char modified[65]; /* time of the file, "1700000000.000000000"; of a folder a hash of the names, sizes and times in it */
} dn_scan_input;

/* Reads no file. *there: it exists. DN_ENOMEM, DN_ECANCELLED. */
DN_CHECKED dn_status dn_scan_input_look(const char *path, dn_scan_input *out, bool *there);
/* SHA-256 of the file; of a folder, of the names (below it), sizes and hashes of all files. The folder is
 * walked as by dn_dicom_study_read (cohort/dicom/walk.h). DN_EINPUT, DN_EDATA. */
DN_CHECKED dn_status dn_scan_input_hash(const char *path, char sha256[65]);

#endif
