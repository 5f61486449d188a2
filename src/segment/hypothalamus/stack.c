/* Measures a stack that was cut before. */
#include "segment/hypothalamus/stack.h"

#include "base/memory.h"

/* A head reaches further than this along each axis, mm. */
#define HEAD_MM 60.0

/* Along one axis the file reaches less far than a head. false also for a file that cannot be read: whoever measures it will say so. */
static dn_status is_stack(const char *path, dn_trust trust, bool *out)
{
    const dn_scan_read_options reading = {.trust = trust};
    dn_grid grid;
    double spacing[3];
    bool thin = false;
    *out = false;
    dn_status status = dn_scan_read_grid(path, &reading, &grid, NULL);
    if (status == DN_ENOMEM || status == DN_ECANCELLED) {
        return status;
    }
    if (status != DN_OK) {
        dn_error_clear();
        return DN_OK;
    }
    dn_grid_spacing(&grid, spacing);
    for (int c = 0; c < 3; ++c) {
        thin = thin || spacing[c] * (double)grid.dim[c] < HEAD_MM;
    }
    *out = thin;
    return DN_OK;
}

dn_status dn_stacks_given(const dn_stack_models *models, const char *const *paths, size_t count, dn_trust trust, bool *out)
{
    size_t stacks = 0;
    bool know;
    DN_TRY(dn_stack_models_know_frame(models, &know));
    *out = !know;
    for (size_t i = 0; i < count && !*out; ++i) {
        bool is_one;
        DN_TRY(is_stack(paths[i], trust, &is_one));
        stacks += is_one;
    }
    if (stacks > 0 && stacks < count) {
        DN_FAIL(DN_EUSAGE, "%zu of the %zu files are stacks of slices, the others are whole heads; give only stacks or only whole heads",
                stacks, count);
    }
    *out = *out || stacks > 0;
    return DN_OK;
}

dn_status dn_hypothalamus_in_stack(const dn_stack_models *models, dn_segment_result *r)
{
    dn_slice_posteriors maps = {0};
    DN_TRY(dn_alloc(&r->stack, 1, sizeof *r->stack, "the stack"));
    DN_TRY(dn_alloc(&r->hypothalamus, 1, sizeof *r->hypothalamus, "the hypothalamus"));
    dn_hypothalamus *h = r->hypothalamus;
    dn_status status = dn_slice_network_run_conformed(dn_stack_models_network(models), &r->conformed, &maps);
    if (status == DN_OK) {
        status = dn_stack_clean(dn_stack_models_structures(models), &maps, &h->posteriors, h->groups);
        *r->stack = (dn_stack_look){maps.slices, maps.seconds_a_slice, maps.disagreement};
        h->found_by = DN_FOUND_IN_STACK;
        h->map = r->conformed.map;
        h->voxel_mm3 = dn_grid_voxel_volume(&r->conformed.volume->grid);
    }
    dn_slice_posteriors_release(&maps);
    return status;
}
