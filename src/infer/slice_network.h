/* 2-D networks on stacks of slices: one, or several together whose posteriors are averaged (the folds of `dien crossval`).
 *
 * The stack is brought to the models' contract (conform.h): the first axis of `orientation` runs from slice to slice, the second
 * down the rows, the third along the columns, so a slice is a tensor [1, 1, rows, columns, channels] with the grey value in each channel,
 * or, where the contract has a slice_step, with neighbouring slices in the channels around the middle one.
 * Beyond the stack's ends lies its darkest value, with which rows and columns are filled up to the models' multiple, too. */
#ifndef DN_INFER_SLICE_NETWORK_H
#define DN_INFER_SLICE_NETWORK_H

#include "image/volume.h"
#include "infer/conform.h"
#include "models/model.h"
#include "net/plan/plan.h"

/* Whether its architecture works on slices (2-D). DN_EFORMAT: its config cannot be read. */
DN_CHECKED dn_status dn_model_sees_slices(const dn_model *model, bool *out);

typedef struct dn_slice_network_options {
    dn_precision precision;
    int64_t batch; /* slices at once; 0: 2 */
} dn_slice_network_options;

typedef struct dn_slice_network dn_slice_network;

/* models: count >= 1 of them, borrowed for the network's life. options: NULL for the defaults. *out: owned by the caller
 * (dn_slice_network_destroy). DN_EFORMAT: a model works on volumes, or two of them differ in labels or in what they expect of a scan. */
DN_CHECKED dn_status dn_slice_network_create(const dn_model *const *models, size_t count, const dn_slice_network_options *options,
                                             dn_slice_network **out);
void dn_slice_network_destroy(dn_slice_network *network);
/* For callers that report progress themselves: runs report none from now on. */
void dn_slice_network_quiet(dn_slice_network *network);

typedef struct dn_slice_posteriors {
    int64_t channels;
    dn_volume **maps; /* channels of them, on one grid: the stack at the models' orientation and spacing; owned */
    int64_t slices;
    double seconds_a_slice; /* of all models together, scan read and conformed */
    /* Mean over voxels that any model gives to a structure of the standard deviation between models of the most probable label's
     * posterior; 0 with one model. The difference between the folds. */
    double disagreement;
} dn_slice_posteriors;

/* stack: consumed. *out: release with dn_slice_posteriors_release. Errors of dn_conform; DN_ENOMEM; DN_ECANCELLED. */
DN_CHECKED dn_status dn_slice_network_run(dn_slice_network *network, dn_volume *stack, dn_slice_posteriors *out);
/* The same for a stack that was conformed to the models' contract already; borrowed. */
DN_CHECKED dn_status dn_slice_network_run_conformed(dn_slice_network *network, const dn_conformed *conformed, dn_slice_posteriors *out);
void dn_slice_posteriors_release(dn_slice_posteriors *posteriors);
/* The most probable channel's index (FreeSurfer number of model's labels) of each voxel of grid: posteriors are interpolated
 * linearly first. *out: owned by the caller. */
DN_CHECKED dn_status dn_slice_posteriors_labels(const dn_slice_posteriors *posteriors, const dn_model *model, const dn_grid *grid,
                                                dn_labels **out);

#endif
