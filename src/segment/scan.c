#include "segment/scan.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "infer/region.h"
#include "infer/white_matter.h"
#include "segment/head/map.h"
#include "segment/segmenter.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Fewer voxels than this are not the structure but noise. */
enum { FOUND_VOXELS = 8 };
/* A box is centred when its middle is as near to the middle of what it holds, voxels. */
#define CENTRED 1.5

const char *dn_stage_name(dn_stage stage)
{
    static const char *const names[DN_STAGE_COUNT] = {"read", "conform", "find the region", "whole head", "network", "measure", "write"};
    return names[stage];
}

/* All groups are there, and so far from the box's cut faces that the whole head would give the same; or, for a network with a box of
 * its own (box > 0), in the middle of it.
 * *seen: at least one is there; centre: of all that is there, in voxels of the volume. */
static bool settled(const dn_segment_result *r, int64_t box, const int64_t padded[3], bool *seen, double centre[3])
{
    bool all = true;
    int64_t low[3] = {INT64_MAX, INT64_MAX, INT64_MAX};
    int64_t high[3] = {0, 0, 0};
    *seen = false;
    for (size_t g = 0; g < r->structures.group_count; ++g) {
        const dn_group_result *group = &r->groups[g];
        if (group->core_voxels < FOUND_VOXELS) {
            all = false;
            continue;
        }
        *seen = true;
        for (int c = 0; c < 3; ++c) {
            low[c] = group->low[c] < low[c] ? group->low[c] : low[c];
            high[c] = group->high[c] > high[c] ? group->high[c] : high[c];
        }
    }
    if (!*seen) {
        return false;
    }
    for (int c = 0; c < 3; ++c) {
        centre[c] = 0.5 * (double)(low[c] + high[c] - 1) + (double)r->posteriors.start[c];
    }
    int64_t clearance = dn_region_clearance(padded, r->posteriors.start, r->posteriors.dim, low, high);
    if (box == 0) {
        return all && clearance >= DN_REGION_MARGIN;
    }
    for (int c = 0; c < 3; ++c) {
        double middle = (double)r->posteriors.start[c] + 0.5 * (double)(r->posteriors.dim[c] - 1);
        all = all && fabs(centre[c] - middle) <= CENTRED;
    }
    return all && clearance >= DN_REGION_BOX_MARGIN;
}

/* What was found on the box, before it is cleaned, gives way to its mean with what the network says of the mirror image. */
static dn_status ask_mirrored(dn_segmenter *s, dn_segment_result *r)
{
    dn_posteriors mean;
    const dn_consensus_options pair = dn_consensus_mirrored_pair();
    if (!s->model->input.mirror || s->options.consensus != NULL) {
        return DN_OK;
    }
    DN_TRY(dn_consensus_run(s->network, &r->structures, r->conformed.volume, r->posteriors.start, r->posteriors.dim, 0.0, &pair,
                            &r->posteriors, &mean, &r->mirrored));
    dn_posteriors_release(&r->posteriors);
    r->posteriors = mean;
    return DN_OK;
}

static dn_status run_box(dn_segmenter *s, dn_segment_result *r, const int64_t padded[3], const double centre[3], bool *done, bool *seen,
                         double next[3])
{
    int64_t start[3];
    int64_t dim[3];
    const int64_t box = dn_region_box(&s->model->input);
    dn_region_place(padded, centre, box > 0 ? box : DN_REGION_SIZE, box > 0 ? 1 : s->model->input.multiple, start, dim);
    dn_posteriors_release(&r->posteriors);
    DN_TRY(dn_network_run(s->network, r->conformed.volume, start, dim, &r->posteriors));
    if (r->posteriors.channels != r->structures.channels) {
        DN_FAIL(DN_EFORMAT, "model %s has %lld output channels but names %lld", s->model->name, (long long)r->posteriors.channels,
                (long long)r->structures.channels);
    }
    DN_TRY(ask_mirrored(s, r));
    DN_TRY(dn_postprocess(&r->posteriors, &r->structures, r->groups));
    *done = settled(r, box, padded, seen, next);
    return DN_OK;
}

