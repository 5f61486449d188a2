/* Finds the frame, cuts the stack, runs the networks on it and its mirror image, and brings the answer to a lattice along the scan's
 * axes. */
#include "segment/hypothalamus/acpc.h"

#include "base/clock.h"
#include "base/memory.h"
#include "image/resample.h"
#include "infer/region.h"
#include "register/template.h"
#include "segment/head/frame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Steps of the lattice are about so long, mm. */
#define LATTICE_MM 0.5
/* Of labels around the fine pass that the frame is made of: the brain stem reaches beyond it. */
#define AROUND_MM 10.0
/* Voxels of the stack around what was found that come back with it: the rim of a support reaches 3 (postprocess.h). */
enum { RIM = 6 };

struct dn_acpc {
    dn_stack_models *models;
    dn_template *head;
    dn_stack_geometry geometry;
    bool mirror; /* the networks also look at the stack's mirror image */
};

static bool same_stack(const dn_stack_geometry *a, const dn_stack_geometry *b)
{
    return a->slices == b->slices && a->pixels == b->pixels && memcmp(a->centre, b->centre, sizeof a->centre) == 0;
}

static dn_status read_regions(dn_acpc *acpc)
{
    for (size_t i = 0; i < dn_stack_models_count(acpc->models); ++i) {
        const dn_model *model = dn_stack_models_at(acpc->models, i);
        dn_region_stack_found region;
        DN_TRY(dn_region_stack(&model->input, model->name, &region));
        if (!region.is_stack) {
            DN_FAIL_OFFER(DN_EFORMAT, DN_REMEDY_CUT_STACKS,
                          "model %s works on slices, but its file does not say on which slices of a head; give it stacks instead of scans",
                          model->name);
        }
        if (i > 0 && !same_stack(&region.geometry, &acpc->geometry)) {
            DN_FAIL(DN_EFORMAT, "models %s and %s need different stacks and cannot be averaged", dn_stack_models_at(acpc->models, 0)->name,
                    model->name);
        }
        acpc->geometry = region.geometry;
    }
    return DN_OK;
}

dn_status dn_acpc_create(dn_stack_models *models, dn_acpc **out)
{
    dn_acpc *acpc = NULL;
    dn_status status = dn_alloc(&acpc, 1, sizeof *acpc, "the hypothalamus's network");
    if (status != DN_OK) {
        dn_stack_models_destroy(models);
        return status;
    }
    acpc->models = models;
    acpc->mirror = true;
    for (size_t i = 0; i < dn_stack_models_count(models); ++i) {
        acpc->mirror = acpc->mirror && dn_structures_sees_mirror(dn_stack_models_at(models, i));
    }
    dn_slice_network_quiet(dn_stack_models_network(models)); /* the scan's progress goes on */
    DN_TRY_GOTO(status, read_regions(acpc), fail);
    DN_TRY_GOTO(status, dn_template_read(NULL, &acpc->head), fail);
    *out = acpc;
    return DN_OK;
fail:
    dn_acpc_destroy(acpc);
    return status;
}

void dn_acpc_destroy(dn_acpc *acpc)
{
    if (acpc != NULL) {
        dn_stack_models_destroy(acpc->models);
        dn_template_destroy(acpc->head);
        free(acpc);
    }
}

const dn_stack_models *dn_acpc_models(const dn_acpc *acpc)
{
    return acpc->models;
}

const char *dn_acpc_step_name(dn_acpc_step step)
{
    static const char *const names[DN_ACPC_STEPS] = {"labels for the frame", "frame", "cut the stack", "network on slices", "clean"};
    return names[step];
}

/* Processor time since *mark, which moves on. */
static double lap(double *mark)
{
    double now = dn_clock_cpu();
    double spent = now - *mark;
    *mark = now;
    return spent;
}

