/* A hemisphere placed against the plane x = 0, so that its mirror image can stand beside it (Rodrigues et al. 2024, HELM, "Hemisphere
 * mirroring"). For a left hemisphere with the voxels Omega, a rigid motion T and x the world's first coordinate after it, the cost is
 *
 *     sum over Omega of max(x(v; T), 0)  -  alpha * sum over Omega of x(v; T)
 *
 * The first sum keeps the hemisphere from crossing the mirror, the second pulls it to the mirror. At the minimum a share alpha of the
 * voxels lies beyond the plane. Only the plane matters to this cost: two turns (about y and z) and a shift along x; what else a rigid
 * motion has (turn about x, shifts along y and z) is left as it is. The minimum is found by GSL's simplex method (Nelder and Mead). */
#ifndef DN_REGISTER_MIRROR_PLANE_H
#define DN_REGISTER_MIRROR_PLANE_H

#include "base/status.h"
#include "image/volume.h"

typedef struct dn_mirror_options {
    double alpha; /* above 0, below 0.5 */
} dn_mirror_options;

typedef struct dn_mirror_plane {
    dn_affine motion;   /* rigid: from the world of the hemisphere to that in which the mirror is x = 0 */
    double turn[2];     /* degrees about y and z */
    double shift;       /* mm along x, at the centre of the hemisphere */
    double cost;        /* per voxel, mm */
    double beyond;      /* share of the voxels with x > 0 */
    double beyond_mm;   /* how far the outermost of them reaches */
    double gap_mm;      /* between the plane and the hemisphere where they are closest; 0 when it reaches the plane */
    double contact_mm2; /* area of the plane within a voxel of which the hemisphere ends */
    int evaluations;
} dn_mirror_plane;

/* mask: the hemisphere (a left one: its medial face towards +x), any grid. DN_EUSAGE: alpha; DN_EDATA: an empty mask, or no minimum was
 * found (turned by more than 40 degrees). DN_ENOMEM, DN_ECANCELLED. */
DN_CHECKED dn_status dn_mirror_plane_find(const uint8_t *mask, const dn_grid *grid, const dn_mirror_options *options, dn_mirror_plane *out);

/* The cost of a motion by its definition, per voxel of the mask, mm. */
double dn_mirror_cost(const uint8_t *mask, const dn_grid *grid, const dn_affine *motion, double alpha);

#endif
