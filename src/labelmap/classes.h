/* The tissue of a hemisphere divided into k classes by its intensity (k-means, stats/kmeans.h): context around the labels that were drawn,
 * without a meaning of its own. Classes are 30001 (darkest) to 30000 + k. */
#ifndef DN_LABELMAP_CLASSES_H
#define DN_LABELMAP_CLASSES_H

#include "image/volume.h"
#include "stats/kmeans.h"

enum { DN_CLASSES_LEAST = 2 }; /* and DN_CLASS_MOST (numbers.h) */

typedef struct dn_classes_options {
    int low, high; /* one map for each k of low..high */
    uint64_t seed;
} dn_classes_options;

/* k's that cannot be: DN_EUSAGE with a sentence. */
DN_CHECKED dn_status dn_classes_check(int low, int high);

/* scan: corrected, 0 outside the brain or with a mask (path, or NULL: every voxel that is not 0). outputs: one path per k, in order. One
 * reading and one sorting serves all. Pictures beside them. */
DN_CHECKED dn_status dn_labelmap_classes(const char *scan, const char *mask, const dn_classes_options *options, const char *const *outputs);

#endif
