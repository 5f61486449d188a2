#include "segment/scan.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "models/import_keras.h"
#include "models/store.h"
#include "segment/region.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

struct dn_segmenter {
    dn_segmenter_options options;
    dn_model *model;
    dn_structures structures;
    dn_network *network;
};

/* Fewer voxels than this are not the structure but noise. */
enum { FOUND_VOXELS = 8 };

const char *dn_stage_name(dn_stage stage)
{
    static const char *const names[DN_STAGE_COUNT] = {"read", "conform", "find the region", "network", "measure", "write"};
    return names[stage];
}

static dn_status load_model(const char *name, dn_model **out)
{
    if (dn_path_has_extension(name, ".h5") || dn_path_has_extension(name, ".hdf5")) {
        return dn_import_keras(name, NULL, out);
    }
    char *path = NULL;
    DN_TRY(dn_model_find(name, &path));
    dn_status status = dn_model_read(path, out);
    free(path);
    return status;
}

dn_status dn_segmenter_create(const dn_segmenter_options *options, dn_segmenter **out)
{
    dn_segmenter *s = NULL;
    dn_status status;
    DN_TRY(dn_alloc(&s, 1, sizeof *s, "the segmenter"));
    s->options = *options;
    DN_TRY_GOTO(status, load_model(options->model != NULL ? options->model : DN_SEGMENT_MODEL, &s->model), fail);
    DN_TRY_GOTO(status, dn_structures_init(s->model, &s->structures), fail);
    dn_network_options network = {options->precision, options->memory_limit};
    DN_TRY_GOTO(status, dn_network_create(s->model, &network, &s->network), fail);
    *out = s;
    return DN_OK;
fail:
    dn_segmenter_destroy(s);
    return status;
}

void dn_segmenter_destroy(dn_segmenter *segmenter)
{
    if (segmenter != NULL) {
        dn_network_destroy(segmenter->network);
        dn_model_destroy(segmenter->model);
        free(segmenter);
    }
}

const dn_model *dn_segmenter_model(const dn_segmenter *segmenter)
{
    return segmenter->model;
}

/* All groups are there, and so far from the box's cut faces that the whole head would give the same.
 * *seen: at least one is there; centre: of all that is there, in voxels of the volume. */
static bool settled(const dn_segment_result *r, const int64_t padded[3], bool *seen, double centre[3])
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
    return all && dn_region_clearance(padded, r->posteriors.start, r->posteriors.dim, low, high) >= DN_REGION_MARGIN;
}

