/* The order of the passes over a head, and the repeats for heads of unusual size or position. */
#include "segment/head/whole_head.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/orientation.h"
#include "image/resample.h"
#include "infer/network.h"
#include "models/store.h"
#include "segment/head/as_t1.h"
#include "segment/head/clean.h"
#include "segment/head/coarse.h"
#include "segment/head/evidence.h"
#include "segment/head/fine.h"
#include "segment/head/icv.h"
#include "segment/head/moments.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The coarse box, voxels: what the network was trained on. */
static const int64_t coarse_dim[3] = {88, 104, 88};
/* Its middle in the average head's world, mm: so that the brain and the scalp around it fit. */
static const double coarse_middle[3] = {0.0, -13.0, 18.0};
/* Inside the skull may come no nearer to the box's faces than this, voxels. */
enum { ROOM = 3 };

struct dn_whole_head {
    dn_whole_head_options options;
    dn_model *coarse, *fine;
    dn_structures structures;
    dn_network *coarse_network, *fine_network;
};

/* Both must say the same of each channel. */
static dn_status check_labels(const dn_model *a, const dn_model *b)
{
    bool same = a->label_count == b->label_count;
    for (size_t i = 0; i < a->label_count && same; ++i) {
        same = a->labels[i].channel == b->labels[i].channel && a->labels[i].index == b->labels[i].index;
    }
    if (!same) {
        DN_FAIL(DN_EFORMAT, "models %s and %s do not have the same labels, so they cannot be used together", a->name, b->name);
    }
    return DN_OK;
}

dn_status dn_whole_head_create(const dn_whole_head_options *options, dn_whole_head **out)
{
    dn_whole_head *w = NULL;
    dn_status status;
    dn_network_options network = {options->precision, options->memory_limit};
    DN_TRY(dn_alloc(&w, 1, sizeof *w, "the networks of the whole head"));
    w->options = *options;
    DN_TRY_GOTO(status, dn_model_open(options->coarse != NULL ? options->coarse : DN_WHOLE_HEAD_COARSE, &w->coarse), fail);
    DN_TRY_GOTO(status, dn_structures_init(w->coarse, &w->structures), fail);
    DN_TRY_GOTO(status, dn_network_create(w->coarse, &network, &w->coarse_network), fail);
    if (!options->coarse_only) {
        DN_TRY_GOTO(status, dn_model_open(options->fine != NULL ? options->fine : DN_WHOLE_HEAD_FINE, &w->fine), fail);
        DN_TRY_GOTO(status, check_labels(w->coarse, w->fine), fail);
        DN_TRY_GOTO(status, dn_network_create(w->fine, &network, &w->fine_network), fail);
    }
    *out = w;
    return DN_OK;
fail:
    dn_whole_head_destroy(w);
    return status;
}

void dn_whole_head_destroy(dn_whole_head *whole)
{
    if (whole != NULL) {
        dn_network_destroy(whole->fine_network);
        dn_network_destroy(whole->coarse_network);
        dn_model_destroy(whole->fine);
        dn_model_destroy(whole->coarse);
        free(whole);
    }
}

const dn_model *dn_whole_head_coarse(const dn_whole_head *whole)
{
    return whole->coarse;
}

const dn_model *dn_whole_head_fine(const dn_whole_head *whole)
{
    return whole->fine;
}

/* ---- the average head --------------------------------------------------------------------------------------------- */

/* Voxels of the oriented scan -> those of the conformed scan. */
static dn_affine conformed_of(const dn_conformed *done)
{
    dn_affine out = {{{0}}};
    for (int c = 0; c < 3; ++c) {
        out.m[c][c] = 1.0 / done->map.scale[c];
        out.m[c][3] = -done->map.offset[c] / done->map.scale[c];
    }
    return out;
}

