/* `dien segment`: scans measured, judged and written, one after the other. */
#ifndef DN_COHORT_MEASURE_H
#define DN_COHORT_MEASURE_H

#include "cohort/dicom/intake.h"
#include "report/write.h"
#include "segment/scan.h"

typedef struct dn_measure_options {
    dn_segmenter_options segmenter; /* its scans are filled in */
    dn_output_options outputs;      /* the folder is made, and removed if nothing could be measured */
    bool accept;                    /* a scan that the rules reject is accepted by hand, and that is recorded */
    const char *truth;              /* path of the true label map of the one scan, with which its volumes are compared; NULL: not known */
    const char *times;              /* path of a table of the seconds per scan; NULL: not wanted */
    dn_dicom_options dicom;         /* of folders and archives among the scans; with several of them, -1, -2, ... follows the name */
} dn_measure_options;

/* What measures one scan after the other: the networks, opened once. */
typedef struct dn_measurer dn_measurer;

/* scans: what will be measured, borrowed while it is made; 0: whole heads (segment/scan.h). *out: owned (dn_measurer_destroy); options is
 * copied, what it points to borrowed. Errors as dn_segmenter_create. */
DN_CHECKED dn_status dn_measurer_create(const dn_measure_options *options, const char *const *scans, size_t count, dn_measurer **out);
void dn_measurer_destroy(dn_measurer *measurer);
/* The networks that it may use: dn_segmenter_models. */
DN_CHECKED dn_status dn_measurer_models(const dn_measurer *measurer, const dn_model *out[], size_t *count);

typedef struct dn_measured {
    bool rejected;  /* by quality control */
    double score;   /* quality/score.h; NaN: none */
    double seconds; /* from reading to the last file */
} dn_measured;

/* Measures, judges and writes one scan into folder, which exists. source: what the sidecars name as their source; NULL: the file's name.
 * DN_EUSAGE, DN_EIO: its results may not be written there (dn_outputs_check). Results are reported through dn_log. */
DN_CHECKED dn_status dn_measurer_measure(dn_measurer *measurer, const char *path, const char *folder, const char *source, dn_measured *out);

/* The same for a folder or archive of DICOM files, opened as scan, which the caller closes (dn_dicom_close), also after a failure; its
 * warnings are in the results. Errors also as dn_dicom_open. */
DN_CHECKED dn_status dn_measurer_measure_dicom(dn_measurer *measurer, const char *path, const dn_dicom_options *options, const char *folder,
                                               dn_dicom_scan *scan, dn_measured *out);

/* Scans may be files, and folders or archives of DICOM files, which are opened one by one (dicom/intake.h); results of these are not
 * written over those of another scan unless the user named the scan (DN_EUSAGE). Results are reported through dn_log; results as
 * report/write.h has them. Errors as dn_batch_run (batch.h): DN_EQUALITY when all were written and some failed quality control. */
DN_CHECKED dn_status dn_measure_scans(const char *const *paths, size_t count, const dn_measure_options *options);

#endif