/* Where the network sees the structures in the whole head. *seen: it sees at least one. */
static dn_status search_whole_head(dn_segmenter *s, dn_segment_result *r, bool *seen, double centre[3])
{
    uint8_t *labels = NULL;
    dn_group_result *groups = NULL;
    dn_status status;
    DN_TRY_GOTO(status, dn_network_run_whole(s->network, r->conformed.volume, &labels), done);
    DN_TRY_GOTO(status, dn_alloc(&groups, r->structures.group_count, sizeof *groups, "the structures found"), done);
    DN_TRY_GOTO(status, dn_postprocess_labels(labels, r->conformed.volume->grid.dim, &r->structures, groups), done);
    /* Centre on the largest find; its partner on the other side is next to it or is not the partner. */
    int64_t largest = 0;
    for (size_t g = 0; g < r->structures.group_count; ++g) {
        if (groups[g].core_voxels > largest) {
            largest = groups[g].core_voxels;
            memcpy(centre, groups[g].centre, sizeof groups[g].centre);
        }
    }
    *seen = largest >= FOUND_VOXELS;
done:
    free(labels);
    free(groups);
    return status;
}

/* Between stages is where Ctrl-C is heard and progress is told. */
static dn_status enter(const dn_segment_result *r, dn_stage stage)
{
    dn_progress(r->stem, (int64_t)stage, DN_STAGE_COUNT);
    return dn_cancel_check();
}

/* Where a fixed place for the white matter is asked for, in one run or in several. */
static dn_status settle_intensities(const dn_segmenter *s, dn_segment_result *r)
{
    bool wanted = s->options.white_matter > 0.0 || (s->options.consensus != NULL && s->options.consensus->peaks > 0);
    if (wanted) {
        if (!r->location.found) { /* the head was not aligned for the region's sake */
            DN_TRY(dn_locate_hypothalamus(r->conformed.volume, &r->location));
        }
        dn_status status = dn_white_matter_peak(r->conformed.volume, &r->location, &r->white_matter);
        if (status != DN_OK) {
            return dn_error_context(status, "%s", r->path);
        }
        if (s->options.white_matter > 0.0) {
            dn_white_matter_scale(r->conformed.volume, r->white_matter, s->options.white_matter);
        }
    }
    return DN_OK;
}

/* The consensus on the box on which the network has settled takes the place of its answer. */
static dn_status ask_again(dn_segmenter *s, dn_segment_result *r)
{
    dn_posteriors mean;
    if (s->options.consensus == NULL) {
        return DN_OK;
    }
    double peak = s->options.white_matter > 0.0 ? s->options.white_matter : r->white_matter;
    DN_TRY(dn_consensus_run(s->network, &r->structures, r->conformed.volume, r->posteriors.start, r->posteriors.dim, peak,
                            s->options.consensus, NULL, &mean, &r->consensus));
    dn_posteriors_release(&r->posteriors);
    r->posteriors = mean;
    return dn_postprocess(&r->posteriors, &r->structures, r->groups);
}

/* The conformed scan takes the place of the scan: what follows is drawn, labelled and written on it. */
static void take_model_grid(dn_segment_result *r)
{
    dn_conformed *c = &r->conformed;
    dn_volume_destroy(c->oriented);
    c->oriented = c->volume;
    c->volume = NULL;
    c->scan_grid = c->oriented->grid;
    for (int a = 0; a < 3; ++a) {
        c->scale[a] = 1.0;
        c->offset[a] = 0.0;
    }
}

static dn_status not_found(const dn_segment_result *r)
{
    DN_FAIL(DN_EDATA,
            "%s: no structure was found in this scan, so nothing was measured; check with a viewer that it is a T1-weighted scan of a "
            "head, not cut below the thalamus, and that its orientation is right",
            r->path);
}

static dn_status find_and_run(dn_segmenter *s, dn_segment_result *r)
{
    int64_t padded[3];
    dn_network_padded(s->network, r->conformed.volume, padded);
    r->whole_voxels = padded[0] * padded[1] * padded[2];
    double centre[3];
    double next[3];
    bool done = false;
    bool seen = false;
    DN_TRY(settle_intensities(s, r));
    if (!s->options.whole_head) {
        if (r->located) {
            DN_TRY(run_box(s, r, padded, r->location.centre, &done, &seen, next));
        }
        r->found_by = DN_FOUND_BY_TEMPLATE;
        if (!done && seen) {
            memcpy(centre, next, sizeof centre);
            DN_TRY(run_box(s, r, padded, centre, &done, &seen, next));
            r->found_by = DN_FOUND_BY_SECOND_BOX;
        }
        if (dn_region_box(&s->model->input) > 0) {
            return seen ? DN_OK : not_found(r);
        }
        /* Where the head is aligned well, there is nothing better to be found elsewhere: a torn or one-sided find is what the
         * network sees, and quality control says so. */
        if (done || (seen && r->location.correlation >= DN_LOCATE_CERTAIN)) {
            return DN_OK;
        }
        dn_log(DN_LOG_NOTE, "%s: not where the aligned average head has it; searching the whole head (this takes longer)", r->stem);
    }
    r->found_by = DN_FOUND_BY_WHOLE_HEAD;
    DN_TRY(search_whole_head(s, r, &seen, centre));
    /* The first box may cut what it holds when only one side was seen; a second one, centred on all of it, does not. */
    for (int round = 0; round < 2 && seen && !done; ++round) {
        DN_TRY(run_box(s, r, padded, centre, &done, &seen, next));
        memcpy(centre, next, sizeof centre);
    }
    return seen ? DN_OK : not_found(r);
}

