/* The edge of the inside of the skull, moved to its place in the scan. Internal to segment/.
 *
 * At 2 mm the network places that edge by the head's outline as much as by what lies there: under a thick skull it comes out too far,
 * under a thin one not far enough, by a millimetre or two, which is 3 to 8 % of the ICV. In T1 the fluid under the skull is dark and
 * bone is black, so the scan itself tells: along the normal at each point of the edge, the place is looked for that best parts
 * what is brighter from what is darker than a threshold between the two; a quadratic prior keeps it near the network's edge, and
 * the shifts are averaged over the neighbourhood. Where there is no bone, the network's edge stays. Dura and marrow are grey, so the
 * threshold lies nearer to fluid than to bone. */
#ifndef DN_SEGMENT_HEAD_RIM_H
#define DN_SEGMENT_HEAD_RIM_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Arrays are [i][j][k], k fastest. */
typedef struct dn_rim_input {
    int64_t dim[3];
    double mm[3];
    const float *scan;   /* intensities */
    const float *inside; /* probability of lying inside the skull */
    const float *fluid;  /* of being fluid around the brain */
    double up[4];        /* height in the average head, mm: up[0] i + up[1] j + up[2] k + up[3] */
} dn_rim_input;

typedef struct dn_rim {
    bool fitted; /* false: fluid and bone do not differ enough, or too little fluid was found; nothing was moved */
    float fluid, bone;
    double shift_mm; /* mean, outwards */
    double dark;     /* share of the edge (above the neck) beyond which it is as dark as bone; 0 when not fitted */
} dn_rim;

/* moved: the caller's, the probability with its edge moved; equal to `inside` where nothing is. */
DN_CHECKED dn_status dn_rim_fit(const dn_rim_input *in, float *moved, dn_rim *out);

#endif
