/* What DICOM files there are under a folder, by series. */
#ifndef DN_COHORT_DICOM_STUDY_H
#define DN_COHORT_DICOM_STUDY_H

#include "cohort/dicom/header.h"
#include "cohort/dicom/privacy.h"
#include "cohort/dicom/slices.h"

/* Images of one series that are turned alike: a series with several orientations is several of these. */
typedef struct dn_dicom_series {
    dn_dicom_header first; /* of its first image */
    int64_t number;        /* SeriesNumber; 0: none */
    size_t files;
    int64_t images;   /* frames of all files */
    dn_slices slices; /* places 0: the headers do not say where the slices are (multi-frame files) */
    size_t person;    /* which of the persons */
    bool part;        /* another part of the same series has other orientations */
} dn_dicom_series;

typedef struct dn_dicom_image {
    char *path; /* owned; absolute */
    size_t series;
    bool has_place;
    double position[3];
} dn_dicom_image;

typedef struct dn_dicom_study {
    dn_dicom_image *images;
    size_t image_count;
    dn_dicom_series *series; /* owned; in the order in which they were met */
    size_t series_count;
    char **persons; /* owned; what tells them apart; for counting only */
    size_t person_count;
    dn_private_values hidden;
    size_t others;       /* files that are no DICOM images */
    size_t scans;        /* of these, NIfTI and MGH files by name */
    bool is_bids;        /* it has a dataset_description.json */
    size_t unreadable;   /* folders that could not be read, which were passed over */
    size_t examinations; /* by StudyInstanceUID; 0: the headers do not say */
} dn_dicom_study;

/* Zero-initialise out; release it with dn_dicom_study_release, also after a failure. folder: absolute; all of
 * it, as dn_dicom_walk_folder goes. DN_EINPUT: it cannot be read. DN_EDATA: more than a million files. */
DN_CHECKED dn_status dn_dicom_study_read(const char *folder, dn_dicom_study *out);
/* One file. */
DN_CHECKED dn_status dn_dicom_study_read_file(const char *path, dn_dicom_study *out);
void dn_dicom_study_release(dn_dicom_study *study);

/* The places of a series' slices, in order, as dn_slices_sort leaves them. *out: owned, [files of the series]. */
DN_CHECKED dn_status dn_dicom_study_places(const dn_dicom_study *study, size_t series, double (**out)[3], size_t *count);

/* Makes the folder and puts a link to each file of a series into it, under a number: no name of a person or place is seen by who reads
 * there. DN_EIO. */
DN_CHECKED dn_status dn_dicom_study_link(const dn_dicom_study *study, size_t series, const char *folder);

#endif
