/* From the scans of a person to volumes in one frame, and their change. */
#include "cohort/longitudinal/longitudinal.h"

#include "base/bids_name.h"
#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "cohort/longitudinal/growth_volumes.h"
#include "cohort/longitudinal/sessions.h"
#include "cohort/longitudinal/tables.h"
#include "image/filter.h"
#include "image/resample.h"
#include "quality/verdict.h"
#include "register/blur_match.h"
#include "register/midpoint.h"
#include "report/sidecars.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Below this correlation with the others a session is of another head, or was not aligned (docs/evidence/longitudinal.md). */
#define SAME_HEAD 0.75

/* The work on a person. */
typedef struct {
    const dn_longitudinal_options *options;
    char *name; /* owned */
    dn_sessions sessions;
    size_t *order;
    dn_midpoint midpoint;
    dn_blur_axes *axes; /* owned; of each session's voxels in the frame */
    dn_blur *added;     /* owned; to each session, so that all have one resolution */
    dn_grid grid;
    dn_volume **picture, *mean; /* owned; sessions and their mean in the frame */
    double range[2];
    dn_segmenter *segmenter;
    dn_segment_result *like; /* of the mean */
    double *ratios;          /* owned; volumes by those of the mean, of sessions alike (growth_volumes.h); NULL: they are not */
    dn_volume_rows *volumes; /* owned */
    bool *accepted;
} work;

/* "sub-01" where all names have it. */
static dn_status name_person(work *w, const char *const *paths, size_t count)
{
    if (w->options->name != NULL) {
        DN_TRY(dn_path_check_name(w->options->name, "the person's name"));
        return dn_strdup(w->options->name, &w->name);
    }
    for (size_t n = 0; n < count; ++n) {
        char *one = NULL;
        DN_TRY(dn_bids_entity_of(dn_path_name(paths[n]), DN_BIDS_SUB, &one));
        const bool other = one == NULL || (w->name != NULL && strcmp(one, w->name) != 0);
        if (other) {
            free(one);
            free(w->name);
            return dn_strdup("person", &w->name);
        }
        free(w->name);
        w->name = one;
    }
    return DN_OK;
}

/* ---- the frame ---------------------------------------------------------------------------------------------------- */

static dn_status find_frame(work *w)
{
    const dn_volume **scans = NULL;
    const size_t count = w->sessions.count;
    DN_TRY(dn_alloc(&scans, count, sizeof(dn_volume *), "the sessions"));
    for (size_t n = 0; n < count; ++n) {
        scans[n] = w->sessions.at[n].volume;
    }
    dn_status status = dn_midpoint_find(scans, count, &w->midpoint);
    if (status == DN_OK) {
        dn_midpoint_grid(&w->midpoint, scans, &w->grid);
    } else if (w->midpoint.failed < count) {
        status = dn_error_in_file(status, w->sessions.at[w->midpoint.failed].path);
    }
    free((void *)scans);
    DN_TRY(status);
    for (size_t n = 0; n < count; ++n) {
        dn_log(DN_LOG_DEBUG, "%s: correlation with the other sessions inside the brain %.3f", w->sessions.at[n].stem,
               w->midpoint.correlation[n]);
        if (!(w->midpoint.correlation[n] >= SAME_HEAD)) {
            DN_FAIL(DN_EDATA,
                    "%s: the brain does not match those of the other sessions (correlation %.2f, limit %.2f); check with a viewer that all "
                    "scans are of one person and T1-weighted",
                    w->sessions.at[n].path, w->midpoint.correlation[n], SAME_HEAD);
        }
    }
    return DN_OK;
}

/* The axes of a session's voxels in the frame; to_scan: a rotation and a translation. */
static void axes_of(const dn_affine *to_scan, const dn_grid *grid, dn_blur_axes *out)
{
    for (int axis = 0; axis < 3; ++axis) {
        double length = 0.0;
        for (int c = 0; c < 3; ++c) {
            double sum = 0.0;
            for (int r = 0; r < 3; ++r) {
                sum += to_scan->m[r][c] * grid->affine.m[r][axis];
            }
            out->unit[axis][c] = sum;
            length += sum * sum;
        }
        for (int c = 0; c < 3; ++c) {
            out->unit[axis][c] /= sqrt(length);
        }
    }
}

