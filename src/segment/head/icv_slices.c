/* Cuts the stack, runs the 2-D network (Vernikouskaya et al. 2025), and brings the mask back to the scan. */
#include "segment/head/icv_slices.h"

#include "infer/slice_network.h"

#include <string.h>

dn_status dn_icv_by_slices(dn_model *model, const dn_volume *scan, const dn_frame *frame, const dn_stack_geometry *geometry,
                           dn_icv_slices *out)
{
    dn_status status = DN_OK;
    dn_volume *stack = NULL;
    dn_slice_network *network = NULL;
    dn_slice_posteriors posteriors = {.maps = NULL};
    double mean, sd;
    const bool silent = model->input.normalise == DN_NORMALISE_NONE;
    const dn_model *const models[1] = {model};
    memset(out, 0, sizeof *out);
    /* The stack is plain to the network: its voxel axes are the directions, whatever way the head lay. k runs backwards, j down, i to the
     * left. */
    dn_grid there;
    dn_stack_grid(frame, geometry, &there);
    memcpy(model->input.orientation, "PIL", 4);
    model->input.spacing[0] = geometry->thickness;
    model->input.spacing[1] = geometry->pixel;
    model->input.spacing[2] = geometry->pixel;
    DN_TRY_GOTO(status, dn_slice_network_create(models, 1, NULL, &network), done);
    DN_TRY_GOTO(status, dn_stack_cut(scan, frame, geometry, silent ? &mean : NULL, silent ? &sd : NULL, &stack), done);
    dn_affine_compose(&frame->from_scan, &stack->grid.affine, &stack->grid.affine);
    status = dn_slice_network_run(network, stack, &posteriors);
    stack = NULL; /* consumed */
    DN_TRY_GOTO(status, status, done);
    const int64_t count = dn_grid_count(&posteriors.maps[0]->grid);
    double sum = 0.0;
    for (int64_t c = 0; c < posteriors.channels; ++c) {
        const bool background = model->labels[c].index == 0;
        for (int64_t v = 0; v < count && !background; ++v) {
            sum += (double)posteriors.maps[c]->data[v];
        }
        /* Back to the scan's world. */
        dn_affine_compose(&frame->to_scan, &posteriors.maps[c]->grid.affine, &posteriors.maps[c]->grid.affine);
    }
    out->volume_mm3 = sum * dn_grid_voxel_volume(&there);
    out->seconds_a_slice = posteriors.seconds_a_slice;
    status = dn_slice_posteriors_labels(&posteriors, model, &scan->grid, &out->labels);
done:
    dn_slice_posteriors_release(&posteriors);
    dn_slice_network_destroy(network);
    dn_volume_destroy(stack);
    return status;
}

void dn_icv_slices_release(dn_icv_slices *slices)
{
    dn_labels_destroy(slices->labels);
    slices->labels = NULL;
}