/* The part of the grid around the fine pass, whose labels the frame is made of: the rest of the head only takes time. */
static dn_status around_fine_look(const dn_head_look *look, dn_grid *grid)
{
    const double first[3] = {0.0, 0.0, 0.0};
    double last[3], low[3], high[3], spacing[3];
    int64_t start[3], dim[3];
    dn_affine back, to_grid;
    const dn_grid whole = *grid;
    dn_grid_spacing(grid, spacing);
    DN_TRY(dn_affine_invert(&grid->affine, &back));
    dn_affine_compose(&back, &look->grid.affine, &to_grid);
    for (int c = 0; c < 3; ++c) {
        last[c] = (double)(look->grid.dim[c] - 1);
    }
    dn_affine_bounds(&to_grid, first, last, low, high);
    for (int c = 0; c < 3; ++c) {
        const double margin = AROUND_MM / spacing[c];
        start[c] = (int64_t)fmax(0.0, floor(low[c] - margin));
        dim[c] = (int64_t)fmin((double)grid->dim[c], ceil(high[c] + margin) + 1.0) - start[c];
        dim[c] = dim[c] > 1 ? dim[c] : 1;
    }
    return dn_grid_crop(&whole, start, dim, grid);
}

static dn_status find_frame(const dn_acpc *acpc, const dn_head *head, dn_acpc_found *out)
{
    double mark = 0.0;
    dn_grid grid;
    dn_labels *labels = NULL;
    const dn_frame_reference reference = dn_frame_template(acpc->head);
    lap(&mark);
    DN_TRY(dn_frame_grid(&head->scan, &grid));
    DN_TRY(around_fine_look(&head->fine, &grid));
    DN_TRY(dn_head_labels(head, &grid, &labels));
    out->cpu_seconds[DN_ACPC_LABELS] = lap(&mark);
    dn_status status = dn_frame_from_labels(labels, &reference, NULL, &out->frame);
    out->cpu_seconds[DN_ACPC_FRAME] = lap(&mark);
    out->has_frame = status == DN_OK;
    dn_labels_destroy(labels);
    return status;
}

/* Exchanges the columns (the last axis) from the middle on. */
static void flip(dn_volume *volume)
{
    const int64_t plane = volume->grid.dim[0] * volume->grid.dim[1], n = volume->grid.dim[2];
    for (int64_t k = 0; k < n / 2; ++k) {
        float *near = volume->data + k * plane, *far = volume->data + (n - 1 - k) * plane;
        for (int64_t v = 0; v < plane; ++v) {
            const float kept = near[v];
            near[v] = far[v];
            far[v] = kept;
        }
    }
}

/* The mean with what is seen in the mirror (sides exchanged), so that no side is favoured. conformed: mirrored. */
static dn_status look_in_mirror(const dn_acpc *acpc, dn_conformed *conformed, dn_slice_posteriors *maps)
{
    dn_slice_posteriors other;
    int64_t mirror[DN_CHANNEL_LIMIT];
    dn_structures_mirror_channels(dn_stack_models_structures(acpc->models), mirror);
    flip(conformed->volume);
    DN_TRY(dn_slice_network_run_conformed(dn_stack_models_network(acpc->models), conformed, &other));
    for (int64_t c = 0; c < maps->channels; ++c) {
        const float *from = other.maps[mirror[c]]->data;
        float *to = maps->maps[c]->data;
        flip(other.maps[mirror[c]]);
        for (int64_t v = 0; v < dn_grid_count(&maps->maps[c]->grid); ++v) {
            to[v] = 0.5f * (to[v] + from[v]);
        }
    }
    maps->disagreement = 0.5 * (maps->disagreement + other.disagreement);
    dn_slice_posteriors_release(&other);
    return DN_OK;
}

