/* From what a hospital gives, a folder or an archive of DICOM files, to one scan that can be measured like any other.
 *
 * The T1w series is chosen by its header, and why is said (dn_log); the other series are listed with the reason against them. dcm2niix
 * makes a volume of it in a private folder, with a JSON file beside it that holds the sequence, and the person's age and sex; nothing else
 * about the person is in there, and neither the names of files and folders nor those of the archive go any further. */
#ifndef DN_COHORT_DICOM_INTAKE_H
#define DN_COHORT_DICOM_INTAKE_H

#include "base/scratch.h"
#include "cohort/dicom/candidates.h"
#include "cohort/dicom/convert.h"

#include <stdbool.h>

/* A folder, an archive (base/archive.h), or a DICOM file: what dn_dicom_open is for. Other files are left to image/io.h. */
bool dn_dicom_is_input(const char *path);

typedef struct dn_dicom_options {
    const char *series; /* number of the series, or a part of its description; NULL: it is chosen */
    const char *name;   /* of the scan, from which its results are named; NULL: "scan" */
} dn_dicom_options;

/* One scan, as long as it is open. */
typedef struct dn_dicom_scan {
    char *path;                   /* owned; "/tmp/dien-scratch-.../scan.nii" */
    char *label;                  /* owned; for messages: "series 5, SAG MPRAGE" */
    char *source;                 /* owned; for records: the same, with the program that converted it and the volume's SHA-256 */
    char sha256[65];              /* of the volume */
    dn_dicom_reasons reasons;     /* why this series, and why none of the others; they are logged as well */
    dn_convert_warnings warnings; /* about its geometry; they are not logged here */
    dn_scratch scratch;
} dn_dicom_scan;

/* DN_EINPUT: no DICOM images are in it; dcm2niix is not installed. DN_EDATA: no series is T1-weighted, or images of several persons; the
 * message lists what is there. DN_EUSAGE: `series` names none, or several; or the name is none for a file. DN_EFORMAT, DN_EDATA: an archive
 * (base/archive.h). Zero-initialised out; release it with dn_dicom_close, also after a failure. */
DN_CHECKED dn_status dn_dicom_open(const char *path, const dn_dicom_options *options, dn_dicom_scan *out);
void dn_dicom_close(dn_dicom_scan *scan);
/* The failure's message with the scan's path in the private folder replaced by path, as the user knows it, and the series. */
DN_CHECKED dn_status dn_dicom_error(const dn_dicom_scan *scan, const char *path, dn_status status);

#endif
