/* Two networks in a row: one finds a structure as a whole, the other divides it into its parts.
 *
 * Both say how probable the whole is (the second one by the sum of its parts), and the mean of the two counts: on nine heads this is nearer
 * to the truth than either (models/hypothalamus-any-contrast.md). A part gets the mean times its share of what the second network gave to
 * all parts of that side. */
#ifndef DN_INFER_DIVIDE_H
#define DN_INFER_DIVIDE_H

#include "base/status.h"
#include "infer/posteriors.h"
#include "infer/structures.h"

/* Name of the network whose structures the model divides; NULL: it stands alone. Borrowed. */
const char *dn_divide_of(const dn_model *parts);

/* Whether the two go together: the same voxels and orientation, sizes that are multiples of the same number, and for each structure and
 * side of parts one label of whole. DN_EFORMAT names both models and what differs. */
DN_CHECKED dn_status dn_divide_check(const dn_structures *whole, const dn_structures *parts);

/* posteriors: of the parts' network on a box, changed in place. found: of the whole's network on the same box. Both not cleaned
 * (postprocess.h). */
void dn_divide(const dn_posteriors *found, const dn_structures *whole, const dn_structures *parts, dn_posteriors *posteriors);

#endif