/* In the frame's own coordinates: there the stack's axes are the directions, whatever way the head lay in the scanner. */
static dn_status look(const dn_acpc *acpc, const dn_volume *scan, dn_acpc_found *out)
{
    dn_status status = DN_OK;
    dn_volume *stack = NULL;
    dn_conformed conformed = {0};
    dn_slice_posteriors maps = {.maps = NULL};
    double mark = 0.0;
    lap(&mark);
    DN_TRY(dn_stack_cut(scan, &out->frame, &acpc->geometry, NULL, NULL, &stack));
    dn_affine_compose(&out->frame.from_scan, &stack->grid.affine, &stack->grid.affine);
    out->cpu_seconds[DN_ACPC_CUT] = lap(&mark);
    DN_TRY_GOTO(status, dn_conform(stack, &dn_stack_models_at(acpc->models, 0)->input, &conformed), done);
    DN_TRY_GOTO(status, dn_slice_network_run_conformed(dn_stack_models_network(acpc->models), &conformed, &maps), done);
    if (acpc->mirror) {
        DN_TRY_GOTO(status, look_in_mirror(acpc, &conformed, &maps), done);
    }
    out->cpu_seconds[DN_ACPC_NETWORK] = lap(&mark);
    out->disagreement = maps.disagreement;
    out->grid = maps.maps[0]->grid;
    dn_affine_compose(&out->frame.to_scan, &out->grid.affine, &out->grid.affine);
    status = dn_stack_clean(dn_stack_models_structures(acpc->models), &maps, &out->stack, out->groups);
    out->cpu_seconds[DN_ACPC_CLEAN] = lap(&mark);
done:
    dn_conformed_release(&conformed);
    dn_slice_posteriors_release(&maps);
    return status;
}

dn_status dn_acpc_run(dn_acpc *acpc, const dn_volume *scan, const dn_head *head, dn_acpc_found *out)
{
    memset(out, 0, sizeof *out);
    out->geometry = acpc->geometry;
    dn_status status = find_frame(acpc, head, out);
    if (status != DN_OK) {
        return dn_error_context(status, "the AC-PC frame was not found");
    }
    DN_TRY(look(acpc, scan, out));
    const dn_structures *structures = dn_stack_models_structures(acpc->models);
    for (size_t g = 0; g < structures->group_count; ++g) {
        if (out->groups[g].core_voxels > 0) {
            return DN_OK;
        }
    }
    DN_FAIL(DN_EDATA, "the network found nothing in the slices around the AC-PC line");
}

void dn_acpc_found_release(dn_acpc_found *found)
{
    dn_posteriors_release(&found->stack);
}

/* ---- back to the scan --------------------------------------------------------------------------------------------- */

/* Nodes of the lattice that hold what was found and its rim. */
static dn_status place_box(const dn_acpc_found *found, const dn_structures *structures, const dn_grid *oriented, double scale[3],
                           dn_posteriors *box)
{
    double spacing[3], low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY};
    dn_affine back, to_oriented;
    dn_grid_spacing(oriented, spacing);
    DN_TRY(dn_affine_invert(&oriented->affine, &back));
    dn_affine_compose(&back, &found->grid.affine, &to_oriented);
    for (size_t g = 0; g < structures->group_count; ++g) {
        const dn_group_result *group = &found->groups[g];
        double from[3], to[3];
        for (int c = 0; c < 3; ++c) {
            from[c] = (double)(group->low[c] - RIM);
            to[c] = (double)(group->high[c] - 1 + RIM);
        }
        dn_affine_bounds(&to_oriented, from, to, from, to);
        for (int c = 0; c < 3 && group->core_voxels > 0; ++c) {
            low[c] = fmin(low[c], from[c]);
            high[c] = fmax(high[c], to[c]);
        }
    }
    for (int c = 0; c < 3; ++c) {
        scale[c] = 1.0 / fmax(1.0, round(spacing[c] / LATTICE_MM));
        box->start[c] = (int64_t)floor(low[c] / scale[c]);
        box->dim[c] = (int64_t)ceil(high[c] / scale[c]) - box->start[c] + 1;
    }
    return DN_OK;
}

