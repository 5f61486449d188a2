/* Voxels that cannot be of the head, by their value alone: padding outside the field of view (-1024), bright voxels that 16 bits wrapped to
 * negative ones, a few values far above everything else. They change the percentiles of the whole scan, and this reduces the contrast of
 * everything else.
 *
 * Found on a sample of the sorted values, as a group at one end that an empty gap parts from the rest:
 *
 * - at the low end: the group is negative, of one value or at most 20 % of the voxels, the gap is a tenth of the rest's range (percentile
 *   99.5 less the lowest), and the rest holds air of its own (15 % of it in the lowest tenth of its range), else the group is what
 *   surrounds the head;
 * - at the high end: the gap is half of the rest's range, and the group has at most 5 % of the voxels.
 *
 * Groups below 0.2 % of the voxels move no percentile that networks ask for and are left alone. So are all ordinary scans, bit for bit. */
#ifndef DN_INFER_OUTLIERS_H
#define DN_INFER_OUTLIERS_H

#include "base/status.h"
#include "image/volume.h"

typedef struct dn_outliers {
    double low_share;     /* of the voxels that were below the rest and got its lowest value; 0: none */
    double low_value;     /* the lowest of them */
    double high_share;    /* above the rest, got its highest value */
    double high_value;    /* the highest of them */
    double wrapped_share; /* had been wrapped and got 65536 more */
} dn_outliers;

/* Mends volume in place. DN_ENOMEM. */
DN_CHECKED dn_status dn_outliers_mend(dn_volume *volume, dn_outliers *out);

#endif
