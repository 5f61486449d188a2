/* The stages of the work on one scan, in their order. */
#include "segment/scan.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "image/filter.h"
#include "segment/head/map.h"
#include "segment/hypothalamus/box.h"
#include "segment/hypothalamus/stack.h"
#include "segment/segmenter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void note(dn_segment_result *r, dn_stage stage, double *begin)
{
    const double now = dn_clock_now();
    r->seconds[stage] = now - *begin;
    *begin = now;
}

/* Between stages is where Ctrl-C is heard and progress is told. */
static dn_status enter(const dn_segment_result *r, dn_stage stage)
{
    dn_progress(r->stem, (int64_t)stage, DN_STAGE_COUNT);
    return dn_cancel_check();
}

/* The average head. */
static dn_status locate(const dn_segmenter *s, dn_segment_result *r)
{
    if (s->stacks != NULL || (s->options.whole_head && s->head == NULL)) {
        return DN_OK;
    }
    DN_TRY(enter(r, DN_STAGE_LOCATE));
    if (r->like != NULL && r->like->location == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_alloc(&r->location, 1, sizeof *r->location, "the head's place"));
    if (r->like != NULL) {
        *r->location = *r->like->location;
        return DN_OK;
    }
    dn_status status = dn_head_align(r->conformed.volume, r->location);
    if (status != DN_OK) {
        return dn_error_context(status, "%s", r->path);
    }
    if (!r->location->found) {
        free(r->location);
        r->location = NULL;
    }
    return DN_OK;
}

/* What the networks that are right for the scan see in the whole head. */
static dn_status look_at_head(const dn_segmenter *s, dn_segment_result *r, const dn_location *location)
{
    const dn_head *like = r->like != NULL && r->like->head != NULL ? &r->like->head->found : NULL;
    dn_segmenter_wanted(s, r);
    return dn_whole_head_conformed(dn_segmenter_head(s, r), &r->conformed, dn_segmenter_contract(s), location, like, &r->head->found);
}

/* The networks of the whole head. Where only the frame is asked of them, or what lies around a brain without skull, settle_head lets go of
 * their labels later. */
static dn_status run_head(dn_segmenter *s, dn_segment_result *r)
{
    DN_TRY(enter(r, DN_STAGE_HEAD));
    static const dn_location none = {.found = false};
    DN_TRY(dn_alloc(&r->head, 1, sizeof *r->head, "the head"));
    if (r->like != NULL && r->like->any_contrast_head) { /* pictures of one head are measured by the same networks */
        DN_TRY(dn_segmenter_settle_head(s, r));
    }
    DN_TRY(look_at_head(s, r, r->location != NULL ? r->location : &none));
    r->head_seen = true;
    return DN_OK;
}

/* Once more, by the networks for any contrast; they also say better where the head lies. */
static dn_status look_again(const dn_segmenter *s, dn_segment_result *r)
{
    const dn_location location = r->head->found.location;
    dn_head_release(&r->head->found);
    DN_TRY(look_at_head(s, r, &location));
    if (r->location == NULL && r->head->found.location.found) {
        DN_TRY(dn_alloc(&r->location, 1, sizeof *r->location, "the head's place"));
    }
    if (r->location != NULL) {
        *r->location = r->head->found.location;
    }
    return DN_OK;
}

/* T1-weighted or not, and which networks of the whole head are right for it. */
static dn_status see_contrast(dn_segmenter *s, dn_segment_result *r)
{
    if (r->any_contrast_head) { /* as the other picture's; the networks for T1, which could say it, have not looked at this one */
        r->contrast = r->like->contrast;
        return DN_OK;
    }
    r->contrast = dn_contrast_see(r->head != NULL ? &r->head->found : NULL, r->location, r->head_seen);
    if (r->like != NULL || r->head == NULL || !dn_contrast_is_other(r->contrast.contrast)) {
        return DN_OK;
    }
    DN_TRY(dn_segmenter_settle_head(s, r));
    return r->any_contrast_head ? look_again(s, r) : DN_OK;
}

/* Where the hypothalamus is not found, that is an error only when nothing else is measured. */
static dn_status run_box(dn_segmenter *s, dn_segment_result *r)
{
    DN_TRY(enter(r, DN_STAGE_NETWORK));
    DN_TRY(dn_segmenter_settle_contrast(s, r));
    dn_status status = dn_hypothalamus_in_box(s, r);
    if (status == DN_EDATA && s->measures_head) {
        dn_error_clear();
        return DN_OK;
    }
    return status;
}

