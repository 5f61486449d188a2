/* One Gauss-Newton step of a rigid motion between two pictures on one lattice. Internal to midpoint. */
#ifndef DN_REGISTER_MIDPOINT_STEP_H
#define DN_REGISTER_MIDPOINT_STEP_H

#include "base/status.h"
#include "image/volume.h"
#include "register/rigid.h"

#include <stdint.h>

/* The twist by which `moving` has to be sampled elsewhere to be more like `fixed` (moving after exp(out)); mask: the voxels that count.
 * Robust: what differs by far more than the rest loses its weight. DN_EDATA: too few voxels, or no structure in them. */
DN_CHECKED dn_status dn_midpoint_step(const dn_volume *moving, const dn_volume *fixed, const uint8_t *mask, dn_twist *out);

#endif
