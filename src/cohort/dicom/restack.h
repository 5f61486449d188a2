/* A volume whose slices do not lie as a NIfTI header can say it: some are missing, they are not equally far apart, or they are tilted
 * against the line through their centres. dcm2niix writes such a volume with the distance of the first two slices, and straightens a tilted
 * one only if it is CT. */
#ifndef DN_COHORT_DICOM_RESTACK_H
#define DN_COHORT_DICOM_RESTACK_H

#include "cohort/dicom/slices.h"

#include "base/status.h"

/* Whether it is needed. */
bool dn_restack_needed(const dn_slices *slices);
/* The volume that dcm2niix wrote to path without turning it (-x i), again, on a rectangular grid with slices.spacing between slices, linear
 * between slices and within them; 0 outside. place: [count][3], as dn_slices_sort left it. DN_EGEOMETRY: the volume's slices are not these.
 */
DN_CHECKED dn_status dn_restack(const char *path, const dn_slices *slices, const double (*place)[3], size_t count,
                                const double orientation[6]);

#endif
