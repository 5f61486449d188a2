/* Connected components of masks. A mask is one byte per voxel (0: outside), x fastest, dims as in a grid. */
#ifndef DN_IMAGE_COMPONENTS_H
#define DN_IMAGE_COMPONENTS_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dn_components {
    int32_t *label; /* owned; 0 outside, 1..count inside; 1 is the largest, then by size, ties by first voxel */
    int64_t *size;  /* owned; size[0] is the number of voxels outside, size[c] that of component c */
    int32_t count;
} dn_components;

/* connectivity: 6 (faces), 18 (and edges), 26 (and corners); DN_EUSAGE otherwise. out: release with
 * dn_components_release. The result does not depend on the number of threads. */
DN_CHECKED dn_status dn_components_find(const uint8_t *mask, const int64_t dim[3], int connectivity, dn_components *out);
void dn_components_release(dn_components *components);

/* Keeps the largest component and clears the rest, in place. *kept and *total (may be NULL): voxels after and before.
 * An empty mask stays empty. */
DN_CHECKED dn_status dn_mask_keep_largest(uint8_t *mask, const int64_t dim[3], int connectivity, int64_t *kept, int64_t *total);

/* Smallest box around the voxels that are not 0: first voxel and size along each axis; false for an empty mask. */
bool dn_mask_bounds(const uint8_t *mask, const int64_t dim[3], int64_t start[3], int64_t size[3]);
int64_t dn_mask_count(const uint8_t *mask, const int64_t dim[3]);

#endif