static dn_status run_box(dn_segmenter *s, dn_segment_result *r, const int64_t padded[3], const double centre[3], bool *done, bool *seen,
                         double next[3])
{
    int64_t start[3];
    int64_t dim[3];
    dn_region_place(padded, centre, DN_REGION_SIZE, s->model->input.multiple, start, dim);
    dn_posteriors_release(&r->posteriors);
    DN_TRY(dn_network_run(s->network, r->conformed.volume, start, dim, &r->posteriors));
    if (r->posteriors.channels != r->structures.channels) {
        DN_FAIL(DN_EFORMAT, "model %s has %lld output channels but names %lld", s->model->name, (long long)r->posteriors.channels,
                (long long)r->structures.channels);
    }
    DN_TRY(dn_postprocess(&r->posteriors, &r->structures, r->groups));
    *done = settled(r, padded, seen, next);
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

static dn_status find_and_run(dn_segmenter *s, dn_segment_result *r)
{
    int64_t padded[3];
    dn_network_padded(s->network, r->conformed.volume, padded);
    r->whole_voxels = padded[0] * padded[1] * padded[2];
    double centre[3];
    double next[3];
    bool done = false;
    bool seen = false;
    if (!s->options.whole_head) {
        double begin = omp_get_wtime();
        DN_TRY(enter(r, DN_STAGE_LOCATE));
        dn_status status = dn_locate_hypothalamus(r->conformed.volume, &r->location);
        r->seconds[DN_STAGE_LOCATE] = omp_get_wtime() - begin;
        if (status != DN_OK) {
            return dn_error_context(status, "%s", r->path);
        }
        DN_TRY(enter(r, DN_STAGE_NETWORK));
        r->located = r->location.found;
        if (r->located) {
            DN_TRY(run_box(s, r, padded, r->location.centre, &done, &seen, next));
        }
        r->found_by = DN_FOUND_BY_TEMPLATE;
        if (!done && seen) {
            memcpy(centre, next, sizeof centre);
            DN_TRY(run_box(s, r, padded, centre, &done, &seen, next));
            r->found_by = DN_FOUND_BY_SECOND_BOX;
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
    if (!seen) {
        DN_FAIL(DN_EDATA,
                "%s: no structure was found in this scan, so nothing was measured; check with a viewer that it is a T1-weighted scan of a "
                "head, not cut below the thalamus, and that its orientation is right",
                r->path);
    }
    return DN_OK;
}

static dn_status measure(dn_segment_result *r)
{
    DN_TRY(dn_native_labels(&r->conformed, &r->posteriors, &r->structures, &r->native));
    DN_TRY(dn_volumes_measure(&r->posteriors, r->conformed_voxel, &r->native, &r->structures, r->groups, &r->volumes));
    dn_quality_evidence evidence = {
        .info = &r->info,
        .conformed = &r->conformed,
        .location = r->located ? &r->location : NULL,
        .posteriors = &r->posteriors,
        .structures = &r->structures,
        .groups = r->groups,
        .volumes = &r->volumes,
        .searched_whole_head = r->located && r->found_by == DN_FOUND_BY_WHOLE_HEAD,
    };
    dn_quality_judge(&evidence, &r->quality);
    return DN_OK;
}

dn_status dn_segment_scan(dn_segmenter *segmenter, const char *path, dn_segment_result **out)
{
    dn_segment_result *r = NULL;
    dn_volume *scan = NULL;
    dn_status status;
    *out = NULL;
    DN_TRY(dn_alloc(&r, 1, sizeof *r, "the result"));
    r->structures = segmenter->structures;
    r->precision = segmenter->options.precision;
    DN_TRY_GOTO(status, dn_strdup(path, &r->path), fail);
    DN_TRY_GOTO(status, dn_path_scan_stem(path, &r->stem), fail);
    double begin = omp_get_wtime();
    DN_TRY_GOTO(status, enter(r, DN_STAGE_READ), fail);
    dn_scan_read_options read_options = {.trust = segmenter->options.trust};
    DN_TRY_GOTO(status, dn_scan_read(path, &read_options, &scan, &r->info), fail);
    r->seconds[DN_STAGE_READ] = omp_get_wtime() - begin;
    begin = omp_get_wtime();
    if ((status = enter(r, DN_STAGE_CONFORM)) != DN_OK) {
        dn_volume_destroy(scan);
        goto fail;
    }
    status = dn_conform(scan, &segmenter->model->input, &r->conformed);
    if (status != DN_OK) {
        status = dn_error_context(status, "%s", path);
        goto fail;
    }
    r->conformed_voxel = dn_grid_voxel_volume(&r->conformed.volume->grid);
    r->seconds[DN_STAGE_CONFORM] = omp_get_wtime() - begin;
    begin = omp_get_wtime();
    int64_t before = dn_network_work_done(segmenter->network)->voxels;
    DN_TRY_GOTO(status, find_and_run(segmenter, r), fail);
    r->network_voxels = dn_network_work_done(segmenter->network)->voxels - before;
    r->seconds[DN_STAGE_NETWORK] = omp_get_wtime() - begin - r->seconds[DN_STAGE_LOCATE];
    dn_volume_destroy(r->conformed.volume);
    r->conformed.volume = NULL;
    begin = omp_get_wtime();
    DN_TRY_GOTO(status, enter(r, DN_STAGE_MEASURE), fail);
    DN_TRY_GOTO(status, measure(r), fail);
    r->seconds[DN_STAGE_MEASURE] = omp_get_wtime() - begin;
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
        dn_native_release(&result->native);
        dn_posteriors_release(&result->posteriors);
        dn_conformed_release(&result->conformed);
        free(result->stem);
        free(result->path);
        free(result);
    }
}
