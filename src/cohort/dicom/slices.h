/* Where the slices of a series lie, from their positions alone. */
#ifndef DN_COHORT_DICOM_SLICES_H
#define DN_COHORT_DICOM_SLICES_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct dn_slices {
    size_t places;    /* slices at different positions */
    size_t missing;   /* between the first and the last one */
    double spacing;   /* mm, median; 0: fewer than two places */
    double low, high; /* mm, the smallest and largest distance between neighbours, without gaps of missing slices */
    bool uneven;      /* these differ by more than a twentieth */
    double lean;      /* degrees between the line through the slices' positions and their normal: a tilted gantry */
} dn_slices;

/* Replaces each position (mm, in DICOM's axes) by its distance along the normal of the slices and its distances along a row and a column,
 * and puts them in the order of the first. orientation: of all of them, as DICOM has it (header.h). */
void dn_slices_sort(double (*position)[3], size_t count, const double orientation[6]);
/* place: as dn_slices_sort left it. DN_ENOMEM. */
DN_CHECKED dn_status dn_slices_measure(const double (*place)[3], size_t count, dn_slices *out);
/* Whether two slices lie parallel and are turned alike. */
bool dn_slices_alike(const double a[6], const double b[6]);

#endif