/* All sessions in the frame; their own voxels are no longer needed. */
static dn_status make_pictures(work *w)
{
    static const double percents[2] = {0.5, 99.5};
    const size_t count = w->sessions.count;
    DN_TRY(dn_alloc(&w->axes, count, sizeof *w->axes, "the sessions"));
    DN_TRY(dn_alloc(&w->picture, count, sizeof(dn_volume *), "the sessions"));
    for (size_t n = 0; n < count; ++n) {
        DN_TRY(dn_cancel_check());
        DN_TRY(dn_midpoint_scan(&w->midpoint, w->sessions.at[n].volume, n, &w->grid, &w->picture[n]));
        axes_of(&w->midpoint.to_scan[n], &w->sessions.at[n].volume->grid, &w->axes[n]);
        dn_volume_destroy(w->sessions.at[n].volume);
        w->sessions.at[n].volume = NULL;
    }
    DN_TRY(dn_alloc(&w->added, count, sizeof *w->added, "the sessions"));
    DN_TRY(dn_blur_match(w->picture, count, w->axes, w->added));
    DN_TRY(dn_volume_create(&w->grid, &w->mean));
    for (int64_t v = 0; v < dn_grid_count(&w->grid); ++v) {
        double sum = 0;
        for (size_t n = 0; n < count; ++n) {
            sum += (double)w->picture[n]->data[v];
        }
        w->mean->data[v] = (float)(sum / (double)count);
    }
    DN_TRY(dn_volume_percentiles(w->mean, NULL, percents, 2, w->range));
    if (!(w->range[1] > w->range[0])) {
        DN_FAIL(DN_EDATA, "%s: the mean of the sessions has no contrast", w->name);
    }
    return DN_OK;
}

/* ---- measuring ---------------------------------------------------------------------------------------------------- */

/* picture: consumed. */
static dn_status measure(work *w, dn_volume *picture, const char *path, const char *stem, dn_segment_result **out)
{
    const dn_segment_picture what = {picture, path, stem, {w->range[0], w->range[1]}, w->like};
    return dn_segment_one_picture(w->segmenter, &what, out);
}

static dn_status write_picture(const work *w, const dn_volume *picture, const char *stem)
{
    char *path = NULL;
    DN_TRY(dn_output_path(w->options->outputs.folder, stem, "_T1w.nii.gz", &path));
    dn_status status = dn_volume_write(picture, path, NULL);
    free(path);
    return status;
}

static void warn_of_slices(const work *w)
{
    size_t pair[2];
    if (dn_blur_crosses(w->added, w->sessions.count, pair)) {
        dn_log(DN_LOG_WARNING,
               "%s: slices are thick along different directions (for example in %s and %s): small structures can differ by several percent "
               "without any change",
               w->name, w->sessions.at[pair[0]].stem, w->sessions.at[pair[1]].stem);
    }
}

/* Of sessions of one protocol, how much the structures of the mean have grown in each. */
static dn_status find_growth(work *w, const dn_volume *mean)
{
    bool suits;
    DN_TRY(dn_growth_suits(w->added, w->sessions.count, &suits));
    if (!suits) {
        dn_log(DN_LOG_NOTE, "%s: the sessions differ in resolution, so each is measured by the networks alone", w->name);
        warn_of_slices(w);
        return DN_OK;
    }
    return dn_growth_ratios(mean, w->picture, w->sessions.count, w->like, w->range[1], &w->ratios);
}

static dn_status measure_mean(work *w)
{
    static const int64_t corner[3] = {0, 0, 0};
    char *stem = NULL;
    dn_volume *mean = w->mean, *copy = NULL; /* the networks take the picture */
    dn_status status;
    DN_TRY_GOTO(status, dn_asprintf(&stem, "%s_desc-longitudinal", w->name), done);
    DN_TRY_GOTO(status, write_picture(w, mean, stem), done);
    DN_TRY_GOTO(status, dn_volume_crop(mean, corner, mean->grid.dim, 0.0f, &copy), done);
    w->mean = NULL;
    DN_TRY_GOTO(status, measure(w, mean, w->sessions.at[0].path, stem, &w->like), done);
    status = find_growth(w, copy);
done:
    dn_volume_destroy(copy);
    free(stem);
    return status;
}

/* NULL: its name. */
static const char *source_of(const work *w, const dn_session *session)
{
    return w->options->sources != NULL ? w->options->sources[session->given] : NULL;
}

static dn_status measure_session(work *w, size_t n, bool *rejected)
{
    const dn_session *session = &w->sessions.at[n];
    dn_output_options outputs = w->options->outputs;
    outputs.source = source_of(w, session);
    dn_segment_result *result = NULL;
    dn_judgement judgement;
    char *stem = NULL;
    dn_status status;
    dn_volume *picture = w->picture[n];
    DN_TRY_GOTO(status, dn_asprintf(&stem, "%s_desc-longitudinal", session->stem), done);
    DN_TRY_GOTO(status, write_picture(w, picture, stem), done);
    w->picture[n] = NULL;
    DN_TRY_GOTO(status, measure(w, picture, session->path, stem, &result), done);
    DN_TRY_GOTO(status, dn_result_judge(result, w->options->accept, &judgement), done);
    DN_TRY_GOTO(status, dn_outputs_write(result, &judgement, &outputs), done);
    dn_progress(stem, DN_STAGE_COUNT, DN_STAGE_COUNT);
    w->accepted[n] = judgement.score.verdict != DN_REJECTED;
    *rejected = *rejected || !w->accepted[n];
    dn_judgement_say(&judgement, session->stem);
    w->volumes[n] = result->volumes;
    result->volumes = (dn_volume_rows){NULL, 0};
    if (w->ratios != NULL) {
        dn_growth_apply(&w->like->volumes, w->ratios + n * w->like->volumes.count, &w->volumes[n]);
    }
done:
    dn_segment_result_destroy(result);
    free(stem);
    return status;
}

