/* Labels that were drawn put onto the classes of the tissue around them, and the seam cleaned (Rodrigues et al. 2024, "Segmentation
 * merge").
 *
 * Drawn labels are never changed. With a ball of `radius` mm (theirs: 1.2 mm):
 *  - the drawn labels together are closed. A piece of tissue that this adds and that is smaller than the ball (a speck at the fornix, a
 *    crack between two subregions) takes the label of the nearest drawn voxel; a larger one (the fornix itself, which was left out) becomes
 *    one class, the most frequent in it. Background stays background.
 *  - the background within 4 mm of the drawn labels is closed. A piece of classes that this removes, that is smaller than the ball and that
 *    hangs on other tissue by at most a quarter of its faces (false tissue in the third ventricle) becomes background. */
#ifndef DN_LABELMAP_MERGE_H
#define DN_LABELMAP_MERGE_H

#include "image/volume.h"

typedef struct dn_merge_options {
    double radius; /* mm; 0: nothing is cleaned */
} dn_merge_options;

typedef struct dn_merge_facts {
    int64_t joined;  /* voxels that became part of a drawn label */
    int64_t unified; /* voxels of larger pieces whose class changed */
    int64_t cleared; /* voxels that became background */
} dn_merge_facts;

/* DN_EDATA: no voxel is drawn, or one lies at the edge of the grid, where the structure may be cut. name: the file's, for messages. */
DN_CHECKED dn_status dn_merge_check(const dn_labels *manual, const char *name);
/* In place in classes. manual: on the same grid, not empty. */
DN_CHECKED dn_status dn_merge_labels(dn_labels *classes, const dn_labels *manual, const dn_merge_options *options, dn_merge_facts *facts);

/* `dien labelmap merge`: from files to a file, with a picture beside it. DN_EGEOMETRY: they lie on different grids. */
DN_CHECKED dn_status dn_labelmap_merge(const char *classes, const char *manual, const dn_merge_options *options, const char *output);

#endif
