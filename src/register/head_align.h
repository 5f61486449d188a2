/* Finds the approximate place of the hypothalamus (to a few mm): the average head is aligned with the scan.
 *
 * Rigid motion and a scale for each axis are found by normalised cross-correlation inside the template's brain and the
 * rim around it: exhaustively over positions and pitch on an 8 mm copy of the scan, for heads with and without skull,
 * then by a simplex search from the best starts on 8 mm and 4 mm copies. Takes a fraction of a second. The answer
 * depends on voxels alone, not on the affine, and not on the number of threads. */
#ifndef DN_REGISTER_HEAD_ALIGN_H
#define DN_REGISTER_HEAD_ALIGN_H

#include "base/status.h"
#include "image/volume.h"

#include <stdbool.h>

typedef struct dn_location {
    bool found;          /* false: nothing like a head was found; the rest is 0 */
    double centre[3];    /* of the hypothalamus, voxel coordinates of the volume; may lie outside it */
    double correlation;  /* of scan and template at the end, -1..1; real heads: above 0.7, see DN_ALIGN_PLAUSIBLE */
    double match;        /* of the brain's own contrast with T1's, -1..1 (register/head_align_match.h); NaN: too little of it is there */
    double brain_inside; /* share of the template's brain that lies within the volume, 0..1 */
    double scale[3];     /* mm of the scan per mm of the template, along right, anterior, superior of the head */
    double rotation[3];  /* degrees about the axes right (pitch), anterior (roll), superior (yaw) */
    double turned;       /* degrees, of the three together: how far from upright */
    bool stripped;       /* the template without skull fitted better */
    dn_affine to_volume; /* template world (mm from the hypothalamus) to voxel coordinates */
} dn_location;

/* Below the first correlation the scan is not like the head of the template; above the second it certainly is, and the hypothalamus is at
 * the found place if the scan shows it. */
#define DN_ALIGN_PLAUSIBLE 0.5
#define DN_ALIGN_CERTAIN 0.75
/* Heads turned further than this are outside the training data of our networks (some 15 degrees about each axis). */
#define DN_ALIGN_TURNED 25.0

/* From this match on the brain lies where the average head has it, and its contrast is T1's (register/head_align_match.h). */
#define DN_ALIGN_MATCH 0.45

/* volume: borrowed, axes nearest RAS (voxel axes i, j, k to the right, front, top), any spacing.
 * DN_EDATA when the volume is too small to hold the structures (40 mm); DN_ENOMEM. */
DN_CHECKED dn_status dn_head_align(const dn_volume *volume, dn_location *out);
/* From a start that is known better than by an exhaustive search: io's centre, rotation and scale. The same errors. */
DN_CHECKED dn_status dn_head_align_from(const dn_volume *volume, dn_location *io);

#endif