/* The inside of the skull does not change, so all sessions have that of the mean. */
static void share_icv(work *w)
{
    const dn_volume_row *icv = dn_volume_rows_find(&w->like->volumes, "icv", 'B');
    for (size_t n = 0; n < w->sessions.count && icv != NULL; ++n) {
        for (size_t i = 0; i < w->volumes[n].count; ++i) {
            dn_volume_row *row = &w->volumes[n].row[i];
            if (strcmp(row->structure, "icv") == 0) {
                row->volume_mm3 = icv->volume_mm3;
            }
        }
    }
}

static dn_status measure_all(work *w, const char *const *paths)
{
    bool rejected = false;
    const size_t count = w->sessions.count;
    dn_segmenter_options options = w->options->segmenter;
    options.scans = paths;
    options.scan_count = count;
    DN_TRY(dn_alloc(&w->volumes, count, sizeof *w->volumes, "the volumes"));
    DN_TRY(dn_alloc(&w->accepted, count, sizeof *w->accepted, "the volumes"));
    DN_TRY(dn_alloc(&w->order, count, sizeof *w->order, "the sessions"));
    DN_TRY(dn_segmenter_create(&options, &w->segmenter));
    dn_sessions_by_time(&w->sessions, w->order);
    DN_TRY(measure_mean(w));
    for (size_t n = 0; n < count; ++n) {
        DN_TRY(measure_session(w, w->order[n], &rejected));
    }
    share_icv(w);
    const dn_person person = {.name = w->name,
                              .folder = w->options->outputs.folder,
                              .sessions = &w->sessions,
                              .sources = w->options->sources,
                              .order = w->order,
                              .midpoint = &w->midpoint,
                              .added = w->added,
                              .volumes = w->volumes,
                              .accepted = w->accepted,
                              .mean = &w->like->volumes,
                              .ratios = w->ratios,
                              .models = w->like->models,
                              .model_count = w->like->model_count,
                              .precision = w->like->precision};
    DN_TRY(dn_person_write(&person));
    if (rejected) {
        DN_FAIL(DN_EQUALITY, "%s: a session failed quality control; its report says why", w->name);
    }
    return DN_OK;
}

static void release(work *w)
{
    for (size_t n = 0; n < w->sessions.count; ++n) {
        if (w->volumes != NULL) {
            dn_volume_rows_release(&w->volumes[n]);
        }
        if (w->picture != NULL) {
            dn_volume_destroy(w->picture[n]);
        }
    }
    free(w->volumes);
    free(w->ratios);
    free(w->axes);
    free(w->added);
    free(w->accepted);
    free((void *)w->picture);
    dn_volume_destroy(w->mean);
    dn_segment_result_destroy(w->like);
    dn_segmenter_destroy(w->segmenter);
    dn_midpoint_release(&w->midpoint);
    dn_sessions_release(&w->sessions);
    free(w->order);
    free(w->name);
}

dn_status dn_longitudinal(const char *const *paths, size_t count, const dn_longitudinal_options *options)
{
    work w = {.options = options};
    dn_status status;
    if (count < 2) {
        DN_FAIL(DN_EUSAGE, "a change needs at least two scans of the person");
    }
    DN_TRY_GOTO(status, name_person(&w, paths, count), done);
    DN_TRY_GOTO(status, dn_path_make_folder(options->outputs.folder), done);
    DN_TRY_GOTO(status, dn_sessions_read(paths, count, options->times, options->times_from, &w.sessions), done);
    if (strcmp(w.sessions.unit, "session") == 0) {
        dn_log(DN_LOG_WARNING,
               "%s: the times of the sessions are not known, so they are numbered by their names, and the change is per session", w.name);
    }
    DN_TRY_GOTO(status, find_frame(&w), done);
    DN_TRY_GOTO(status, make_pictures(&w), done);
    status = measure_all(&w, paths);
    if (status == DN_OK || status == DN_EQUALITY) {
        dn_log(DN_LOG_WARNING, "%s: %s", w.name, w.ratios != NULL ? DN_LONGITUDINAL_LIMITS_ALIKE : DN_LONGITUDINAL_LIMITS);
    }
done:
    release(&w);
    return status;
}
