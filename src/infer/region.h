/* The box of the conformed scan on which the network runs.
 *
 * The result on the box must be the same as on the whole head. Therefore the box is placed on the whole head's pooling grid (starts
 * are multiples of the model's multiple), stays inside the volume, and what is found in it must lie far enough from
 * those of its faces that cut through the head. */
#ifndef DN_INFER_REGION_H
#define DN_INFER_REGION_H

#include "models/model.h"
#include "prepare/stack.h"

#include <stdbool.h>
#include <stdint.h>

/* Voxels along each axis; about a twentieth of a whole head of 1 mm, so that even a second run stays below a tenth. */
enum { DN_REGION_SIZE = 72 };
/* A structure nearer than this to a cut face is run again on a box centred on it. */
enum { DN_REGION_MARGIN = 16 };

/* A network that was trained on boxes around the structures, and whose result depends on the whole box (instance norm), is run on such
 * boxes only: {"box": 40} in its input contract. It is not used elsewhere, and the pooling grid does not matter: the box is centred on the
 * structure. The structure counts as cut if it is nearer to a face of the box than this. */
enum { DN_REGION_BOX_MARGIN = 3 };
/* Voxels along each axis of that box, a multiple of the model's; 0: the model names none. */
int64_t dn_region_box(const dn_model_input *input);

/* A network that works on slices of the AC-PC frame (prepare/stack.h) says on which stack it runs:
 *   {"frame":"acpc", "slices":50, "pixels":128, "centre_mm":[0,-5,0]}
 * pixels: of a row and of a column; left out: as many as make the published 64 mm. centre_mm: in the frame; left out: the published
 * stack's. Distance of slices and size of pixels are the contract's spacing. */
typedef struct dn_region_stack_found {
    bool is_stack; /* the model names a frame */
    dn_stack_geometry geometry;
} dn_region_stack_found;

/* name: of the model, for the sentence. DN_EFORMAT: the region names a frame, and is not one of those above. */
DN_CHECKED dn_status dn_region_stack(const dn_model_input *input, const char *name, dn_region_stack_found *out);

/* padded: dims of the volume filled up to a multiple. centre: voxel coordinates of the volume; may lie outside.
 * start and dim: multiples of multiple, inside 0..padded. */
void dn_region_place(const int64_t padded[3], const double centre[3], int64_t size, int64_t multiple, int64_t start[3], int64_t dim[3]);

/* Distance in voxels from bounds (low, high exclusive, in voxels of the box) to the nearest face of the box that is not
 * also the volume's. INT64_MAX when all faces are. */
int64_t dn_region_clearance(const int64_t padded[3], const int64_t start[3], const int64_t dim[3], const int64_t low[3],
                            const int64_t high[3]);

#endif