/* By slices, after the whole head was looked at. */
static dn_status run_slices(dn_segmenter *s, dn_segment_result *r)
{
    DN_TRY(enter(r, DN_STAGE_NETWORK));
    DN_TRY(dn_alloc(&r->frame, 1, sizeof *r->frame, "the AC-PC frame"));
    dn_status status = dn_acpc_run(s->acpc, r->conformed.oriented, &r->head->found, &r->frame->found);
    if (status == DN_EDATA && s->measures_head) {
        DN_TRY(dn_strdup(dn_error_message(), &r->frame->refused));
        dn_error_clear();
        return DN_OK;
    }
    if (status != DN_OK) {
        return dn_error_context(status, "%s: the hypothalamus was not measured", r->path);
    }
    DN_TRY(dn_alloc(&r->hypothalamus, 1, sizeof *r->hypothalamus, "the hypothalamus"));
    r->hypothalamus->found_by = DN_FOUND_BY_FRAME;
    return DN_OK;
}

/* A stack alone. */
static dn_status run_stack(const dn_segmenter *s, dn_segment_result *r)
{
    DN_TRY(enter(r, DN_STAGE_NETWORK));
    dn_status status = dn_hypothalamus_in_stack(s->stacks, r);
    return status == DN_OK ? DN_OK : dn_error_context(status, "%s", r->path);
}

/* Whoever judges takes the head's place from the labels; of a head that is not measured nothing else is kept. */
static void settle_head(const dn_segmenter *s, dn_segment_result *r)
{
    if (r->head != NULL && r->location != NULL) {
        *r->location = r->head->found.location;
    }
    if (!s->measures_head) {
        dn_head_measured_destroy(r->head);
        r->head = NULL;
    }
}

/* The mask of what is inside the skull, and its row's numbers. */
static dn_status measure_icv(dn_segment_result *r, const dn_grid *grid)
{
    dn_volume *inside = NULL;
    dn_head_measured *head = r->head;
    if (!head->icv_wanted || head->found.stripped) {
        return DN_OK;
    }
    DN_TRY(dn_head_inside(&head->found, grid, &inside));
    dn_status status = dn_labels_create(grid, &head->icv);
    const int64_t slice = grid->dim[0] * grid->dim[1];
    int64_t voxels = 0;
    double sum = 0;
    double *sums = NULL; /* of each slice, added in one order: they do not depend on the number of threads */
    if (status == DN_OK) {
        status = dn_alloc(&sums, (size_t)grid->dim[2], sizeof *sums, "the inside of the skull");
    }
    const int64_t slices = status == DN_OK ? grid->dim[2] : 0;
#pragma omp parallel for schedule(static) reduction(+ : voxels)
    for (int64_t k = 0; k < slices; ++k) {
        for (int64_t v = k * slice; v < (k + 1) * slice; ++v) {
            if (inside->data[v] > 0.5f) {
                head->icv->data[v] = 1;
                sums[k] += (double)inside->data[v];
                ++voxels;
            }
        }
    }
    for (int64_t k = 0; k < slices; ++k) {
        sum += sums[k];
    }
    free(sums);
    dn_volume_destroy(inside);
    DN_TRY(status);
    return dn_volumes_add_icv(&r->volumes, head->found.icv_mm3, (double)voxels * dn_grid_voxel_volume(grid),
                              voxels > 0 ? sum / (double)voxels : (double)NAN);
}

/* The posteriors of slices are brought to a lattice that goes along the scan's axes. */
static dn_status settle_lattice(dn_segment_result *r)
{
    dn_hypothalamus *h = r->hypothalamus;
    if (h == NULL || h->found_by != DN_FOUND_BY_FRAME) {
        return DN_OK;
    }
    const dn_grid *oriented = &r->conformed.oriented->grid;
    DN_TRY(dn_acpc_lattice(&r->frame->found, &r->structures, oriented, &h->posteriors, h->map.scale, h->groups));
    h->voxel_mm3 = dn_grid_voxel_volume(oriented) * h->map.scale[0] * h->map.scale[1] * h->map.scale[2];
    return DN_OK;
}

static dn_status measure_labels(dn_segment_result *r)
{
    dn_head_tally tally = {{0}, {0}};
    const dn_hypothalamus *h = r->hypothalamus;
    DN_TRY(settle_lattice(r));
    const dn_conformed place = dn_segment_result_output(r);
    if (h != NULL) {
        DN_TRY(dn_native_labels(&place, &h->posteriors, &r->structures, &r->native));
        DN_TRY(dn_volumes_measure(&h->posteriors, h->voxel_mm3, &r->native, &r->structures, h->groups, &r->volumes));
    } else {
        DN_TRY(dn_labels_create(&place.scan_grid, &r->native.labels));
        r->native.voxel_volume = dn_grid_voxel_volume(&place.scan_grid);
    }
    if (r->head != NULL) {
        DN_TRY(dn_head_paint(&r->head->found, r->head->wanted, r->native.labels, &tally));
        DN_TRY(dn_volumes_add_head(&r->volumes, &r->head->found, r->head->wanted, &tally, r->native.voxel_volume));
        DN_TRY(measure_icv(r, &place.scan_grid));
    }
    return DN_OK;
}

