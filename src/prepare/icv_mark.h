/* The intracranial volume marked between two thresholds, as Vernikouskaya et al. 2025 marked it by hand: what is brighter than fluid and
 * darker than fat, in one piece with the brain, closed and smoothed.
 *
 *     low <= intensity <= high
 *     -> eroded, so that bridges of dura, vessels and nerves break; the piece at the seed; grown back inside the thresholds
 *     -> closed over sulci and vessels, holes filled -> a rim of fluid added where it is brighter than bone -> cut where the skull opens to
 * the spinal canal -> surface smoothed
 *
 * Fluid and bone are both dark on T1-weighted scans: where the lower threshold does not separate them (bias, noise), the mark includes some
 * dura or loses some fluid. The truth of the papers has these errors, too. */
#ifndef DN_PREPARE_ICV_MARK_H
#define DN_PREPARE_ICV_MARK_H

#include "base/status.h"
#include "image/volume.h"

#include <stdbool.h>

typedef struct dn_icv_mark_options {
    double low, high;   /* intensities of the scan; low < high */
    double seed[3];     /* world, mm: a point in the brain */
    double up[3];       /* unit vector to the top of the head, world; 0 0 0: z of the world */
    double fluid;       /* intensity from which voxels around the brain are fluid, not bone; 0: no rim of fluid is added */
    double rim_mm;      /* width of that rim; 0: 4 */
    double bridge_mm;   /* connections thinner than twice this break; 0: 3 */
    double close_mm;    /* gaps narrower than twice this close; 0: 8 */
    double smooth_mm;   /* sigma of the smoothing of the surface; 0: 1 */
    double opening_cm2; /* going down from the seed, the mark ends where its section gets smaller than this; 0: 12 */
} dn_icv_mark_options;

typedef struct dn_icv_mark {
    dn_labels *mask; /* owned: 1 inside; on the scan's grid */
    double volume_mm3;
    double cut_mm;     /* height of the lower end against the seed, mm; -INFINITY when nothing had to be cut */
    bool touches_edge; /* other than at its lower end the mark reaches the scan's border: it is not whole */
} dn_icv_mark;

/* out: release with dn_icv_mark_release. DN_EUSAGE: thresholds that are not possible; DN_EDATA: nothing lies between the thresholds near
 * the seed.
 */
DN_CHECKED dn_status dn_icv_mark_make(const dn_volume *scan, const dn_icv_mark_options *options, dn_icv_mark *out);
void dn_icv_mark_release(dn_icv_mark *mark);

#endif