/* Voxels of the oriented scan -> template mm, from the template -> voxels of the conformed scan. */
static void find_template(const dn_conformed *done, dn_head *head)
{
    dn_affine inverse;
    head->to_template = (dn_affine){{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
    if (!head->location.found || dn_affine_invert(&head->location.to_volume, &inverse) != DN_OK) {
        dn_error_clear();
        head->location.found = false;
        return;
    }
    const dn_affine to_conformed = conformed_of(done);
    dn_affine_compose(&inverse, &to_conformed, &head->to_template);
}

/* ---- the coarse pass ---------------------------------------------------------------------------------------------- */

/* What the networks make of a structure depends on the head's size: thalami of heads at 0.9 of the average head's come out 7 to 12 % too
 * large, at 1.1 10 % too small (docs/evidence/quality_limits.md). So they see heads between these sizes, and others at the nearer of them.
 */
#define SIZE_LOW 0.97
#define SIZE_HIGH 1.03
/* Of a slab the alignment does not know the size. */
#define BRAIN_SEEN 0.9

static double known_size(const dn_location *location)
{
    const double size = cbrt(location->scale[0] * location->scale[1] * location->scale[2]);
    const bool placed = location->match >= DN_ALIGN_MATCH || location->correlation >= DN_ALIGN_CERTAIN;
    const bool sure = location->found && placed && location->brain_inside >= BRAIN_SEEN;
    return !sure ? 1.0 : size < SIZE_LOW ? size / SIZE_LOW : size > SIZE_HIGH ? size / SIZE_HIGH : 1.0;
}

/* The scan as a network asks for it, of the known size: `own`, where `done` is not that already. What is measured stays in the scan's own
 * mm, because the grid of `own` does. */
static dn_status show(const dn_conformed *done, const dn_model_input *contract, const dn_model_input *wanted, double size,
                      dn_conformed *own, const dn_conformed **out)
{
    *out = done;
    if (size == 1.0 && dn_conform_same(contract, wanted)) {
        return DN_OK;
    }
    DN_TRY(dn_conform_sized(done, wanted, size, own));
    *out = own;
    return DN_OK;
}

/* First voxel of the box around the head's middle. */
static void place_box(const dn_head *head, const dn_conformed *scan, int64_t start[3])
{
    double middle[3];
    for (int c = 0; c < 3; ++c) {
        middle[c] = 0.5 * (double)(scan->volume->grid.dim[c] - 1);
    }
    dn_affine from_template;
    if (head->location.found && dn_affine_invert(&head->to_template, &from_template) == DN_OK) {
        double at[3];
        dn_affine_apply(&from_template, coarse_middle, at);
        for (int c = 0; c < 3; ++c) {
            middle[c] = dn_axis_map_from(&scan->map, c, at[c]);
        }
    }
    for (int c = 0; c < 3; ++c) {
        double first = floor(middle[c] - 0.5 * (double)(coarse_dim[c] - 1) + 0.5);
        double most = (double)scan->volume->grid.dim[c];
        start[c] = (int64_t)fmin(fmax(first, -(double)coarse_dim[c]), most); /* an odd alignment must not overflow it */
    }
}

static dn_status look_once(dn_whole_head *whole, const dn_conformed *scan, const int64_t start[3], dn_head *head)
{
    dn_head_look *look = &head->coarse;
    dn_posteriors_release(&look->posteriors);
    DN_TRY(dn_network_run_take(whole->coarse_network, scan->volume, start, coarse_dim, &look->posteriors));
    DN_TRY(dn_structures_check_channels(&head->structures, look->posteriors.channels));
    DN_TRY(dn_grid_crop(&scan->volume->grid, start, coarse_dim, &look->grid));
    for (int c = 0; c < 3; ++c) {
        look->map.scale[c] = scan->map.scale[c];
        look->map.offset[c] = dn_axis_map_to(&scan->map, c, (double)start[c]);
    }
    return dn_head_keep_inside(look);
}

/* Where what is inside the skull comes too near to a face of the box and the opposite one has room, the box moves. */
static bool move_box(const dn_head *head, const dn_volume *scan, int64_t start[3])
{
    const dn_head_look *look = &head->coarse;
    int64_t low[3] = {INT64_MAX, INT64_MAX, INT64_MAX};
    int64_t high[3] = {-1, -1, -1};
    for (int64_t k = 0; k < coarse_dim[2]; ++k) {
        for (int64_t j = 0; j < coarse_dim[1]; ++j) {
            for (int64_t i = 0; i < coarse_dim[0]; ++i) {
                double at[3];
                dn_head_look_place(look, i, j, k, at);
                if (dn_posteriors_at(&look->posteriors, i, j, k)[0] < 0.5f && dn_head_above_neck(head, at) > 0.5f) {
                    const int64_t v[3] = {i, j, k};
                    for (int c = 0; c < 3; ++c) {
                        low[c] = v[c] < low[c] ? v[c] : low[c];
                        high[c] = v[c] > high[c] ? v[c] : high[c];
                    }
                }
            }
        }
    }
    bool moved = false;
    for (int c = 0; c < 3 && high[0] >= 0; ++c) {
        int64_t before = low[c];
        int64_t after = coarse_dim[c] - 1 - high[c];
        bool more_before = before < ROOM && start[c] > 0;
        bool more_after = after < ROOM && start[c] + coarse_dim[c] < scan->grid.dim[c];
        if (more_before != more_after) {
            int64_t shift = (before - after) / 2;
            shift = more_before && shift > -4 ? -4 : more_after && shift < 4 ? 4 : shift;
            start[c] += shift;
            moved = true;
            dn_log(DN_LOG_DEBUG, "whole head: room %lld and %lld voxels along axis %d; the box moves by %lld", (long long)before,
                   (long long)after, c, (long long)shift);
        }
    }
    return moved;
}

/* Where the average head came to lie so that the brain does not match, what the network has seen inside the skull leads to a better place:
 * the same middle and the same spread along the average head's axes, then the usual search from there. It is taken where it matches. */
static dn_status realign(const dn_conformed *done, dn_head *head)
{
    dn_location better = head->location;
    if (!head->location.found || !(head->location.match < DN_ALIGN_MATCH) || !dn_head_moments(head, &better)) {
        return DN_OK;
    }
    const dn_affine to_conformed = conformed_of(done);
    double at[3];
    dn_affine_apply(&to_conformed, better.centre, at);
    memcpy(better.centre, at, sizeof at);
    DN_TRY(dn_head_align_from(done->volume, &better));
    dn_log(DN_LOG_DEBUG, "whole head: the average head, aligned again: correlation %.2f (was %.2f), match %.2f (was %.2f)",
           better.correlation, head->location.correlation, better.match, head->location.match);
    if (better.match >= DN_ALIGN_MATCH) {
        head->location = better;
        find_template(done, head);
    }
    return DN_OK;
}

/* The same for a scan of another contrast, to which the average head cannot be compared: it is aligned with what the network found, drawn
 * as T1 would show it. *placed: it lies elsewhere now. */
static dn_status align_labels(const dn_conformed *done, dn_head *head, bool *placed)
{
    dn_location better;
    DN_TRY(dn_head_align_as_t1(head, &better));
    dn_log(DN_LOG_DEBUG, "whole head: the average head, aligned with the labels: correlation %.2f (was %.2f), match %.2f",
           better.correlation, head->location.correlation, better.match);
    *placed = better.found && better.correlation >= DN_ALIGN_CERTAIN && better.match >= DN_ALIGN_MATCH;
    if (*placed) {
        const dn_affine to_conformed = conformed_of(done);
        double centre[3];
        dn_affine to_volume;
        dn_affine_apply(&to_conformed, better.centre, centre);
        dn_affine_compose(&to_conformed, &better.to_volume, &to_volume);
        memcpy(better.centre, centre, sizeof centre);
        better.to_volume = to_volume;
        head->location = better;
        find_template(done, head);
    }
    return DN_OK;
}

/* Once, and once more where the box was not around the head. */
static dn_status look_placed(dn_whole_head *whole, const dn_conformed *scan, int64_t start[3], dn_head *head)
{
    place_box(head, scan, start);
    DN_TRY(look_once(whole, scan, start, head));
    return move_box(head, scan->volume, start) ? look_once(whole, scan, start, head) : DN_OK;
}

static dn_status look_coarse(dn_whole_head *whole, const dn_conformed *done, const dn_model_input *contract, dn_head *head)
{
    dn_conformed own = {0};
    const dn_conformed *scan = done;
    dn_status status = DN_OK;
    int64_t start[3];
    double wrong = 0;
    double paired = 0;
    DN_TRY(show(done, contract, &whole->coarse->input, head->size, &own, &scan));
    if (head->like != NULL) {
        memcpy(start, head->like->coarse.posteriors.start, sizeof start);
        DN_TRY_GOTO(status, look_once(whole, scan, start, head), done);
    } else {
        DN_TRY_GOTO(status, look_placed(whole, scan, start, head), done);
        bool placed = false; /* the box was placed by an alignment that T1 is needed for */
        DN_TRY_GOTO(status, whole->options.any_contrast ? align_labels(done, head, &placed) : realign(done, head), done);
        const double size = known_size(&head->location);
        if (size != head->size || placed) {
            head->size = size;
            dn_conformed_release(&own);
            DN_TRY_GOTO(status, show(done, contract, &whole->coarse->input, head->size, &own, &scan), done);
            DN_TRY_GOTO(status, look_placed(whole, scan, start, head), done);
        }
    }
    DN_TRY_GOTO(status, dn_head_measure_icv(head, scan->volume, start), done);
    DN_TRY_GOTO(status, dn_head_clean(head, &head->coarse, head->parts, &wrong, &paired), done);
    head->wrong_side = paired > 0 ? wrong / paired : 0;
done:
    dn_conformed_release(&own);
    return status;
}

/* ---- the fine pass ------------------------------------------------------------------------------------------------ */

static dn_status look_fine(dn_whole_head *whole, const dn_conformed *done, const dn_model_input *contract, dn_head *head)
{
    dn_conformed own = {0};
    const dn_conformed *scan = done;
    dn_head_part parts[DN_GROUP_LIMIT] = {0};
    dn_status status = DN_OK;
    double wrong = 0;
    double paired = 0;
    DN_TRY(show(done, contract, &whole->fine->input, head->size, &own, &scan));
    bool mirror = dn_structures_sees_mirror(whole->fine);
    status = dn_head_look_fine(whole->fine_network, scan, mirror, head);
    dn_network_rest(whole->fine_network);
    DN_TRY_GOTO(status, status, done);
    if (head->fine.posteriors.data == NULL) {
        goto done;
    }
    DN_TRY_GOTO(status, dn_head_clean(head, &head->fine, parts, &wrong, &paired), done);
    for (size_t g = 0; g < head->structures.group_count; ++g) {
        if (dn_clean_deep(head->structures.group[g].structure)) {
            head->parts[g] = parts[g];
        }
    }
done:
    dn_conformed_release(&own);
    return status;
}

/* Adds the pass's share of each group's posteriors to parts. Sums are taken by planes of one i, a slab of them at a time, so that they
 * depend neither on the number of threads nor on the order in which voxels lie. */
static dn_status sum_pass(const dn_head *head, const dn_head_look *look, bool fine, dn_head_part *parts)
{
    enum { SLAB = 8 };
    const dn_structures *s = &head->structures;
    const int64_t *dim = look->grid.dim;
    const double voxel = dn_grid_voxel_volume(&look->grid);
    double *sums = NULL;
    DN_TRY(dn_alloc_dims(&sums, DN_DIMS(dim[0], DN_GROUP_LIMIT), sizeof *sums, "the volumes"));
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t first = 0; first < dim[0]; first += SLAB) {
        const int64_t last = first + SLAB < dim[0] ? first + SLAB : dim[0];
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t k = 0; k < dim[2]; ++k) {
                for (int64_t i = first; i < last; ++i) {
                    const float *p = dn_posteriors_at(&look->posteriors, i, j, k);
                    double at[3];
                    if (p[0] > 0.9999f) {
                        continue;
                    }
                    dn_head_look_place(look, i, j, k, at);
                    double share = (double)dn_head_fine_share(head, at);
                    share = fine ? share : 1.0 - share;
                    for (int64_t c = 1; c < look->posteriors.channels && share > 0; ++c) {
                        if (s->group_of[c] != DN_NO_GROUP) {
                            sums[i * DN_GROUP_LIMIT + s->group_of[c]] += share * (double)p[c];
                        }
                    }
                }
            }
        }
    }
    for (int64_t i = 0; i < dim[0]; ++i) {
        for (size_t g = 0; g < s->group_count; ++g) {
            parts[g].volume_mm3 += sums[(size_t)i * DN_GROUP_LIMIT + g] * voxel;
        }
    }
    free(sums);
    return DN_OK;
}

