/* The hypothalamus by networks that work on slices of the AC-PC frame (their file says so: region.h).
 *
 * What the whole-head networks labelled gives the frame (register/frame.h, one fit, no second pass); a stack like those of the training is
 * cut from the scan itself, in the coordinates of the frame, whatever the position of the head. The networks run on it and on its mirror
 * image, so that no side is preferred (unless their file has the note mirror: no). Their mean posteriors are cleaned on the stack, where
 * the volumes are measured, too, and are brought back to the scan on a lattice that goes along its axes (half a millimetre or so, every
 * voxel of the scan a node of it), for labels, pictures and rules to use like any network's. */
#ifndef DN_SEGMENT_HYPOTHALAMUS_ACPC_H
#define DN_SEGMENT_HYPOTHALAMUS_ACPC_H

#include "infer/postprocess.h"
#include "infer/slice_network.h"
#include "prepare/stack.h"
#include "register/frame.h"
#include "segment/head/whole_head.h"
#include "segment/hypothalamus/stack_models.h"

typedef struct dn_acpc dn_acpc;

/* models: of one region; consumed, on failure too. *out: owned by the caller (dn_acpc_destroy). DN_EFORMAT: the models do not say on which
 * stack they run, or say different ones; DN_EINPUT: the reference head is missing. */
DN_CHECKED dn_status dn_acpc_create(dn_stack_models *models, dn_acpc **out);
void dn_acpc_destroy(dn_acpc *acpc);
const dn_stack_models *dn_acpc_models(const dn_acpc *acpc);

typedef enum { DN_ACPC_LABELS, DN_ACPC_FRAME, DN_ACPC_CUT, DN_ACPC_NETWORK, DN_ACPC_CLEAN, DN_ACPC_STEPS } dn_acpc_step;
const char *dn_acpc_step_name(dn_acpc_step step);

typedef struct dn_acpc_found {
    bool has_frame;
    dn_frame frame;
    dn_stack_geometry geometry;
    double disagreement;                    /* of several models (slice_network.h) */
    dn_grid grid;                           /* of the stack in the scan's world, axes as the models' */
    dn_posteriors stack;                    /* cleaned, on the whole of it; owned */
    dn_group_result groups[DN_GROUP_LIMIT]; /* in voxels of the stack */
    double cpu_seconds[DN_ACPC_STEPS];      /* of all threads together */
} dn_acpc_found;

/* scan: borrowed; any grid of head's world. head: with its fine pass. *out: release with dn_acpc_found_release, on failure too: has_frame
 * says how far it came. DN_EDATA: the labels give no frame, or nothing was found in the stack; the sentence says which. */
DN_CHECKED dn_status dn_acpc_run(dn_acpc *acpc, const dn_volume *scan, const dn_head *head, dn_acpc_found *out);
void dn_acpc_found_release(dn_acpc_found *found);

/* The stack's posteriors on a lattice along oriented's axes: voxel c of it lies at scale * c in voxels of oriented. groups: the stack's,
 * in voxels of the lattice. *box: release with dn_posteriors_release. */
DN_CHECKED dn_status dn_acpc_lattice(const dn_acpc_found *found, const dn_structures *structures, const dn_grid *oriented,
                                     dn_posteriors *box, double scale[3], dn_group_result groups[DN_GROUP_LIMIT]);

#endif