static dn_status measure(const dn_segmenter *s, dn_segment_result *r)
{
    DN_TRY(enter(r, DN_STAGE_MEASURE));
    r->model_grid = s->options.model_grid;
    if (!r->model_grid) {
        dn_volume_destroy(r->conformed.volume);
        r->conformed.volume = NULL;
    }
    settle_head(s, r);
    DN_TRY(measure_labels(r));
    if (r->stack != NULL && r->volumes.count == 0) {
        DN_FAIL_OFFER(DN_EDATA, DN_REMEDY_CUT_STACKS, "%s: no structure was found in the stack; was it cut along the AC-PC frame?",
                      r->path);
    }
    return DN_OK;
}

static dn_status read_scan(const dn_segmenter *s, dn_segment_result *r, dn_volume **out)
{
    const dn_scan_read_options options = {.trust = s->options.trust};
    DN_TRY(enter(r, DN_STAGE_READ));
    return dn_scan_read(r->path, &options, out, &r->info);
}

/* range: NULL: the scan's own. */
static dn_status conform(const dn_segmenter *s, dn_segment_result *r, dn_volume *scan, const double *range)
{
    dn_status status = enter(r, DN_STAGE_CONFORM);
    if (status != DN_OK) {
        dn_volume_destroy(scan);
        return status;
    }
    status = range != NULL ? dn_conform_ranged(scan, dn_segmenter_contract(s), range, &r->conformed)
                           : dn_conform(scan, dn_segmenter_contract(s), &r->conformed);
    if (status != DN_OK) {
        return dn_error_context(status, "%s", r->path);
    }
    dn_grid_spacing(&r->conformed.scan_grid, r->scan_spacing);
    return DN_OK;
}

/* The stages one after the other; each notes how long it took. scan: consumed; NULL: it is read. */
static dn_status run_stages(dn_segmenter *s, dn_segment_result *r, dn_volume *scan, const double *range)
{
    double begin = dn_clock_now();
    if (scan == NULL) {
        DN_TRY(read_scan(s, r, &scan));
        note(r, DN_STAGE_READ, &begin);
    }
    DN_TRY(conform(s, r, scan, range));
    note(r, DN_STAGE_CONFORM, &begin);
    DN_TRY(locate(s, r));
    note(r, DN_STAGE_LOCATE, &begin);
    /* First, because it is looked at as it is (--white-matter changes the intensities), and because slices need its labels. */
    if (dn_segmenter_wants_head(s, r)) {
        DN_TRY(run_head(s, r));
    }
    if (s->stacks == NULL) {
        DN_TRY(see_contrast(s, r));
    }
    note(r, DN_STAGE_HEAD, &begin);
    if (s->stacks != NULL) {
        DN_TRY(run_stack(s, r));
    } else if (s->box.network != NULL) {
        DN_TRY(run_box(s, r));
    } else if (s->acpc != NULL) {
        DN_TRY(run_slices(s, r));
    }
    note(r, DN_STAGE_NETWORK, &begin);
    DN_TRY(measure(s, r));
    note(r, DN_STAGE_MEASURE, &begin);
    return enter(r, DN_STAGE_WRITE);
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
    DN_TRY_GOTO(status, run_stages(segmenter, r, NULL, NULL), fail);
    *out = r;
    return DN_OK;
fail:
    dn_segment_result_destroy(r);
    return status;
}

dn_status dn_segment_one_picture(dn_segmenter *segmenter, const dn_segment_picture *what, dn_segment_result **out)
{
    dn_segment_result *r = NULL;
    dn_volume *picture = what->picture;
    dn_volume_summary ends;
    dn_status status;
    *out = NULL;
    DN_TRY_GOTO(status, dn_alloc(&r, 1, sizeof *r, "the result"), fail);
    dn_segmenter_describe(segmenter, r);
    DN_TRY_GOTO(status, dn_strdup(what->path, &r->path), fail);
    DN_TRY_GOTO(status, dn_strdup(what->stem, &r->stem), fail);
    r->like = what->like;
    r->common_frame = true;
    r->info.format_name = "common frame of the sessions";
    r->info.type_name = "float32";
    r->info.unit_name = "mm";
    r->info.volumes = 1;
    r->info.sform_code = r->info.qform_code = 1;
    DN_TRY_GOTO(status, dn_volume_summarise(picture, NULL, &ends), fail);
    r->info.minimum = (float)ends.minimum;
    r->info.maximum = (float)ends.maximum;
    picture = NULL;
    DN_TRY_GOTO(status, run_stages(segmenter, r, what->picture, what->range), fail);
    r->like = NULL;
    *out = r;
    return DN_OK;
fail:
    dn_volume_destroy(picture);
    dn_segment_result_destroy(r);
    return status;
}
