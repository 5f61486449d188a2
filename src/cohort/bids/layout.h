/* The scans of a data set: DATASET/sub-LABEL/[ses-LABEL/]anat/NAME, by the rules for names of base/bids_name.h; and where a person or
 * session has no images, an examination in DICOM files (cohort/dicom/exams.h) as one T1w scan: in DATASET/sub-LABEL[/ses-LABEL], else,
 * where nobody has any, in other folders and archives of DATASET, else in those of DATASET/sourcedata. Reads folders, names and the headers
 * of a few DICOM files, no images. Folders may be symbolic links; nothing is ever written. */
#ifndef DN_COHORT_BIDS_LAYOUT_H
#define DN_COHORT_BIDS_LAYOUT_H

#include "base/status.h"

#include <stddef.h>

/* Of a scan in DICOM files. */
typedef struct dn_bids_dicom {
    char *origin;    /* owned; its folder or archive below the data set, as it may be shown; NULL: its name says who the person is */
    char *series;    /* owned; the series that is to be measured, by number or description; NULL: it is chosen */
    char day[11];    /* of the examination, "2019-04-02"; "": not known */
    char person[65]; /* hash of PatientID; "": there is none */
} dn_bids_dicom;

typedef struct dn_bids_scan {
    char *path;           /* owned; DATASET/sub-01/ses-2/anat/sub-01_ses-2_T1w.nii.gz; of DICOM files the folder or archive */
    char *inside;         /* owned; the scan in messages and records: path below the data set; of DICOM files "sub-01/ses-2/DICOM" */
    dn_bids_dicom *dicom; /* owned; NULL: path is an image */
    char *key;            /* owned; dn_bids_scan_key: one scan, one key */
    char *stem;           /* owned; what the names of its results begin with (dn_path_scan_stem) */
    char *folder;         /* owned; "sub-01/ses-2/anat": of its results, below the output folder */
    char *subject;        /* owned; "01" */
    char *session;        /* owned; "2"; NULL: none */
    char *unusable;       /* owned; a sentence: why it cannot be measured; NULL: nothing is known against it */
} dn_bids_scan;

/* Zero-initialise; release with dn_bids_layout_release. */
typedef struct dn_bids_layout {
    dn_bids_scan *scan; /* in the order of the names of folders, as strcmp does */
    size_t count;
    size_t dicom;  /* of them in DICOM files */
    char **remark; /* what is there and is not taken, and why, one sentence each */
    size_t remark_count;
} dn_bids_layout;

struct dn_bids_filter;

/* Which scans are wanted. Zero: every T1w scan. Texts are borrowed. */
typedef struct dn_bids_wanted {
    const char *const *participants;     /* labels, with or without "sub-" */
    size_t participant_count;            /* 0: all */
    const char *const *sessions;         /* with or without "ses-" */
    size_t session_count;                /* 0: all */
    const struct dn_bids_filter *filter; /* filter.h; NULL: none */
} dn_bids_wanted;

/* DN_EINPUT: no folder, or neither sub-... nor DICOM files in it. DN_EUSAGE: a label that the data set does not have (the nearest one is
 * named). DN_EDATA: nothing of it is wanted, or it is the folder of one person's DICOM files. DN_ENOMEM. */
DN_CHECKED dn_status dn_bids_find_scans(const char *dataset, const dn_bids_wanted *wanted, dn_bids_layout *out);
void dn_bids_layout_release(dn_bids_layout *layout);

#endif