/* The world's grid of the box's nodes. */
static void box_grid(const dn_grid *oriented, const double scale[3], const dn_posteriors *box, dn_grid *out)
{
    dn_affine own = {{{0}}};
    memset(out, 0, sizeof *out);
    for (int c = 0; c < 3; ++c) {
        out->dim[c] = box->dim[c];
        own.m[c][c] = scale[c];
        own.m[c][3] = scale[c] * (double)box->start[c];
    }
    dn_affine_compose(&oriented->affine, &own, &out->affine);
}

/* Bounds and middle of each group's voxels; what is counted and summed stays as it was on the stack, volumes in the new voxels. */
static void find_bounds(const dn_posteriors *box, const dn_structures *structures, double share, dn_group_result *groups)
{
    const int64_t voxels = dn_posteriors_voxels(box);
    int64_t count[DN_GROUP_LIMIT] = {0};
    for (size_t g = 0; g < structures->group_count; ++g) {
        groups[g].volume *= share;
        groups[g].dropped *= share;
        for (int c = 0; c < 3; ++c) {
            groups[g].low[c] = box->dim[c];
            groups[g].high[c] = 0;
            groups[g].centre[c] = 0.0;
        }
    }
    for (int64_t v = 0; v < voxels; ++v) {
        const int64_t at[3] = {v % box->dim[0], v / box->dim[0] % box->dim[1], v / (box->dim[0] * box->dim[1])};
        int g = structures->group_of[dn_most_probable(dn_posteriors_of(box, v), box->channels)];
        for (int c = 0; c < 3 && g != DN_NO_GROUP; ++c) {
            groups[g].low[c] = at[c] < groups[g].low[c] ? at[c] : groups[g].low[c];
            groups[g].high[c] = at[c] + 1 > groups[g].high[c] ? at[c] + 1 : groups[g].high[c];
            groups[g].centre[c] += (double)at[c];
        }
        if (g != DN_NO_GROUP) {
            ++count[g];
        }
    }
    for (size_t g = 0; g < structures->group_count; ++g) {
        for (int c = 0; c < 3; ++c) {
            groups[g].centre[c] /= count[g] > 0 ? (double)count[g] : 1.0;
        }
        if (count[g] == 0) { /* less than a node of the lattice: nothing that a scan could show */
            memset(&groups[g], 0, sizeof groups[g]);
        }
    }
}

dn_status dn_acpc_lattice(const dn_acpc_found *found, const dn_structures *structures, const dn_grid *oriented, dn_posteriors *box,
                          double scale[3], dn_group_result groups[DN_GROUP_LIMIT])
{
    dn_status status = DN_OK;
    dn_grid grid;
    dn_volume *from = NULL; /* a channel of the stack */
    memset(box, 0, sizeof *box);
    DN_TRY(place_box(found, structures, oriented, scale, box));
    box_grid(oriented, scale, box, &grid);
    DN_TRY(dn_posteriors_alloc(box, grid.dim, found->stack.channels));
    DN_TRY_GOTO(status, dn_volume_create(&found->grid, &from), fail);
    for (int64_t c = 0; c < box->channels; ++c) {
        dn_volume *map = NULL;
        const dn_resample_options how = {.method = DN_RESAMPLE_LINEAR, .fill = c == 0 ? 1.0f : 0.0f}; /* background outside the stack */
        dn_posteriors_get_map(&found->stack, c, from->data);
        DN_TRY_GOTO(status, dn_resample_volume(from, &grid, &how, &map), fail);
        dn_posteriors_set_map(box, c, map->data);
        dn_volume_destroy(map);
    }
    memcpy(groups, found->groups, DN_GROUP_LIMIT * sizeof *groups);
    find_bounds(box, structures, dn_grid_voxel_volume(&found->grid) / dn_grid_voxel_volume(&grid), groups);
    dn_volume_destroy(from);
    return DN_OK;
fail:
    dn_volume_destroy(from);
    dn_posteriors_release(box);
    return status;
}