static dn_status locate(const dn_segmenter *s, dn_segment_result *r)
{
    double begin = omp_get_wtime();
    if (s->options.whole_head && s->head == NULL) {
        return DN_OK;
    }
    DN_TRY(enter(r, DN_STAGE_LOCATE));
    dn_status status = dn_locate_hypothalamus(r->conformed.volume, &r->location);
    r->seconds[DN_STAGE_LOCATE] = omp_get_wtime() - begin;
    if (status != DN_OK) {
        return dn_error_context(status, "%s", r->path);
    }
    r->located = r->location.found;
    return DN_OK;
}

/* The copy of a scan without skull that a consensus is made of; NULL: the scan itself. */
static dn_status fill_around(const dn_segmenter *s, dn_segment_result *r, dn_volume **filled)
{
    dn_labels *labels = NULL;
    if (!s->fills || !r->head.stripped) {
        return DN_OK;
    }
    DN_TRY(dn_head_labels(&r->head, &r->conformed.volume->grid, &labels));
    dn_status status = dn_fluid_fill_around(r->conformed.volume, labels, filled, &r->fill);
    dn_labels_destroy(labels);
    if (status == DN_OK) {
        dn_segmenter_name_head(s, r);
        dn_log(DN_LOG_NOTE, "%s: the skull was taken off; the consensus is made with fluid and a bright shell put around the brain",
               r->stem);
    } else if (status == DN_EDATA) {
        dn_log(DN_LOG_WARNING, "%s: the skull was taken off, and nothing was put around the brain for the consensus: %s", r->stem,
               dn_error_message());
        dn_error_clear();
        status = DN_OK;
    }
    return status;
}

/* The hypothalamus. Where it is not found, that is an error only when nothing else is measured. */
static dn_status run_parts(dn_segmenter *s, dn_segment_result *r)
{
    double begin = omp_get_wtime();
    int64_t before = dn_network_work_done(s->network)->voxels;
    dn_volume *scan = r->conformed.volume;
    dn_volume *filled = NULL;
    DN_TRY(enter(r, DN_STAGE_NETWORK));
    DN_TRY(fill_around(s, r, &filled));
    r->conformed.volume = filled != NULL ? filled : scan;
    dn_status status = find_and_run(s, r);
    if (status == DN_OK) {
        status = ask_again(s, r);
    }
    r->conformed.volume = scan; /* what follows sees the scan as it is */
    dn_volume_destroy(filled);
    dn_network_rest(s->network, false);
    r->network_voxels = dn_network_work_done(s->network)->voxels - before;
    r->seconds[DN_STAGE_NETWORK] = omp_get_wtime() - begin;
    r->has_parts = status == DN_OK;
    if (status == DN_EDATA && s->measures_head) {
        dn_error_clear();
        dn_posteriors_release(&r->posteriors);
        return DN_OK;
    }
    return status;
}

/* The hypothalamus by slices, after the whole head was looked at. Where that does not lead to it, that is an error only when nothing else
 * is measured. */
static dn_status run_slices(dn_segmenter *s, dn_segment_result *r)
{
    double begin = omp_get_wtime();
    DN_TRY(enter(r, DN_STAGE_NETWORK));
    dn_status status = dn_acpc_run(s->acpc, r->conformed.oriented, &r->head, &r->acpc);
    r->seconds[DN_STAGE_NETWORK] = omp_get_wtime() - begin;
    r->found_by = DN_FOUND_BY_FRAME;
    r->has_parts = status == DN_OK;
    if (status == DN_EDATA && s->measures_head) {
        DN_TRY(dn_strdup(dn_error_message(), &r->acpc_refused));
        dn_error_clear();
        return DN_OK;
    }
    return status == DN_OK ? DN_OK : dn_error_context(status, "%s: the hypothalamus was not measured", r->path);
}

