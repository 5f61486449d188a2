/* The average label map of aligned people. */
#ifndef DN_REGISTER_LABELS_AVERAGE_H
#define DN_REGISTER_LABELS_AVERAGE_H

#include "register/labels_align.h"

/* Each voxel of grid takes the label with the largest share over all maps and their mirror images (sides swapped), so
 * that the result is symmetric: maps[m] says at alignments[m](p), linear between its voxels; ties go to the smaller number.
 * grid: in mean space. *out: owned by the caller. */
DN_CHECKED dn_status dn_labels_average(const dn_labels *const *maps, const dn_alignment *alignments, size_t count,
                                       const dn_tissues *tissues, const dn_grid *grid, dn_labels **out);

/* Gives each voxel of a structure of the brain that is not joined (through faces) to the structure's largest piece the most frequent
 * label of its 26 neighbours that are. Voting leaves such small pieces where structures are thin. In place. */
DN_CHECKED dn_status dn_labels_drop_crumbs(dn_labels *labels, const dn_tissues *tissues);

/* Writes the half with the lower x onto the other, sides swapped. labels' grid: axes RAS, symmetric about x = 0 (DN_EGEOMETRY). */
DN_CHECKED dn_status dn_labels_mirror(dn_labels *labels, const dn_tissues *tissues);

#endif
