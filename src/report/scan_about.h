/* Who was scanned, when and how, from files beside the scan: its JSON sidecar (dcm2niix, BIDS, with what the data set's own
 * T1w.json adds), participants.tsv and BIDS's _scans.tsv. They are looked for beside the scan, in the folders of BIDS above it (anat,
 * ses-..., sub-..., the data set), and for other layouts in the folder above.
 *
 * This is not needed to measure a scan: a file that cannot be read is named in a warning (dn_log), and its facts stay unknown.
 */
#ifndef DN_REPORT_SCAN_ABOUT_H
#define DN_REPORT_SCAN_ABOUT_H

#include "base/status.h"
#include "stats/normative.h"

typedef struct dn_scan_about {
    double age; /* years; NaN: not known */
    dn_sex sex;
    const char *person_from; /* static: where age and sex come from, "participants.tsv"; NULL: not known */
    char date[16];           /* "2019-03-02"; "": not known, or before 1925, where BIDS moves the dates of people who must not be known */
    char *sequence;          /* owned; "MPRAGE; Siemens Prisma, 3 T; TR 2300 ms, TE 2.98 ms"; NULL: not known */
    char *contrast;          /* owned; the contrast agent that the sidecar names; NULL: none */
} dn_scan_about;

/* age, sex: as the caller knows them; NaN and DN_SEX_UNKNOWN: look for them. DN_ENOMEM. Release with dn_scan_about_release, also after a
 * failure. */
DN_CHECKED dn_status dn_scan_about_read(const char *path, double age, dn_sex sex, dn_scan_about *out);
void dn_scan_about_release(dn_scan_about *about);

#endif