static dn_status run_head(dn_segmenter *s, dn_segment_result *r)
{
    double begin = omp_get_wtime();
    DN_TRY(enter(r, DN_STAGE_HEAD));
    DN_TRY(dn_whole_head_conformed(s->head, &r->conformed, dn_segmenter_contract(s), &r->location, &r->head));
    r->has_head = s->measures_head;
    r->seconds[DN_STAGE_HEAD] = omp_get_wtime() - begin;
    return DN_OK;
}

/* The mask of what is inside the skull, and its row's numbers. */
static dn_status measure_icv(dn_segment_result *r)
{
    dn_volume *inside = NULL;
    if (!r->icv_wanted || r->head.stripped) {
        return DN_OK;
    }
    DN_TRY(dn_head_inside(&r->head, &r->conformed.scan_grid, &inside));
    dn_status status = dn_labels_create(&r->conformed.scan_grid, &r->icv);
    int64_t count = status == DN_OK ? dn_grid_count(&r->conformed.scan_grid) : 0;
    int64_t voxels = 0;
    double sum = 0;
    for (int64_t v = 0; v < count; ++v) {
        if (inside->data[v] > 0.5f) {
            r->icv->data[v] = 1;
            sum += (double)inside->data[v];
            ++voxels;
        }
    }
    dn_volume_destroy(inside);
    DN_TRY(status);
    return dn_volumes_add_icv(&r->volumes, r->head.icv_mm3, (double)voxels * dn_grid_voxel_volume(&r->conformed.scan_grid),
                              voxels > 0 ? sum / (double)voxels : (double)NAN);
}

/* Where the posteriors' voxels lie; those of slices are brought to a lattice that goes along the scan's axes. */
static dn_status settle_place(dn_segment_result *r)
{
    if (r->found_by == DN_FOUND_BY_FRAME && r->has_parts) {
        const dn_grid *oriented = &r->conformed.oriented->grid;
        DN_TRY(dn_acpc_lattice(&r->acpc, &r->structures, oriented, &r->posteriors, r->place.scale, r->groups));
        r->place.voxel_mm3 = dn_grid_voxel_volume(oriented) * r->place.scale[0] * r->place.scale[1] * r->place.scale[2];
        return DN_OK;
    }
    memcpy(r->place.scale, r->conformed.scale, sizeof r->place.scale);
    memcpy(r->place.offset, r->conformed.offset, sizeof r->place.offset);
    r->place.voxel_mm3 = r->conformed_voxel;
    return DN_OK;
}

dn_conformed dn_segment_result_place(const dn_segment_result *result)
{
    dn_conformed place = result->conformed;
    memcpy(place.scale, result->place.scale, sizeof place.scale);
    memcpy(place.offset, result->place.offset, sizeof place.offset);
    return place;
}

const dn_model *dn_segment_result_model(const dn_segment_result *result)
{
    return result->has_parts ? result->structures.model : NULL;
}

static dn_status measure_labels(dn_segment_result *r)
{
    dn_head_tally tally = {{0}, {0}};
    DN_TRY(settle_place(r));
    if (r->has_parts) {
        const dn_conformed place = dn_segment_result_place(r);
        DN_TRY(dn_native_labels(&place, &r->posteriors, &r->structures, &r->native));
        DN_TRY(dn_volumes_measure(&r->posteriors, r->place.voxel_mm3, &r->native, &r->structures, r->groups, &r->volumes));
    } else {
        DN_TRY(dn_labels_create(&r->conformed.scan_grid, &r->native.labels));
        r->native.voxel_volume = dn_grid_voxel_volume(&r->conformed.scan_grid);
    }
    if (r->has_head) {
        DN_TRY(dn_head_paint(&r->head, r->head_wanted, r->native.labels, &tally));
        DN_TRY(dn_volumes_add_head(&r->volumes, &r->head, r->head_wanted, &tally, r->native.voxel_volume));
        DN_TRY(measure_icv(r));
    }
    return DN_OK;
}

