/* From posteriors on a box to clean structures.
 *
 * For each group (a structure on one side): voxels whose most probable label is one of the group's are divided into
 * components (connected by faces, as the published code does) and the largest is the structure's core. Its support is the voxels that are
 * connected to the core through voxels in which the group's probability is at least 0.05, at most 3 voxels from the core: the soft rim
 * belongs to the volume; probability elsewhere does not. Posteriors outside the support become 0; background takes them where a fragment
 * that was not kept lay, so that no other label moves in. Elsewhere the background stays as it was, so that the most probable label of a
 * voxel does not change. */
#ifndef DN_INFER_POSTPROCESS_H
#define DN_INFER_POSTPROCESS_H

#include "base/status.h"
#include "infer/posteriors.h"
#include "infer/structures.h"

#include <stdbool.h>

typedef struct dn_group_result {
    int64_t core_voxels;     /* of the largest component; 0: not found */
    int64_t labelled_voxels; /* of all components */
    int32_t components;
    double volume;           /* sum of posteriors in the support, in voxels */
    double dropped;          /* sum of posteriors in the box outside the support, in voxels */
    int64_t low[3], high[3]; /* bounds of the core in voxels of the box, high exclusive */
    double centre[3];        /* of the core, voxels of the box */
} dn_group_result;

/* posteriors: changed in place. results: structures->group_count of them. */
DN_CHECKED dn_status dn_postprocess(dn_posteriors *posteriors, const dn_structures *structures, dn_group_result *results);

/* The same for labels alone (channel per voxel): where the largest component of each group lies. dim: of the map. Fields that
 * need posteriors are 0. */
DN_CHECKED dn_status dn_postprocess_labels(const uint8_t *labels, const int64_t dim[3], const dn_structures *structures,
                                           dn_group_result *results);

/* Bounds of all cores together, in voxels of the box, high exclusive. false: there is none, and low and high are as they were. */
bool dn_groups_bounds(const dn_structures *structures, const dn_group_result *groups, int64_t low[3], int64_t high[3]);

#endif