/* Sums of posteriors by group: the fine pass where it is, the coarse one elsewhere. */
static dn_status sum_volumes(dn_head *head)
{
    for (size_t g = 0; g < head->structures.group_count; ++g) {
        head->parts[g].volume_mm3 = 0;
    }
    DN_TRY(sum_pass(head, &head->coarse, false, head->parts));
    if (head->fine.posteriors.data != NULL) {
        DN_TRY(sum_pass(head, &head->fine, true, head->parts));
    }
    for (size_t g = 0; g < head->structures.group_count; ++g) {
        head->parts[g].volume_mm3 = head->parts[g].kept_voxels > 0 ? head->parts[g].volume_mm3 : 0;
    }
    return DN_OK;
}

/* ---- together ----------------------------------------------------------------------------------------------------- */

dn_status dn_whole_head_conformed(dn_whole_head *whole, const dn_conformed *done, const dn_model_input *contract,
                                  const dn_location *location, const dn_head *like, dn_head *out)
{
    memset(out, 0, sizeof *out);
    out->like = like;
    out->structures = whole->structures;
    out->scan = done->scan_grid;
    out->oriented = done->oriented->grid;
    dn_grid_spacing(&out->oriented, out->mm);
    for (int c = 0; c < 3; ++c) {
        out->mm[c] = round(out->mm[c] * 1e5) / 1e5;
    }
    if (location != NULL) {
        out->location = *location;
    } else {
        DN_TRY(dn_head_align(done->volume, &out->location));
    }
    out->size = known_size(&out->location);
    find_template(done, out);
    dn_status status = look_coarse(whole, done, contract, out);
    if (status == DN_OK && !whole->options.coarse_only) {
        status = look_fine(whole, done, contract, out);
    }
    if (status == DN_OK) {
        status = sum_volumes(out);
    }
    if (status == DN_OK) {
        status = dn_head_see(done->oriented, out);
    }
    out->like = NULL;
    if (status != DN_OK) {
        dn_head_release(out);
    }
    return status;
}

dn_status dn_whole_head_scan(dn_whole_head *whole, const dn_volume *scan, dn_head *out)
{
    dn_conformed conformed;
    dn_volume *copy = NULL;
    const dn_model_input *contract = whole->fine != NULL ? &whole->fine->input : &whole->coarse->input;
    DN_TRY(dn_volume_create(&scan->grid, &copy));
    memcpy(copy->data, scan->data, (size_t)dn_grid_count(&scan->grid) * sizeof *copy->data);
    DN_TRY(dn_conform(copy, contract, &conformed));
    dn_status status = dn_whole_head_conformed(whole, &conformed, contract, NULL, NULL, out);
    dn_conformed_release(&conformed);
    return status;
}

void dn_head_release(dn_head *head)
{
    dn_posteriors_release(&head->coarse.posteriors);
    dn_posteriors_release(&head->fine.posteriors);
    memset(head, 0, sizeof *head);
}
