/* How much each place of one picture has grown or shrunk in another one of the same head (aligned, on the same lattice): the determinant of
 * the Jacobian of a smooth deformation that takes the first to the second.
 *
 * The deformation is found by demons with the forces of both pictures (Thirion 1998; Vercauteren et al. 2009), a smoothed step at a time.
 * The sum of the determinants over a structure is its volume in the other picture: an error of the structure's outline is the same in both,
 * so that small changes are found which two outlines would not show (deformation-based morphometry; Ashburner and Ridgway 2013 use it for
 * several sessions of a person). The pictures have to be alike in contrast, bias field and resolution: a border that one shows elsewhere is
 * taken for a change. */
#ifndef DN_REGISTER_GROWTH_H
#define DN_REGISTER_GROWTH_H

#include "image/volume.h"

/* from, to: on one lattice. *out: the determinants on it, cut to dim voxels from first on (both inside the lattice); owned by the caller.
 * unit: an intensity that both have for bright tissue, above 0 (else DN_EDATA). DN_EGEOMETRY: other lattices. DN_ENOMEM, DN_ECANCELLED. */
DN_CHECKED dn_status dn_growth_find(const dn_volume *from, const dn_volume *to, const int64_t first[3], const int64_t dim[3], double unit,
                                    dn_volume **out);

#endif
