/* The volumes that can be made of a study, judged, and the one that is measured. */
#ifndef DN_COHORT_DICOM_CANDIDATES_H
#define DN_COHORT_DICOM_CANDIDATES_H

#include "cohort/dicom/contrast.h"
#include "cohort/dicom/study.h"

typedef struct dn_dicom_candidate {
    size_t series;  /* of the study */
    char id[24];    /* number of the series; "5.2" where there are several of one number */
    char shown[96]; /* its description, as it may be shown */
    char *name;     /* owned; of its files (dn_converted_path); NULL: dcm2niix makes nothing of it */
    json_t *sidecar;
    char description[128], protocol[128]; /* not to be shown */
    dn_series_verdict verdict;
} dn_dicom_candidate;

typedef struct dn_dicom_candidates {
    dn_dicom_candidate *list; /* owned; by number */
    size_t count;
} dn_dicom_candidates;

/* Asks dcm2niix about each series of the study, in folders that it makes in scratch: in-0, in-1, ... with the links of series 0, 1, ...
 * Zero-initialise out; release it, also after a failure. Errors as dn_convert. */
DN_CHECKED dn_status dn_dicom_candidates_find(const dn_dicom_study *study, const char *scratch, dn_dicom_candidates *out);
void dn_dicom_candidates_release(dn_dicom_candidates *candidates);

/* Sentences; owned. Zero-initialise. */
typedef struct dn_dicom_reasons {
    char **text;
    size_t count;
} dn_dicom_reasons;
void dn_dicom_reasons_release(dn_dicom_reasons *reasons);

/* The one to measure, and the others, are said (dn_log), and kept in said, the measured one first. wanted: a number or a part of a
 * description; NULL: the T1w series with the highest score, of equal ones the last, as a scan is repeated when the person moved. path: for
 * messages; who: what the lines begin with ("sub-01: "), "" for one scan without a name. DN_EDATA, DN_EUSAGE as dn_dicom_open. */
DN_CHECKED dn_status dn_dicom_choose(const dn_dicom_candidates *candidates, const char *wanted, const char *path, const char *who,
                                     const dn_dicom_candidate **out, dn_dicom_reasons *said);

#endif