static dn_status measure(const dn_segmenter *s, dn_segment_result *r)
{
    double begin = omp_get_wtime();
    DN_TRY(enter(r, DN_STAGE_MEASURE));
    DN_TRY(measure_labels(r));
    const dn_conformed place = dn_segment_result_place(r);
    dn_quality_evidence evidence = {
        .info = &r->info,
        .conformed = &place,
        .location = !r->located       ? NULL
                    : s->head != NULL ? &r->head.location
                                      : &r->location,
        .head_seen = s->head != NULL,
        .posteriors = &r->posteriors,
        .structures = &r->structures,
        .groups = r->groups,
        .volumes = &r->volumes,
        .searched_whole_head = r->located && r->found_by == DN_FOUND_BY_WHOLE_HEAD,
        .head = r->has_head ? &r->head : NULL,
        .head_wanted = r->head_wanted,
        .icv_wanted = r->icv_wanted,
        .limits = s->acpc != NULL ? DN_LIMITS_SLICES : DN_LIMITS_VOLUMES,
        .acpc = s->acpc != NULL ? &r->acpc : NULL,
        .acpc_refused = r->acpc_refused,
        .disagreement = r->acpc.disagreement,
        .mirror_disagreement = r->mirrored.members > 0 ? r->mirrored.disagreement : (double)NAN,
    };
    dn_part_picture parts[DN_GROUP_LIMIT];
    if (r->has_parts) {
        DN_TRY(dn_parts_see(&place, &r->posteriors, &r->structures, r->groups, parts));
        evidence.parts = parts;
        DN_TRY(dn_image_quality_around(&place, &r->posteriors, &r->structures, r->groups, &evidence.image));
    }
    dn_quality_judge(&evidence, &r->quality);
    dn_score_judge(&evidence, r->has_parts, &r->consensus, s->options.accept, &r->quality, &r->score);
    r->seconds[DN_STAGE_MEASURE] = omp_get_wtime() - begin;
    return DN_OK;
}

static dn_status read_and_conform(const dn_segmenter *s, dn_segment_result *r)
{
    dn_volume *scan = NULL;
    double begin = omp_get_wtime();
    DN_TRY(enter(r, DN_STAGE_READ));
    dn_scan_read_options read_options = {.trust = s->options.trust};
    DN_TRY(dn_scan_read(r->path, &read_options, &scan, &r->info));
    r->seconds[DN_STAGE_READ] = omp_get_wtime() - begin;
    begin = omp_get_wtime();
    dn_status status = enter(r, DN_STAGE_CONFORM);
    if (status != DN_OK) {
        dn_volume_destroy(scan);
        return status;
    }
    status = dn_conform(scan, dn_segmenter_contract(s), &r->conformed);
    if (status != DN_OK) {
        return dn_error_context(status, "%s", r->path);
    }
    dn_grid_spacing(&r->conformed.scan_grid, r->scan_spacing);
    r->conformed_voxel = dn_grid_voxel_volume(&r->conformed.volume->grid);
    r->seconds[DN_STAGE_CONFORM] = omp_get_wtime() - begin;
    return DN_OK;
}

dn_status dn_segment_scan(dn_segmenter *segmenter, const char *path, dn_segment_result **out)
{
    dn_segment_result *r = NULL;
    dn_status status;
    *out = NULL;
    DN_TRY(dn_alloc(&r, 1, sizeof *r, "the result"));
    dn_segmenter_describe(segmenter, r);
    DN_TRY_GOTO(status, dn_strdup(path, &r->path), fail);
    DN_TRY_GOTO(status, dn_path_scan_stem(path, &r->stem), fail);
    DN_TRY_GOTO(status, read_and_conform(segmenter, r), fail);
    DN_TRY_GOTO(status, locate(segmenter, r), fail);
    /* First, because it is looked at as it is (--white-matter changes the intensities), and because slices need its labels. */
    if (dn_segmenter_wants_head(segmenter, r)) {
        DN_TRY_GOTO(status, run_head(segmenter, r), fail);
    }
    if (segmenter->network != NULL) {
        DN_TRY_GOTO(status, run_parts(segmenter, r), fail);
    }
    if (segmenter->acpc != NULL) {
        DN_TRY_GOTO(status, run_slices(segmenter, r), fail);
    }
    if (segmenter->options.model_grid) {
        take_model_grid(r);
    }
    dn_volume_destroy(r->conformed.volume);
    r->conformed.volume = NULL;
    DN_TRY_GOTO(status, measure(segmenter, r), fail);
    DN_TRY_GOTO(status, enter(r, DN_STAGE_WRITE), fail);
    *out = r;
    return DN_OK;
fail:
    dn_segment_result_destroy(r);
    return status;
}

void dn_segment_result_destroy(dn_segment_result *result)
{
    if (result != NULL) {
        dn_volume_rows_release(&result->volumes);
        free(result->true_mm3);
        dn_native_release(&result->native);
        dn_labels_destroy(result->icv);
        dn_head_release(&result->head);
        dn_posteriors_release(&result->posteriors);
        dn_acpc_found_release(&result->acpc);
        free(result->acpc_refused);
        dn_conformed_release(&result->conformed);
        free(result->stem);
        free(result->path);
        free(result);
    }
}
