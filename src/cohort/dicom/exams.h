/* Which examinations are in a folder of DICOM exports: a folder or an archive per person, with a folder or an archive per session in it
 * where there are several. Names of folders decide, and the header of one image each; voxels are not read.
 *
 * Labels: of "sub-01", "sub-01_ses-2" and "sub-01/ses-2" as they are. Another name gives its letters and digits ("P 007" becomes P007); if
 * it holds something that the image's header says about the person (name, number, date of birth), eight digits of its SHA-256 after an x,
 * so that no result names the person and the same folder always has the same label. */
#ifndef DN_COHORT_DICOM_EXAMS_H
#define DN_COHORT_DICOM_EXAMS_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct dn_dicom_exam {
    char *path;      /* owned; of a folder or an archive */
    char *subject;   /* owned; label, "01" */
    char *session;   /* owned; label; NULL: none */
    char *origin;    /* owned; path below the folder of exports, as it may be shown; NULL: it names the person */
    char *unusable;  /* owned; a sentence: why it cannot be measured; NULL: nothing is known against it */
    char person[65]; /* hash of PatientID; "": there is none */
    char study[65];  /* StudyInstanceUID; "": there is none */
    char day[11];    /* StudyDate, "2019-04-02"; "": not known */
} dn_dicom_exam;

/* Zero-initialise; release with dn_dicom_exams_release. */
typedef struct dn_dicom_exams {
    dn_dicom_exam *list;
    size_t count;
} dn_dicom_exams;

/* All of a folder, in the order of names; names that begin with a point and the folders code, derivatives, phenotype, sourcedata and
 * stimuli are no persons. None is no error. DN_EDATA: it is the folder of one person or one examination itself. DN_EINPUT: it cannot be
 * read. */
DN_CHECKED dn_status dn_dicom_exams_find(const char *folder, dn_dicom_exams *out);
/* Those of one person's (session NULL) or one session's folder or archive, whose labels are known; added to out. */
DN_CHECKED dn_status dn_dicom_exams_of(const char *path, const char *origin, const char *subject, const char *session, dn_dicom_exams *out);
void dn_dicom_exams_release(dn_dicom_exams *exams);

#endif
