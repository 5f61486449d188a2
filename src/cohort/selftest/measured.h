/* The self-test's measurement, and the tables of what is expected of it. Internal to selftest/. */
#ifndef DN_COHORT_SELFTEST_MEASURED_H
#define DN_COHORT_SELFTEST_MEASURED_H

#include "segment/result.h"

/* Something whose bytes say whether it is the release's. */
typedef struct dn_selftest_file {
    char name[96]; /* "network hypothalamus", "demo head", "label map" */
    char sha256[65];
    bool must; /* a network: another one measures something else. Voxels may differ in their last bits. */
} dn_selftest_file;

enum { DN_SELFTEST_FILES = DN_SEGMENT_MODELS + 2, DN_SELFTEST_ROWS = 256 };

typedef struct dn_selftest_row {
    char structure[64];
    char hemi;
    double volume_mm3, bound_mm3; /* bound: of what is expected */
} dn_selftest_row;

typedef struct dn_selftest_measured {
    dn_selftest_row row[DN_SELFTEST_ROWS];
    size_t count;
    dn_selftest_file file[DN_SELFTEST_FILES];
    size_t file_count;
    double seconds; /* of measuring and writing */
} dn_selftest_measured;

/* Makes the head, measures it, and writes all results, in a temporary folder that is removed. */
DN_CHECKED dn_status dn_selftest_measure(dn_selftest_measured *out);

/* FOLDER/volumes.tsv and FOLDER/files.tsv. DN_EINPUT, DN_EFORMAT, DN_EDATA name the file. */
DN_CHECKED dn_status dn_selftest_read(const char *folder, dn_selftest_measured *out);
/* The bounds follow from the volumes. The same numbers give the same bytes. */
DN_CHECKED dn_status dn_selftest_write(const char *folder, const dn_selftest_measured *measured);

#endif
