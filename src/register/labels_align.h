/* Label maps of several people brought to their mean shape.
 *
 * First an affine each, which fits the centroids of the structures that all maps have to their mean (generalised
 * Procrustes, made symmetric: the mean's plane x = 0 is its mid-sagittal plane). Then a smooth displacement each, by
 * demons (Thirion, Medical Image Analysis 1998) on the shares of all tissues at once, against the mean of all maps and
 * their mirror images, which is made anew every round; the mean displacement is taken out, so that the mean shape stays
 * where it is.
 *
 * mean space: RAS millimetres, origin at the mean of the centroids, directions those of the first map's head, levelled in
 * x. A point p of it lies at affine(p + u(p)) in a map's world. */
#ifndef DN_REGISTER_LABELS_ALIGN_H
#define DN_REGISTER_LABELS_ALIGN_H

#include "image/volume.h"
#include "register/tissues.h"

typedef struct dn_alignment {
    dn_affine affine;
    float *shift; /* owned; [voxel][3] mm on grid, NULL: none */
    dn_grid grid; /* mean space */
} dn_alignment;

/* maps: count >= 2 of them, axes nearest RAS (dn_labels_reorient), with tissues' labels; out: count alignments, released
 * with dn_alignment_release each, also after a failure.
 * DN_EDATA when fewer than eight structures are in all maps (it names what the first map has and another lacks). */
DN_CHECKED dn_status dn_align_affine(const dn_labels *const *maps, size_t count, const dn_tissues *tissues, dn_alignment *out);

/* Adds the displacements: rounds of steps each, on a grid of spacing mm. A second call goes on from the first.
 * DN_ECANCELLED, DN_ENOMEM. */
DN_CHECKED dn_status dn_align_demons(const dn_labels *const *maps, size_t count, const dn_tissues *tissues, double spacing, int rounds,
                                     int steps, dn_alignment *alignments);
void dn_alignment_release(dn_alignment *alignment);

/* World point of the map for a point of mean space. */
void dn_alignment_point(const dn_alignment *alignment, const double mean[3], double map[3]);

#endif
