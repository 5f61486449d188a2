/* Sessions of one person that are folders or archives of DICOM files: their T1-weighted series become images in private folders, so that
 * `longitudinal.h` takes them like any other scans. */
#ifndef DN_COHORT_LONGITUDINAL_DICOM_SESSIONS_H
#define DN_COHORT_LONGITUDINAL_DICOM_SESSIONS_H

#include "cohort/dicom/intake.h"
#include "cohort/longitudinal/longitudinal.h"

/* As dn_longitudinal; paths may be DICOM inputs (cohort/dicom/intake.h), too. Their results are named NAME_ses-1, NAME_ses-2, ... by time:
 * that of the options, else the day of the examination, else as they are given. Where options have no times and all paths are DICOM with
 * days that differ, the times are these days; the results hold the time between them, and no date. series: as in dn_dicom_options, for all
 * of them. Also DN_EUSAGE, DN_EDATA and DN_EINPUT as dn_dicom_open. */
DN_CHECKED dn_status dn_longitudinal_inputs(const char *const *paths, size_t count, const char *series,
                                            const dn_longitudinal_options *options);
/* The failure's message with the path of an opened image in its private folder replaced by what was given. opened: [count]; path NULL where
 * it is not open. */
DN_CHECKED dn_status dn_dicom_sessions_error(const dn_dicom_scan *opened, const char *const *given, size_t count, dn_status status);

#endif
